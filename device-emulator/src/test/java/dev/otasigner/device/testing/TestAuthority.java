package dev.otasigner.device.testing;

import dev.otasigner.verifier.Digest;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A certificate authority for tests, RSA-2048 or P-384. */
public final class TestAuthority {
  /** Whenever the tests run, it is between these. */
  private static final Instant BEGIN = Instant.parse("2020-01-01T00:00:00Z");

  private static final Instant END = Instant.parse("2080-01-01T00:00:00Z");
  private static final AtomicLong SERIAL = new AtomicLong(1000);

  private final KeyPair keys;
  private final X509Certificate certificate;

  private TestAuthority(KeyPair keys) {
    this.keys = keys;
    this.certificate = sign(keys.getPublic(), "CN=test authority", BEGIN, END, true);
  }

  public static TestAuthority rsa() {
    return new TestAuthority(rsaKeys());
  }

  public static TestAuthority p384() {
    return new TestAuthority(p384Keys());
  }

  public static KeyPair rsaKeys() {
    return generate("RSA", 2048, null);
  }

  public static KeyPair p384Keys() {
    return generate("EC", 0, "secp384r1");
  }

  private static KeyPair generate(
      String algorithm, int bits, @org.jspecify.annotations.Nullable String curve) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
      if (curve == null) {
        generator.initialize(bits);
      } else {
        generator.initialize(new ECGenParameterSpec(curve));
      }
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  public X509Certificate certificate() {
    return certificate;
  }

  /** What it signs with. */
  public KeyPair keys() {
    return keys;
  }

  /** How profiles pin it. */
  public Digest spkiDigest() {
    return Digest.of(keys.getPublic().getEncoded());
  }

  /** For localhost and 127.0.0.1, unless other names are given. */
  public X509Certificate server(PublicKey key, String... names) {
    return sign(
        key,
        "CN=ignored",
        BEGIN,
        END,
        false,
        names.length == 0 ? new String[] {"localhost", "127.0.0.1"} : names);
  }

  /** For localhost, between these. */
  public X509Certificate serverBetween(PublicKey key, Instant notBefore, Instant notAfter) {
    return sign(key, "CN=ignored", notBefore, notAfter, false, "localhost");
  }

  public X509Certificate device(PublicKey key, String deviceId) {
    return device(key, deviceId, END);
  }

  /** Under a name of this kind besides, such as {@code urn:ota:device:gateway:gw-0001}. */
  public X509Certificate device(PublicKey key, String deviceId, String urn) {
    return sign(key, "CN=" + deviceId, BEGIN, END, false, urn);
  }

  public X509Certificate device(PublicKey key, String deviceId, Instant notAfter) {
    return sign(key, "CN=" + deviceId, BEGIN, notAfter, false);
  }

  public X509Certificate device(
      PublicKey key, String deviceId, Instant notBefore, Instant notAfter) {
    return sign(key, "CN=" + deviceId, notBefore, notAfter, false);
  }

  private X509Certificate sign(
      PublicKey key,
      String subject,
      Instant notBefore,
      Instant notAfter,
      boolean isAuthority,
      String... names) {
    try {
      X500Name issuer = new X500Name("CN=test authority");
      JcaX509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              issuer,
              BigInteger.valueOf(SERIAL.incrementAndGet()),
              Date.from(notBefore),
              Date.from(notAfter),
              new X500Name(subject),
              key);
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(isAuthority));
      if (names.length > 0) {
        builder.addExtension(
            Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
        GeneralName[] all = new GeneralName[names.length];
        for (int i = 0; i < names.length; i++) {
          int kind =
              Character.isDigit(names[i].charAt(0))
                  ? GeneralName.iPAddress
                  : names[i].startsWith("urn:")
                      ? GeneralName.uniformResourceIdentifier
                      : GeneralName.dNSName;
          all[i] = new GeneralName(kind, names[i]);
        }
        builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(all));
      }
      String algorithm =
          keys.getPrivate().getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA384withECDSA";
      return new JcaX509CertificateConverter()
          .getCertificate(
              builder.build(new JcaContentSignerBuilder(algorithm).build(keys.getPrivate())));
    } catch (GeneralSecurityException | IOException | OperatorCreationException e) {
      throw new AssertionError(e);
    }
  }

  public static String pem(X509Certificate certificate) {
    StringWriter text = new StringWriter();
    try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
      writer.writeObject(certificate);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  public List<X509Certificate> chainOf(X509Certificate leaf) {
    return List.of(leaf, certificate);
  }
}
