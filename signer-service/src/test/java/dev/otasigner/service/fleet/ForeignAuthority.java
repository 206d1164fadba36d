package dev.otasigner.service.fleet;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** An authority that is not the service's: a factory, or an attacker. */
public final class ForeignAuthority {
  private final KeyPair pair;
  private final X500Name name;

  public ForeignAuthority(String name) {
    this.name = new X500Name("CN=" + name);
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(2048);
      pair = generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  /** A certificate that copies another one's names and uses under the same issuer's name. */
  static List<X509Certificate> like(X509Certificate copied, KeyPair subject) {
    ForeignAuthority forger = new ForeignAuthority("unused");
    try {
      X509v3CertificateBuilder builder =
          forger.builder(
              X500Name.getInstance(copied.getIssuerX500Principal().getEncoded()),
              X500Name.getInstance(copied.getSubjectX500Principal().getEncoded()),
              subject);
      var template = new org.bouncycastle.cert.X509CertificateHolder(copied.getEncoded());
      for (var oid : List.of(Extension.subjectAlternativeName, Extension.extendedKeyUsage)) {
        builder.addExtension(template.getExtension(oid));
      }
      return List.of(TestDevice.certificate(forger.sign(builder)));
    } catch (IOException | GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  public String pem() {
    try {
      X509v3CertificateBuilder builder = builder(name, name, pair);
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
      return TestDevice.pem("CERTIFICATE", sign(builder));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** A certificate that says this key is the device of this name. */
  String certify(String commonName, KeyPair subject) {
    return TestDevice.pem(
        "CERTIFICATE", sign(builder(name, new X500Name("CN=" + commonName), subject)));
  }

  private X509v3CertificateBuilder builder(X500Name issuer, X500Name subject, KeyPair key) {
    Instant now = Instant.now();
    return new X509v3CertificateBuilder(
        issuer,
        BigInteger.valueOf(now.toEpochMilli()),
        Date.from(now.minus(Duration.ofDays(1))),
        Date.from(now.plus(Duration.ofDays(3650))),
        subject,
        SubjectPublicKeyInfo.getInstance(key.getPublic().getEncoded()));
  }

  private byte[] sign(X509v3CertificateBuilder builder) {
    try {
      return builder
          .build(new JcaContentSignerBuilder("SHA256withRSA").build(pair.getPrivate()))
          .getEncoded();
    } catch (IOException | OperatorCreationException e) {
      throw new AssertionError(e);
    }
  }
}
