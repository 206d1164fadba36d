package dev.otasigner.service.listeners;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.MovingClock;
import dev.otasigner.verifier.device.ClientKeyType;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Date;
import java.util.List;
import java.util.Objects;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;

/** A listener goes on with what it has while nobody can give it more. */
class ServerLeafTests {
  private final MovingClock clock = new MovingClock();
  private int asked;
  private boolean away;

  private List<X509Certificate> certify(PublicKey key) {
    asked++;
    if (away) {
      throw new IllegalStateException("the database is away");
    }
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(256);
      KeyPair authority = generator.generateKeyPair();
      X500Name name = new X500Name("CN=test");
      Date now = Date.from(clock.instant());
      return List.of(
          new JcaX509CertificateConverter()
              .getCertificate(
                  new JcaX509v3CertificateBuilder(
                          name,
                          BigInteger.valueOf(1000L + asked),
                          now,
                          Date.from(clock.instant().plus(Duration.ofDays(90))),
                          name,
                          key)
                      .build(
                          new JcaContentSignerBuilder("SHA256withECDSA")
                              .build(authority.getPrivate()))));
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static String shown(ServerLeaf leaf) {
    String[] aliases = Objects.requireNonNull(leaf.getServerAliases("EC", null));
    assertThat(leaf.getCertificateChain(aliases[0])).isNotEmpty();
    return aliases[0];
  }

  @Test
  void certificateIsReplacedWhenAThirdOfItsLifeIsLeft() {
    ServerLeaf leaf = new ServerLeaf(ClientKeyType.P_256, this::certify, clock);
    String first = shown(leaf);
    clock.advance(Duration.ofDays(59));
    assertThat(shown(leaf)).isEqualTo(first);
    clock.advance(Duration.ofDays(2));
    assertThat(shown(leaf)).isNotEqualTo(first);
    assertThat(leaf.getPrivateKey(first)).as("for handshakes under way").isNotNull();
  }

  /** Devices go on while the database or the worker is away, and nobody is asked all the time. */
  @Test
  void certificateThatCannotBeReplacedIsShownOn() {
    ServerLeaf leaf = new ServerLeaf(ClientKeyType.P_256, this::certify, clock);
    String first = shown(leaf);
    away = true;
    clock.advance(Duration.ofDays(61));
    for (int i = 0; i < 50; i++) {
      assertThat(shown(leaf)).isEqualTo(first);
    }
    assertThat(asked).isEqualTo(2);
    away = false;
    assertThat(shown(leaf)).as("not before a minute has passed").isEqualTo(first);
    clock.advance(Duration.ofSeconds(61));
    assertThat(shown(leaf)).isNotEqualTo(first);
  }
}
