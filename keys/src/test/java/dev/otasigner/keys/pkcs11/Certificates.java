package dev.otasigner.keys.pkcs11;

import dev.otasigner.keys.CertificateSigner;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.crypto.SignatureSuite;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import org.bouncycastle.asn1.DERUTCTime;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x509.Time;
import org.bouncycastle.cert.X509v3CertificateBuilder;

/** Certificates that we have not made. */
final class Certificates {
  private Certificates() {}

  /** For a P-256 key in the token, by an authority that is somewhere else. */
  static byte[] byAnotherKey(TokenObjects objects, long publicKey) throws Exception {
    Bytes spki =
        PublicHalf.read(objects, publicKey, SuiteMechanism.of(SignatureSuite.ECDSA_P256_SHA256))
            .orElseThrow();
    return make("CN=fleet", spki, p256());
  }

  static KeyPair p256() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    return generator.generateKeyPair();
  }

  static byte[] make(String name, Bytes spki, KeyPair signer) throws IOException {
    X500Name x500 = new X500Name(name);
    return new X509v3CertificateBuilder(
            x500,
            BigInteger.TWO,
            new Time(new DERUTCTime("700101000000Z")),
            new Time(new DERUTCTime("491231235959Z")),
            x500,
            SubjectPublicKeyInfo.getInstance(spki.toByteArray()))
        .build(
            new CertificateSigner(
                SignatureSuite.ECDSA_P256_SHA256, message -> signed(signer, message)))
        .getEncoded();
  }

  static byte[] signed(KeyPair signer, byte[] message) {
    try {
      Signature signature = Signature.getInstance("SHA256withECDSA");
      signature.initSign(signer.getPrivate());
      signature.update(message);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  static long store(TokenObjects objects, byte[] id, String label, byte[] der)
      throws CryptokiException {
    return objects.create(
        Template.tokenObject(Ck.CKO_CERTIFICATE)
            .with(Ck.CKA_CERTIFICATE_TYPE, Ck.CKC_X_509)
            .with(Ck.CKA_ID, id)
            .with(Ck.CKA_LABEL, label)
            .with(Ck.CKA_SUBJECT, new byte[] {0x30, 0})
            .with(Ck.CKA_VALUE, der));
  }
}
