package dev.otasigner.verifier.tuf;

import static dev.otasigner.verifier.tuf.RepositorySimulator.START;
import static dev.otasigner.verifier.tuf.RepositorySimulator.key;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Reason;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** TUF 5.4 to 5.6: rollback, and the way back from a fast forward. */
class RollbackTests {
  private final RepositorySimulator repository = new RepositorySimulator();
  private final TestClient client = new TestClient(repository);

  /** A clock set back does not bring back what was replaced. */
  @Test
  void withAClockThatGoesBackNothingOlderIsTaken() throws Exception {
    byte[] old = repository.latest("timestamp");
    repository.publish();
    client.pass(Duration.ofDays(20));
    client.refresh();
    client.pass(Duration.ofDays(-20));
    client.refresh();
    byte[] current = repository.files().put("metadata/timestamp.json", old);
    client.assertRefused(Reason.METADATA_ROLLED_BACK, "timestamp");
    assertThat(client.store().load("timestamp")).hasValue(current);
  }

  // --- rollback

  @Test
  void anOlderTimestampIsRefused() throws Exception {
    byte[] old = repository.latest("timestamp");
    repository.publishTimestamp();
    client.refresh();
    repository.files().put("metadata/timestamp.json", old);
    client.assertRefused(Reason.METADATA_ROLLED_BACK, "timestamp");
  }

  @Test
  void aTimestampThatAnnouncesAnOlderSnapshotIsRefused() throws Exception {
    repository.publish();
    client.refresh();
    repository.version("snapshot", 0).publishSnapshot();
    repository.publishTimestamp();
    client.assertRefused(Reason.METADATA_ROLLED_BACK, "timestamp");
  }

  @Test
  void aSnapshotThatAnnouncesOlderTargetsIsRefused() throws Exception {
    repository.publish();
    client.refresh();
    repository.version("targets", 0).publish();
    client.assertRefused(Reason.METADATA_ROLLED_BACK, "snapshot");
  }

  @Test
  void aSnapshotThatAnnouncesAnOlderDelegatedRoleIsRefused() throws Exception {
    repository.delegate("targets", "a", key("a"), "*").publish();
    repository.publish();
    client.refresh();
    repository.version("a", 0).publish();
    client.assertRefused(Reason.METADATA_ROLLED_BACK, "snapshot");
  }

  @Test
  void aRoleMayNotLeaveTheSnapshot() throws Exception {
    repository.delegate("targets", "a", key("a"), "*").publish();
    client.refresh();
    repository.remove("a");
    repository.publish();
    client.assertRefused(Reason.METADATA_ROLLED_BACK, "snapshot");
  }

  // 1 January: the client updates. 15 March: all it holds has expired; an attacker offers what was
  // current on 1 February.
  @Test
  void expiredMetadataStillGuardsAgainstRollback() throws Exception {
    repository.expires("root", START.plus(Duration.ofDays(900))).publishRoot();
    byte[] old = repository.latest("timestamp");
    repository.publish();
    client.refresh();
    client.pass(Duration.ofDays(73));
    repository.files().put("metadata/timestamp.json", old);
    client.assertRefused(Reason.METADATA_ROLLED_BACK, "timestamp");

    for (String role : new String[] {"timestamp", "snapshot", "targets"}) {
      repository.expires(role, START.plus(Duration.ofDays(900)));
    }
    repository.version("targets", 0).publish();
    client.assertRefused(Reason.METADATA_ROLLED_BACK, "snapshot");
  }

  // --- fast forward

  // An attacker with the timestamp key has published version 2^40. The owner rotates the key and
  // goes on with version 2.
  @Test
  void aTimestampFastForwardIsRecoveredFromByRotation() throws Exception {
    repository.version("timestamp", 1L << 40).publishTimestamp();
    client.refresh();
    repository.version("timestamp", 1).publishTimestamp();
    client.assertRefused(Reason.METADATA_ROLLED_BACK, "timestamp");

    repository.keys("timestamp", 1, key("timestamp-2")).publishRoot();
    repository.version("timestamp", 1).publishTimestamp();
    client.refresh();
    assertThat(client.trusted("timestamp")).isEqualTo(2);
  }

  @Test
  void aSnapshotFastForwardIsRecoveredFromByRotation() throws Exception {
    repository.version("snapshot", 1L << 40).publish();
    client.refresh();
    repository.keys("timestamp", 1, key("timestamp-2"));
    repository.keys("snapshot", 1, key("snapshot-2")).publishRoot();
    repository.version("snapshot", 1).publish();
    client.refresh();
    assertThat(client.trusted("snapshot")).isEqualTo(2);
  }

  /** The timestamp that announced the attacker's version goes too, though its key stays. */
  @Test
  void rotationOfTheSnapshotKeyAloneRecoversToo() throws Exception {
    repository.version("snapshot", 1L << 40).publish();
    client.refresh();
    repository.keys("snapshot", 1, key("snapshot-2")).publishRoot();
    repository.version("snapshot", 1).publish();
    client.refresh();
    assertThat(client.trusted("snapshot")).isEqualTo(2);
  }

  @Test
  void aTargetsFastForwardIsRecoveredFromByRotationOfTheSnapshotKey() throws Exception {
    repository.delegate("targets", "a", key("a"), "*");
    repository.version("targets", 1L << 40).publish();
    client.refresh();
    repository.keys("snapshot", 1, key("snapshot-2")).publishRoot();
    repository.remove("a");
    repository.version("targets", 1).publish();
    client.refresh();
    assertThat(client.trusted("targets")).isEqualTo(2);
  }

  /** Even where the old signature would still do: one key of two goes, the other stays. */
  @Test
  void oneKeyOfTwoRotatedIsARotation() throws Exception {
    repository.keys("timestamp", 1, key("timestamp"), key("stays")).publishRoot();
    repository.version("timestamp", 1L << 40).publishTimestamp();
    client.refresh();
    repository.keys("timestamp", 1, key("stays")).publishRoot();
    repository.version("timestamp", 1).publishTimestamp();
    client.refresh();
    assertThat(client.trusted("timestamp")).isEqualTo(2);
  }

  @Test
  void anAddedKeyOpensNoWayBack() throws Exception {
    byte[] old = repository.latest("timestamp");
    repository.publishTimestamp();
    client.refresh();
    repository.keys("timestamp", 1, key("timestamp"), key("more")).publishRoot();
    repository.files().put("metadata/timestamp.json", old);
    client.assertRefused(Reason.METADATA_ROLLED_BACK, "timestamp");
  }
}
