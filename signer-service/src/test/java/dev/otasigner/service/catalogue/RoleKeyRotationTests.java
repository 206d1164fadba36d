package dev.otasigner.service.catalogue;

import static dev.otasigner.service.catalogue.TestRepository.START;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.catalogue.Wanted.ChannelRole;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.SignedMetadata;
import dev.otasigner.verifier.tuf.SignedMetadata.KeySignature;
import dev.otasigner.verifier.tuf.Timestamp;
import dev.otasigner.verifier.tuf.TufKey;
import dev.otasigner.verifier.tuf.TufLimits;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys of an unattended lineage give way to others, and every device follows. */
class RoleKeyRotationTests {
  private static final String HEAD = "stable/gw/head.json";

  @TempDir Path directory;

  private static Wanted wanted(String content) {
    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
    return new Wanted(
        Map.of(new ChannelRole("stable", "gw"), List.of(WantedFile.of(HEAD, bytes))),
        Optional.empty());
  }

  private Optional<String> fetch(TestRepository repository, String device, Instant now)
      throws Exception {
    return repository
        .client(directory.resolve(device))
        .fetch(HEAD, now)
        .map(bytes -> new String(bytes, StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @ValueSource(strings = {"root", "targets", "snapshot", "timestamp", "stable.gw"})
  void everyDeviceFollowsAReplacedKey(String role) throws Exception {
    TestRepository repository = new TestRepository(directory.resolve("repo"), true);
    repository.publish(wanted("one"), START);
    fetch(repository, "old", START);
    repository.replaceKeys(role);
    Instant later = START.plusSeconds(60);
    assertThat(repository.publish(wanted("one"), later)).isTrue();
    assertThat(repository.publish(wanted("two"), later.plusSeconds(60))).isTrue();
    assertThat(repository.version("root")).isEqualTo(role.equals("stable.gw") ? 1 : 2);
    assertThat(fetch(repository, "old", later.plusSeconds(60))).hasValue("two");
    assertThat(fetch(repository, "fresh", later.plusSeconds(60))).hasValue("two");
    assertThat(repository.publish(wanted("two"), later.plusSeconds(90)))
        .as("a replacement is done once")
        .isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"root", "targets", "snapshot", "timestamp", "stable.gw"})
  void killedAnywhereInAReplacementItLeavesWhatEveryDeviceAccepts(String role) throws Exception {
    for (int halt = 1; ; halt++) {
      Path own = Files.createDirectories(directory.resolve(role + halt));
      TestRepository repository = new TestRepository(own.resolve("repo"), false);
      repository.publish(wanted("one"), START);
      repository.client(own.resolve("old")).fetch(HEAD, START);
      repository.replaceKeys(role);
      repository.haltAfter(halt);
      Instant later = START.plusSeconds(60);
      boolean halted = false;
      try {
        repository.publish(wanted("two"), later);
      } catch (TestRepository.Halted e) {
        halted = true;
      }
      assertThat(repository.client(own.resolve("old")).fetch(HEAD, later)).isPresent();
      assertThat(repository.client(own.resolve("fresh")).fetch(HEAD, later)).isPresent();
      repository.haltAfter(Integer.MAX_VALUE);
      Instant after = later.plusSeconds(60);
      repository.publish(wanted("two"), after);
      for (String device : List.of("old", "fresh", "fresher")) {
        assertThat(repository.client(own.resolve(device)).fetch(HEAD, after))
            .hasValue("two".getBytes(StandardCharsets.UTF_8));
      }
      if (!halted) {
        assertThat(halt).as("steps in which it was killed").isGreaterThan(4);
        return;
      }
    }
  }

  @Test
  void aTimestampThatAThiefPushedFarAheadIsForgottenWithItsKey() throws Exception {
    TestRepository repository = new TestRepository(directory.resolve("repo"), false);
    repository.publish(wanted("one"), START);
    byte[] honest = repository.files().timestamp().orElseThrow();
    Timestamp now = SignedMetadata.timestamp(honest, TufLimits.COMMON).signed();
    Timestamp ahead = new Timestamp(1_000_000, now.expires(), now.issued(), now.snapshot());
    TestKey stolen = TestKey.of(SignatureSuite.ED25519, "catalogue-" + Metadata.TIMESTAMP);
    TufKey key = TufKey.of(stolen.key());
    byte[] forged =
        SignedMetadata.envelope(
            ahead.toJson(),
            List.of(
                KeySignature.of(key, stolen.sign(SignedMetadata.toBeSigned(key, ahead.toJson())))));
    Path file = directory.resolve("repo/metadata/timestamp.json");
    Files.write(file, forged);
    fetch(repository, "old", START);
    Files.write(file, honest);
    repository.publish(wanted("two"), START.plusSeconds(60));
    assertThatThrownBy(() -> fetch(repository, "old", START.plusSeconds(60)))
        .isInstanceOf(RejectedException.class)
        .hasMessageContaining("timestamp version");
    repository.replaceKeys("timestamp");
    repository.publish(wanted("two"), START.plusSeconds(120));
    assertThat(fetch(repository, "old", START.plusSeconds(120))).hasValue("two");
  }
}
