package dev.otasigner.service.replica;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.verifier.Digest;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.Set;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;

class PinnedTrustTests {

  private static X509Certificate certificate() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(256);
    KeyPair keys = generator.generateKeyPair();
    X500Name name = new X500Name("CN=localhost");
    Instant now = Instant.now();
    return new JcaX509CertificateConverter()
        .getCertificate(
            new JcaX509v3CertificateBuilder(
                    name,
                    BigInteger.ONE,
                    Date.from(now.minus(Duration.ofDays(1))),
                    Date.from(now.plus(Duration.ofDays(1))),
                    name,
                    keys.getPublic())
                .build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
  }

  private static PinnedTrust trust(X509Certificate certificate) {
    return new PinnedTrust(Set.of(Digest.of(certificate.getPublicKey().getEncoded())));
  }

  @Test
  void theKeyThatTheActiveOneWroteDownIsTrusted() throws Exception {
    X509Certificate certificate = certificate();
    assertThatCode(
            () ->
                trust(certificate)
                    .checkServerTrusted(new X509Certificate[] {certificate}, "ECDHE_ECDSA"))
        .doesNotThrowAnyException();
  }

  @Test
  void anotherKeyIsRefusedWhateverItsCertificateSays() throws Exception {
    X509Certificate other = certificate();
    PinnedTrust trust = trust(certificate());
    assertThatThrownBy(() -> trust.checkServerTrusted(new X509Certificate[] {other}, "ECDHE_ECDSA"))
        .isInstanceOf(CertificateException.class);
    assertThatThrownBy(() -> trust.checkClientTrusted(new X509Certificate[] {other}, "ECDHE_ECDSA"))
        .isInstanceOf(CertificateException.class);
  }
}
