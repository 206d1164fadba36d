package dev.otasigner.keys.pkcs11;

import dev.otasigner.keys.CertificateSigner;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.json.Fields;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERGeneralizedTime;
import org.bouncycastle.asn1.DERUTCTime;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x500.style.IETFUtils;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x509.Time;
import org.bouncycastle.cert.X509v3CertificateBuilder;

/**
 * What a key says of itself. A PKCS#11 module keeps no purpose and no suite. So a certificate
 * beside the key tells both, signed by the key: whoever cannot use the key cannot make it another
 * one's.
 */
final class KeyCertificate {
  private static final ASN1ObjectIdentifier NAME = BCStyle.CN;
  private static final ASN1ObjectIdentifier PURPOSE = BCStyle.OU;
  private static final ASN1ObjectIdentifier SUITE = BCStyle.SERIALNUMBER;
  private static final Time ALWAYS = new Time(new DERUTCTime("700101000000Z"));

  /** RFC 5280 section 4.1.2.5: no end that is known. */
  private static final Time EVER = new Time(new DERGeneralizedTime("99991231235959Z"));

  private KeyCertificate() {}

  /**
   * Makes it.
   *
   * @param signer the key's signature of a message, in the encoding of its suite
   */
  static X509Certificate make(KeySpec spec, VerificationKey key, UnaryOperator<byte[]> signer) {
    X500Name name =
        new X500NameBuilder()
            .addRDN(NAME, spec.name())
            .addRDN(PURPOSE, spec.purpose().code())
            .addRDN(SUITE, spec.suite().code())
            .build();
    byte[] der;
    try {
      der =
          new X509v3CertificateBuilder(
                  name,
                  BigInteger.ONE,
                  ALWAYS,
                  EVER,
                  name,
                  SubjectPublicKeyInfo.getInstance(key.spki().toByteArray()))
              .build(new CertificateSigner(spec.suite(), signer))
              .getEncoded();
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(der));
    } catch (IOException | CertificateException e) {
      throw new IllegalStateException("a certificate that we made cannot be read", e);
    }
  }

  /** The same from what lies in a token, which may be anything. */
  static Optional<TokenKey> read(byte[] der) {
    try {
      return read(
          (X509Certificate)
              CertificateFactory.getInstance("X.509")
                  .generateCertificate(new ByteArrayInputStream(der)));
    } catch (CertificateException | RuntimeException e) {
      return Optional.empty();
    }
  }

  /** What it tells, when it is one of ours and the key has signed it. */
  static Optional<TokenKey> read(X509Certificate certificate) {
    X500Name subject = X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded());
    String name = value(subject, NAME);
    KeyPurpose purpose = KeyPurpose.ofCode(value(subject, PURPOSE));
    SignatureSuite suite = SignatureSuite.ofCode(value(subject, SUITE));
    if (!Fields.isName(name) || purpose == null || suite == null) {
      return Optional.empty();
    }
    try {
      Bytes spki = Bytes.copyOf(certificate.getPublicKey().getEncoded());
      VerificationKey key = VerificationKey.of(suite, spki);
      key.verify(certificate.getTBSCertificate(), certificate.getSignature());
      return Optional.of(new TokenKey(name, purpose, key));
    } catch (RejectedException | CertificateException e) {
      return Optional.empty();
    }
  }

  private static String value(X500Name subject, ASN1ObjectIdentifier attribute) {
    RDN[] found = subject.getRDNs(attribute);
    return found.length == 1 ? IETFUtils.valueToString(found[0].getFirst().getValue()) : "";
  }
}
