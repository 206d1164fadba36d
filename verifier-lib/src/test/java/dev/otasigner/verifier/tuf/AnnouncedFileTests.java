package dev.otasigner.verifier.tuf;

import static dev.otasigner.verifier.tuf.RepositorySimulator.START;
import static dev.otasigner.verifier.tuf.RepositorySimulator.key;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.json.Json;
import org.junit.jupiter.api.Test;

/** TUF 5.5 and 5.6: a file is the one that was announced, and no longer than that. */
class AnnouncedFileTests {
  private final RepositorySimulator repository = new RepositorySimulator();
  private final TestClient client = new TestClient(repository);

  // --- mix and match

  @Test
  void anotherSnapshotThanTheAnnouncedIsRefused() throws Exception {
    byte[] old = repository.latest("snapshot");
    repository.publish();
    repository.files().put("metadata/2.snapshot.json", old);
    client.assertRefused(Reason.METADATA_VERSION_MISMATCH, "snapshot");
  }

  @Test
  void otherTargetsThanTheAnnouncedAreRefused() throws Exception {
    byte[] old = repository.latest("targets");
    repository.publish();
    repository.files().put("metadata/2.targets.json", old);
    client.assertRefused(Reason.METADATA_VERSION_MISMATCH, "targets");
  }

  @Test
  void aSnapshotOfTheSameVersionWithAnotherHashIsRefused() throws Exception {
    repository.announcesHashes(true).publish();
    byte[] announced = repository.latest("timestamp");
    repository.version("snapshot", 1).expires("snapshot", START.plusSeconds(999)).publishSnapshot();
    repository.files().put("metadata/timestamp.json", announced);
    client.assertRefused(Reason.METADATA_DIGEST_MISMATCH, "snapshot");
  }

  @Test
  void targetsOfTheSameVersionWithAnotherHashAreRefused() throws Exception {
    repository.announcesHashes(true).publish();
    repository
        .version("targets", 1)
        .expires("targets", START.plusSeconds(999))
        .publishTargets("targets");
    client.assertRefused(Reason.METADATA_DIGEST_MISMATCH, "targets");
  }

  /** A hash that nobody here can check is no hash. */
  @Test
  void anAnnouncedHashOfAnUnknownAlgorithmIsRefused() throws Exception {
    repository.publish();
    Json.Obj signed =
        Tampering.with(
            Tampering.signed(repository, "timestamp"),
            "meta",
            meta ->
                Tampering.with(
                    meta,
                    "snapshot.json",
                    file ->
                        Tampering.with(
                            file,
                            "hashes",
                            none -> Json.object().put("crc32", "00000000").build())));
    Tampering.put(
        repository,
        "metadata/timestamp.json",
        signed,
        Tampering.signature(key("timestamp"), signed));
    client.assertRefused(Reason.UNSUPPORTED_ALGORITHM, "snapshot");
  }

  @Test
  void aStoredSnapshotThatIsNotTheAnnouncedOneIsFetchedAgain() throws Exception {
    client.refresh();
    repository
        .announcesHashes(true)
        .version("snapshot", 0)
        .expires("snapshot", START.plusSeconds(999))
        .publishSnapshot();
    repository.publishTimestamp();
    client.refresh();
    assertThat(client.store().load("snapshot")).hasValue(repository.latest("snapshot"));
  }

  // --- endless data

  @Test
  void aTimestampOverItsLimitIsRefused() throws Exception {
    repository.files().put("metadata/timestamp.json", new byte[16_385]);
    client.assertRefused(Reason.LIMIT_EXCEEDED, "timestamp");
  }

  @Test
  void aSnapshotLongerThanAnnouncedIsCutOff() throws Exception {
    repository.announcesHashes(true).publish();
    byte[] longer = java.util.Arrays.copyOf(repository.latest("snapshot"), 100_000);
    repository.files().put("metadata/2.snapshot.json", longer);
    client.assertRefused(Reason.LIMIT_EXCEEDED, "snapshot");
  }

  @Test
  void anAnnouncedLengthOverTheLimitIsNotEvenAskedFor() throws Exception {
    repository.announcesHashes(true).publish();
    client.limits(TufLimits.COMMON.withSnapshotBytes(100));
    client.assertRefused(Reason.LIMIT_EXCEEDED, "snapshot");
    assertThat(repository.requests()).doesNotContain("metadata/2.snapshot.json");
  }
}
