package dev.otasigner.service.keyring;

import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/**
 * Health {@code token}: whether the token signs, shown by a signature that the verifier accepts.
 */
@Component
class TokenHealthIndicator implements HealthIndicator {
  private final Keyring keyring;

  TokenHealthIndicator(Keyring keyring) {
    this.keyring = keyring;
  }

  @Override
  public Health health() {
    try {
      keyring.probe();
      return Health.up()
          .withDetail("canSign", true)
          .withDetail(
              "keysOutOfService",
              keyring.outOfService().stream().map(Digest::hex).sorted().toList())
          .build();
    } catch (SignerException e) {
      return Health.down()
          .withDetail("canSign", false)
          .withDetail("problem", e.type().code())
          .build();
    }
  }
}
