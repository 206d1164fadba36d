package dev.otasigner.service.keyring;

import dev.otasigner.service.problem.DatabaseTrouble;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/**
 * Health {@code token}: whether each token signs, shown by a signature that the verifier accepts.
 */
@Component
class TokenHealthIndicator implements HealthIndicator {
  private final Keyring keyring;
  private final TokenProbes probes;

  TokenHealthIndicator(Keyring keyring, TokenProbes probes) {
    this.keyring = keyring;
    this.probes = probes;
  }

  @Override
  public Health health() {
    Health.Builder health = Health.up();
    for (TokenName token : keyring.tokens()) {
      Map<String, Object> details = new LinkedHashMap<>();
      try {
        probes
            .refusal(token)
            .ifPresent(
                refusal -> {
                  throw refusal;
                });
        details.put(
            "keysOutOfService",
            keyring.outOfService(token).stream().map(Digest::hex).sorted().toList());
        details.put("canSign", true);
      } catch (SignerException e) {
        health.down();
        details.put("canSign", false);
        details.put("problem", e.type().code());
      }
      try {
        List<String> owed = keyring.ruleEndsOwed(token);
        if (!owed.isEmpty()) {
          details.put("ruleEndsOwed", owed);
        }
      } catch (RuntimeException e) {
        if (DatabaseTrouble.behind(e).isEmpty()) {
          throw e;
        }
        details.put("ruleEndsOwed", "unknown: the database does not answer");
      }
      keyring
          .standing(token)
          .ifPresent(
              standing -> {
                details.put("hotSpare", standing.spare());
                details.put("processesEnded", standing.ended());
              });
      health.withDetail(token.code(), details);
    }
    return health.build();
  }
}
