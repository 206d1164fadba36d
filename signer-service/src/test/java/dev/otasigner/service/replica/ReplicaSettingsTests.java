package dev.otasigner.service.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.ConfigurationRefused;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.mock.env.MockEnvironment;

class ReplicaSettingsTests {
  private final MockEnvironment environment =
      new MockEnvironment()
          .withProperty("signer.shared", "/srv/signer")
          .withProperty("signer.replica.address", "https://signer-1.example:8443")
          .withProperty("spring.datasource.url", "jdbc:postgresql://db.example/signer");

  private void assertRefused(String property, String value, String expected) {
    environment.setProperty(property, value);
    assertThatThrownBy(() -> ReplicaSettings.of(environment))
        .isInstanceOf(ConfigurationRefused.class)
        .hasMessageContaining(expected);
  }

  @Test
  void aServiceIsAloneUnlessADirectoryIsShared() {
    assertThat(ReplicaSettings.of(new MockEnvironment())).isEmpty();
  }

  @Test
  void aFrozenOneIsFollowedAfterTenSeconds() {
    ReplicaSettings settings = ReplicaSettings.of(environment).orElseThrow();
    assertThat(settings.lease().silence()).isEqualTo(Duration.ofSeconds(10));
    assertThat(settings.lease().look()).isEqualTo(Duration.ofMillis(250));
  }

  @Test
  void severalOnAnEmbeddedDatabaseAreRefused() {
    assertRefused("spring.datasource.url", "jdbc:h2:file:/srv/signer/db", "PostgreSQL");
  }

  @Test
  void aPassphraseThatAPersonWouldTypeIsRefused() {
    assertRefused("signer.token.passphrase-prompt", "true", "nobody is there to ask");
  }

  @Test
  void aPinThatAPersonWouldTypeIsRefused() {
    assertRefused("signer.hsm.pin-prompt", "true", "nobody is there to ask");
  }

  @Test
  void anAddressIsNeeded() {
    assertRefused("signer.replica.address", "", "signer.replica.address");
  }

  @Test
  void anAddressWithoutAPortIsRefused() {
    assertRefused("signer.replica.address", "https://signer-1.example", "8443");
  }

  @Test
  void anAddressWithAPathIsRefused() {
    assertRefused("signer.replica.address", "https://signer-1.example:8443/x", "8443");
  }

  @Test
  void anAddressWithAPasswordIsRefused() {
    assertRefused("signer.replica.address", "https://a:b@signer-1.example:8443", "8443");
  }

  @Test
  void aLeaseThatAPauseOfTheMachineEndsIsRefused() {
    assertRefused("signer.replica.lease", "PT1S", "PT2S to PT60S");
  }

  @Test
  void aLeaseThatOutlastsLocksOverANetworkIsRefused() {
    assertRefused("signer.replica.lease", "PT61S", "PT2S to PT60S");
  }

  @Test
  void aLeaseThatIsNoDurationIsRefused() {
    assertRefused("signer.replica.lease", "10", "PT2S to PT60S");
  }
}
