package dev.otasigner.device.adversary;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;

/** Certifies whatever it is asked to, in every detail as the true one would, but for its key. */
final class FalseAuthority {
  private static final int MAX_BYTES = 64 * 1024;
  private static final int SERIAL_BITS = 120;
  private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

  private final KeyPair keys;

  private FalseAuthority(KeyPair keys) {
    this.keys = keys;
  }

  static FalseAuthority make() throws IOException {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp384r1"));
      return new FalseAuthority(generator.generateKeyPair());
    } catch (GeneralSecurityException e) {
      throw new IOException("this JDK makes no P-384 key", e);
    }
  }

  /** The answer to a renewal; nothing to a device that has shown no certificate. */
  Optional<byte[]> certify(Asked asked) throws IOException {
    if (asked.shown().isEmpty()) {
      return Optional.empty();
    }
    try {
      String csr = JsonReader.readObject(asked.body(), MAX_BYTES).string("csr");
      X509Certificate leaf = certificate(request(csr), asked.shown().get());
      return Optional.of(
          Json.object()
              .put("cert", Json.strings(List.of(pem(leaf))))
              .put("notAfter", leaf.getNotAfter().toInstant())
              .build()
              .textBytes());
    } catch (RejectedException | GeneralSecurityException | OperatorCreationException e) {
      throw new IOException("not a request that this can answer", e);
    }
  }

  private static JcaPKCS10CertificationRequest request(String pem) throws IOException {
    return new JcaPKCS10CertificationRequest(
        Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", "")));
  }

  private X509Certificate certificate(JcaPKCS10CertificationRequest request, X509Certificate shown)
      throws GeneralSecurityException, IOException, OperatorCreationException {
    JcaX509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            name(shown.getIssuerX500Principal().getEncoded()),
            new BigInteger(SERIAL_BITS, new SecureRandom()),
            shown.getNotBefore(),
            shown.getNotAfter(),
            name(shown.getSubjectX500Principal().getEncoded()),
            request.getPublicKey());
    byte[] names = shown.getExtensionValue(Extension.subjectAlternativeName.getId());
    if (names != null) {
      builder.addExtension(
          Extension.subjectAlternativeName,
          false,
          GeneralNames.getInstance(ASN1OctetString.getInstance(names).getOctets()));
    }
    return new JcaX509CertificateConverter()
        .getCertificate(
            builder.build(new JcaContentSignerBuilder("SHA384withECDSA").build(keys.getPrivate())));
  }

  private static X500Name name(byte[] der) {
    return X500Name.getInstance(der);
  }

  private static String pem(X509Certificate certificate) throws GeneralSecurityException {
    return "-----BEGIN CERTIFICATE-----\n"
        + LINES.encodeToString(certificate.getEncoded())
        + "\n-----END CERTIFICATE-----\n";
  }
}
