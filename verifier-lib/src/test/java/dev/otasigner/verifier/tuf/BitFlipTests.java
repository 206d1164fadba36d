package dev.otasigner.verifier.tuf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.testing.TestKey;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Nothing but signatures stands between these bytes and the device: no hash is announced. */
class BitFlipTests {
  private static final String DELEGATED = "stable.pump-a";

  private final RepositorySimulator repository = new RepositorySimulator();

  private interface Verification {
    void accept(byte[] bytes) throws RejectedException;
  }

  @ParameterizedTest
  @CsvSource({
    "root, ED25519",
    "timestamp, ED25519",
    "snapshot, ED25519",
    "targets, ED25519",
    "stable.pump-a, ED25519",
    "snapshot, ECDSA_P256_SHA256",
    "timestamp, RSA_PSS_2048_SHA256",
    "stable.pump-a, ML_DSA_44"
  })
  void noSingleBitFlipOfARoleIsAccepted(String role, SignatureSuite suite) throws Exception {
    TestKey key = TestKey.of(suite);
    if (!role.equals(DELEGATED)) {
      repository.keys(role, 1, key);
    }
    repository.publishRoot();
    byte[] trustedRoot = repository.latest("root");
    TestKey channel = role.equals(DELEGATED) ? key : RepositorySimulator.key("channel");
    repository.delegate("targets", DELEGATED, channel, "stable/pump-a/*");
    repository.add(DELEGATED, "stable/pump-a/head.json", "{}");
    repository.publish();
    repository.publishRoot();

    TrustedMetadata trusted =
        new TrustedMetadata(
            trustedRoot, TufLimits.COMMON, LineagePolicy.tufAlone(), RepositorySimulator.START);
    Verification verification = upTo(role, trusted);
    byte[] file = repository.latest(role);
    List<String> accepted = new ArrayList<>();
    for (int i = 0; i < file.length; i++) {
      for (int bit = 0; bit < 8; bit++) {
        file[i] ^= (byte) (1 << bit);
        if (isAccepted(verification, file)) {
          accepted.add("byte " + i + ", bit " + bit);
        }
        file[i] ^= (byte) (1 << bit);
      }
    }
    assertThat(accepted).isEmpty();
    assertThat(isAccepted(verification, file)).as("as it was published").isTrue();
  }

  /** Loads what comes before the role. */
  private Verification upTo(String role, TrustedMetadata trusted) throws RejectedException {
    if (role.equals("root")) {
      return trusted::updateRoot;
    }
    trusted.finishRoot();
    if (role.equals("timestamp")) {
      return trusted::updateTimestamp;
    }
    trusted.updateTimestamp(repository.latest("timestamp"));
    if (role.equals("snapshot")) {
      return trusted::updateSnapshot;
    }
    trusted.updateSnapshot(repository.latest("snapshot"));
    if (role.equals("targets")) {
      return trusted::updateTargets;
    }
    trusted.updateTargets(repository.latest("targets"));
    DelegatedRole delegated = trusted.delegations("targets", "stable/pump-a/head.json").get(0);
    return bytes -> trusted.updateDelegated("targets", delegated, bytes);
  }

  private static boolean isAccepted(Verification verification, byte[] bytes) {
    try {
      verification.accept(bytes);
      return true;
    } catch (RejectedException e) {
      return false;
    }
  }
}
