package dev.otasigner.verifier.tuf;

import static dev.otasigner.verifier.tuf.RepositorySimulator.START;
import static dev.otasigner.verifier.tuf.RepositorySimulator.key;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.json.Json;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** TUF 5.4 to 5.6: arbitrary software, rollback, freeze, mix and match, fast forward. */
class FreshnessTests {
  private final RepositorySimulator repository = new RepositorySimulator();
  private final TestClient client = new TestClient(repository);

  // --- what goes well

  @Test
  void theFirstUpdateTakesEverythingInOrder() throws Exception {
    Updater updater = client.refresh();
    assertThat(repository.requests())
        .containsExactly(
            "metadata/2.root.json",
            "metadata/timestamp.json",
            "metadata/1.snapshot.json",
            "metadata/1.targets.json");
    assertThat(client.store().roles())
        .containsExactlyInAnyOrder("root", "timestamp", "snapshot", "targets");
    assertThat(updater.rootVersion()).isEqualTo(1);
  }

  @Test
  void whatIsStoredIsWhatWasReceived() throws Exception {
    client.refresh();
    assertThat(client.store().load("snapshot")).hasValue(repository.latest("snapshot"));
  }

  @Test
  void nothingThatIsHeldIsFetchedAgain() throws Exception {
    client.refresh();
    repository.publishTimestamp();
    client.refresh();
    assertThat(repository.requestsAfterRoot()).containsExactly("metadata/timestamp.json");
  }

  @Test
  void anUnchangedTimestampIsNoError() throws Exception {
    client.refresh();
    client.refresh();
    assertThat(repository.requestsAfterRoot()).containsExactly("metadata/timestamp.json");
  }

  /** The same version with other content: the one that is trusted stays. */
  @Test
  void aTimestampOfTheSameVersionChangesNothing() throws Exception {
    client.refresh();
    byte[] before = client.store().load("timestamp").orElseThrow();
    repository.version("timestamp", 0).issued(START).publishTimestamp();
    assertThat(repository.latest("timestamp")).isNotEqualTo(before);
    Updater updater = client.refresh();
    assertThat(client.store().load("timestamp")).hasValue(before);
    assertThat(updater.clockFloor()).isEmpty();
  }

  @Test
  void theTimestampSaysWhenItWasIssued() throws Exception {
    repository.issued(START.plusSeconds(60)).publishTimestamp();
    assertThat(client.refresh().clockFloor()).hasValue(START.plusSeconds(60));
  }

  @Test
  void aTimestampIssuedAfterItExpiresIsMalformed() throws Exception {
    repository.publishTimestamp();
    Json.Obj signed =
        Tampering.with(
            Tampering.signed(repository, "timestamp"),
            "issued",
            none -> new Json.Str("9999-01-01T00:00:00Z"));
    Tampering.put(
        repository,
        "metadata/timestamp.json",
        signed,
        Tampering.signature(key("timestamp"), signed));
    client.assertRefused(Reason.MALFORMED, "timestamp");
  }

  /** With the timestamp key alone a thief can write any expiry, and any time before it. */
  @Test
  void theClockFloorIsNeverPastTheExpiryOfAnyTopLevelRole() throws Exception {
    Instant year9999 = Instant.parse("9999-01-01T00:00:00Z");
    Map<String, Instant> expiry = new LinkedHashMap<>();
    List<String> others = List.of("root", "snapshot", "targets");
    for (String shortest : others) {
      RepositorySimulator stolen = new RepositorySimulator();
      for (String role : others) {
        expiry.put(role, START.plus(Duration.ofDays(role.equals(shortest) ? 7 : 400)));
        stolen.expires(role, expiry.get(role));
      }
      stolen.publishRoot();
      stolen.expires("timestamp", year9999).issued(year9999.minusSeconds(1)).publish();
      assertThat(new TestClient(stolen).refresh().clockFloor())
          .as(shortest)
          .hasValue(START.plus(Duration.ofDays(7)));
    }
  }

  /**
   * Nor what has expired since: the caller's clock is never earlier than the floor it was given.
   */
  @Test
  void withAClockThatGoesBackWhatHasExpiredStaysExpired() throws Exception {
    byte[] old = repository.latest("timestamp");
    for (String role : List.of("root", "snapshot", "targets", "timestamp")) {
      repository.expires(role, START.plus(Duration.ofDays(90)));
    }
    repository.publishRoot();
    repository.issued(START.plus(Duration.ofDays(60))).publish();
    client.pass(Duration.ofDays(61));
    Instant floor = client.refresh().clockFloor().orElseThrow();
    // A revert may take the store along, not the floor.
    client.store().delete("timestamp");
    client.store().delete("snapshot");
    client.store().delete("targets");
    repository.files().put("metadata/timestamp.json", old);
    Instant back = START;
    client.at(floor.isAfter(back) ? floor : back);
    client.assertRefused(Reason.METADATA_EXPIRED, "timestamp");
  }

  @Test
  void announcedHashesAreHonoured() throws Exception {
    repository.announcesHashes(true).publish();
    client.refresh();
    assertThat(client.trusted("targets")).isEqualTo(2);
  }

  @Test
  void withoutConsistentSnapshotsFilesHaveNoVersions() throws Exception {
    repository.consistentSnapshot(false).publishRoot();
    repository.add("targets", "dir/a", "content");
    repository.publish();
    Updater updater = client.refresh();
    assertThat(repository.requests())
        .containsExactly(
            "metadata/2.root.json",
            "metadata/3.root.json",
            "metadata/timestamp.json",
            "metadata/snapshot.json",
            "metadata/targets.json");
    assertThat(updater.fetchTarget("dir/a", 100))
        .asString(StandardCharsets.UTF_8)
        .isEqualTo("content");
    assertThat(repository.requests()).endsWith("targets/dir/a");
  }

  // --- arbitrary software

  @Test
  void aTimestampByAnotherKeyIsRefused() throws Exception {
    repository.signedBy("timestamp", key("thief")).publishTimestamp();
    client.assertRefused(Reason.BELOW_THRESHOLD, "timestamp");
  }

  @Test
  void aSnapshotByAnotherKeyIsRefused() throws Exception {
    repository.signedBy("snapshot", key("thief")).publish();
    client.assertRefused(Reason.BELOW_THRESHOLD, "snapshot");
  }

  @Test
  void targetsByAnotherKeyAreRefused() throws Exception {
    repository.signedBy("targets", key("thief")).publish();
    client.assertRefused(Reason.BELOW_THRESHOLD, "targets");
  }

  /** The keys of one role are of no use for another. */
  @Test
  void targetsByTheOnlineKeysAreRefused() throws Exception {
    repository.signedBy("targets", key("timestamp"), key("snapshot")).publish();
    client.assertRefused(Reason.BELOW_THRESHOLD, "targets");
  }

  @Test
  void aThresholdOfTwoIsNotReachedByOne() throws Exception {
    repository.keys("targets", 2, key("targets"), key("second")).publishRoot();
    repository.signedBy("targets", key("second")).publish();
    client.assertRefused(Reason.BELOW_THRESHOLD, "targets");
    repository.signedBy("targets", key("second"), key("targets")).publish();
    client.refresh();
  }

  @Test
  void metadataOfAnotherRoleIsRefused() throws Exception {
    // One key for two roles: the signature is right, only the type tells them apart.
    repository.keys("snapshot", 1, key("timestamp")).publishRoot();
    repository.publish();
    repository.files().put("metadata/2.snapshot.json", repository.latest("timestamp"));
    client.assertRefused(Reason.METADATA_WRONG_ROLE, "snapshot");
  }

  @Test
  void oneChangedByteIsNoticed() throws Exception {
    byte[] bytes = repository.latest("targets");
    String text = new String(bytes, StandardCharsets.UTF_8);
    String changed = text.replace("2026-01-31", "2036-01-31");
    assertThat(changed).isNotEqualTo(text);
    repository.files().put("metadata/1.targets.json", changed.getBytes(StandardCharsets.UTF_8));
    client.assertRefused(Reason.BELOW_THRESHOLD, "targets");
  }

  // --- freeze

  @Test
  void anExpiredTimestampIsRefused() throws Exception {
    repository.expires("timestamp", START).publishTimestamp();
    client.assertRefused(Reason.METADATA_EXPIRED, "timestamp");
  }

  @Test
  void anExpiredSnapshotIsRefused() throws Exception {
    repository.expires("snapshot", START.minusSeconds(1)).publish();
    client.assertRefused(Reason.METADATA_EXPIRED, "snapshot");
  }

  @Test
  void expiredTargetsAreRefused() throws Exception {
    repository.expires("targets", START.minusSeconds(1)).publish();
    client.assertRefused(Reason.METADATA_EXPIRED, "targets");
  }

  // 1 January: the client updates. 31 January: the same timestamp is still served.
  @Test
  void aTimestampThatIsHeldForTooLongIsRefused() throws Exception {
    for (String role : new String[] {"root", "snapshot", "targets"}) {
      repository.expires(role, START.plus(Duration.ofDays(900)));
    }
    repository.publishRoot();
    repository.publish();
    client.refresh();
    client.pass(RepositorySimulator.LIFETIME.minusSeconds(1));
    client.refresh();
    client.pass(Duration.ofSeconds(1));
    client.assertRefused(Reason.METADATA_EXPIRED, "timestamp");
  }

  // 1 January: the client updates. 31 January: a fresh timestamp still announces the snapshot that
  // it holds, and that has expired.
  @Test
  void aSnapshotThatIsHeldForTooLongIsRefused() throws Exception {
    for (String role : new String[] {"root", "timestamp", "targets"}) {
      repository.expires(role, START.plus(Duration.ofDays(900)));
    }
    repository.publishRoot();
    repository.publish();
    client.refresh();
    client.pass(RepositorySimulator.LIFETIME);
    repository.publishTimestamp();
    client.assertRefused(Reason.METADATA_EXPIRED, "snapshot");
  }

  @Test
  void targetsThatAreHeldForTooLongAreRefused() throws Exception {
    for (String role : new String[] {"root", "timestamp", "snapshot"}) {
      repository.expires(role, START.plus(Duration.ofDays(900)));
    }
    repository.publishRoot();
    repository.publish();
    client.refresh();
    client.pass(RepositorySimulator.LIFETIME);
    client.assertRefused(Reason.METADATA_EXPIRED, "targets");
  }

  @Test
  void oneReadingOfTheClockServesTheWholeUpdate() throws Exception {
    client.refresh();
    Updater updater = client.updater();
    client.pass(Duration.ofDays(400));
    updater.refresh();
  }

  @Test
  void aRepositoryThatComesBackToLifeIsFollowedAgain() throws Exception {
    client.refresh();
    client.pass(Duration.ofDays(400));
    for (String role : new String[] {"root", "timestamp", "snapshot", "targets"}) {
      repository.expires(role, START.plus(Duration.ofDays(900)));
    }
    repository.publishRoot();
    repository.publish();
    client.refresh();
    assertThat(client.trusted("targets")).isEqualTo(2);
  }
}
