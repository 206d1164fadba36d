package dev.otasigner.verifier.audit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.audit.LogDamage.Kind;
import dev.otasigner.verifier.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class LogCheckTests {
  private static final String ORIGIN = "audit.example/log";
  private static final int SIZE = 20;

  private static byte[] record(long seq, Optional<String> prev, String action) {
    Json.Builder json = Json.object().put("seq", seq);
    prev.ifPresent(hash -> json.put("prev", hash));
    return json.put("action", action).build().textBytes();
  }

  private static List<byte[]> chained(List<String> actions) {
    List<byte[]> log = new ArrayList<>();
    Digest before = LogCheck.genesis(ORIGIN);
    for (String action : actions) {
      byte[] record = record(log.size(), Optional.of(before.hex()), action);
      log.add(record);
      before = TreeHash.leaf(record);
    }
    return log;
  }

  private static List<String> actions() {
    List<String> actions = new ArrayList<>();
    for (int i = 0; i < SIZE; i++) {
      actions.add("action " + i);
    }
    return actions;
  }

  private static List<byte[]> log() {
    return chained(actions());
  }

  private static Checkpoint checkpoint(List<byte[]> log, int size) {
    GrowingTree tree = new GrowingTree();
    log.subList(0, size).forEach(record -> tree.add(TreeHash.leaf(record)));
    return new Checkpoint(ORIGIN, size, tree.root());
  }

  private static LogCheck check(List<byte[]> log, Checkpoint... kept) throws RejectedException {
    LogCheck check = new LogCheck(List.of(kept));
    for (byte[] record : log) {
      check.add(record);
    }
    return check;
  }

  private static void damaged(LogCheck check, Kind kind, long first, long last) {
    assertThat(check.damage())
        .hasValueSatisfying(
            damage -> {
              assertThat(damage.kind()).as(damage.sentence()).isEqualTo(kind);
              assertThat(List.of(damage.first(), damage.last())).containsExactly(first, last);
            });
  }

  private static void refused(Reason reason, ThrowingCallable call) {
    assertThatExceptionOfType(RejectedException.class)
        .isThrownBy(call)
        .extracting(RejectedException::reason)
        .isEqualTo(reason);
  }

  @Test
  void aLogThatOnlyGrewIsWhole() throws Exception {
    List<byte[]> log = log();
    LogCheck check = check(log, checkpoint(log, 0), checkpoint(log, 7), checkpoint(log, 13));
    assertThat(check.damage()).isEmpty();
    assertThat(check.records()).isEqualTo(SIZE);
    assertThat(check.vouchedFor()).isEqualTo(13);
    assertThat(check.root()).isEqualTo(checkpoint(log, SIZE).root());
  }

  @Test
  void theRecordThatWasChangedIsNamed() throws Exception {
    for (int i = 0; i < SIZE - 1; i++) {
      List<byte[]> log = log();
      Checkpoint kept = checkpoint(log, SIZE);
      log.set(i, new String(log.get(i), UTF_8).replace("action ", "ACTION ").getBytes(UTF_8));
      damaged(check(log, kept), Kind.CHANGED, i, i);
    }
  }

  /** Also without a checkpoint. */
  @Test
  void aLineThatIsNoRecordIsNamed() throws Exception {
    List<byte[]> log = log();
    log.set(SIZE - 1, "{".getBytes(UTF_8));
    damaged(check(log), Kind.CHANGED, SIZE - 1, SIZE - 1);
  }

  /** The last one, which no later link vouches for. */
  @Test
  void aRecordThatLacksItsLinkIsNamed() throws Exception {
    List<byte[]> log = log();
    log.set(SIZE - 1, record(SIZE - 1, Optional.empty(), "action"));
    damaged(check(log), Kind.CHANGED, SIZE - 1, SIZE - 1);
  }

  @Test
  void theLastRecordChangedIsFoundByTheCheckpointAlone() throws Exception {
    List<byte[]> log = log();
    Checkpoint before = checkpoint(log, SIZE - 1);
    Checkpoint kept = checkpoint(log, SIZE);
    log.set(
        SIZE - 1,
        new String(log.get(SIZE - 1), UTF_8).replace("action ", "other ").getBytes(UTF_8));
    damaged(check(log, kept), Kind.CHANGED, 0, SIZE - 1);
    damaged(check(log, before, kept), Kind.CHANGED, SIZE - 1, SIZE - 1);
  }

  @Test
  void theRecordThatWasRemovedIsNamed() throws Exception {
    for (int i = 0; i < SIZE - 1; i++) {
      List<byte[]> log = log();
      Checkpoint kept = checkpoint(log, SIZE - 2);
      log.remove(i);
      damaged(check(log, kept), Kind.REMOVED, i, i);
    }
  }

  @Test
  void recordsThatChangedPlacesAreNamed() throws Exception {
    List<byte[]> log = log();
    Checkpoint kept = checkpoint(log, SIZE);
    byte[] five = log.remove(5);
    log.add(9, five);
    damaged(check(log, kept), Kind.REORDERED, 5, 5);
  }

  @Test
  void aRecordPutInBetweenIsNamed() throws Exception {
    List<byte[]> log = log();
    Checkpoint kept = checkpoint(log, SIZE);
    log.add(6, log.get(5));
    damaged(check(log, kept), Kind.CHANGED, 6, 6);
  }

  @Test
  void theFirstRecordCutOffIsNamed() throws Exception {
    List<byte[]> log = log();
    Checkpoint kept = checkpoint(log, 15);
    damaged(check(log.subList(0, 12), kept), Kind.CUT_OFF, 12, 12);
    assertThat(check(log.subList(0, 15), kept).damage()).isEmpty();
    damaged(check(List.of(), kept), Kind.CUT_OFF, 0, 0);
  }

  @Test
  void aLogWrittenAnewIsNarrowedDownByCheckpoints() throws Exception {
    List<byte[]> log = log();
    List<String> other = actions();
    other.set(9, "another");
    List<byte[]> anew = chained(other);
    damaged(check(anew, checkpoint(log, SIZE)), Kind.CHANGED, 0, SIZE - 1);
    damaged(check(anew, checkpoint(log, 7), checkpoint(log, SIZE)), Kind.CHANGED, 7, SIZE - 1);
    damaged(
        check(anew, checkpoint(log, 7), checkpoint(log, 12), checkpoint(log, SIZE)),
        Kind.CHANGED,
        7,
        11);
    damaged(check(anew, checkpoint(log, 9), checkpoint(log, 10)), Kind.CHANGED, 9, 9);
  }

  @Test
  void aRecordTakenOutAndAllNumbersMendedIsNarrowedDownByCheckpoints() throws Exception {
    List<byte[]> log = log();
    List<String> other = actions();
    other.remove(9);
    damaged(check(chained(other), checkpoint(log, 8), checkpoint(log, 11)), Kind.CHANGED, 8, 10);
  }

  @Test
  void aRecordWhoseLinksAreBothBrokenOrItsNeighbourIsTheFirst() throws Exception {
    List<byte[]> log = log();
    Checkpoint kept = checkpoint(log, SIZE);
    byte[] alien = record(9, Optional.of(TreeHash.EMPTY.hex()), "alien");
    Checkpoint nine = checkpoint(log, 9);
    log.set(9, alien);
    damaged(check(log, kept), Kind.CHANGED, 8, 9);
    damaged(check(log, nine, kept), Kind.CHANGED, 9, 9);
  }

  @Test
  void aRecordThatLostItsLinkIsNamed() throws Exception {
    List<byte[]> log = log();
    log.set(9, record(9, Optional.empty(), "action 9"));
    damaged(check(log), Kind.CHANGED, 9, 9);
  }

  @Test
  void whatIsNoRecordIsNamed() throws Exception {
    List<byte[]> log = log();
    log.set(4, "[]".getBytes(UTF_8));
    damaged(check(log), Kind.CHANGED, 4, 4);
  }

  @Test
  void recordsFromBeforeTheChainAreHeldByCheckpoints() throws Exception {
    List<byte[]> log = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      log.add(record(i, Optional.empty(), "old " + i));
    }
    log.add(record(5, Optional.of(TreeHash.leaf(log.get(4)).hex()), "new"));
    Checkpoint kept = checkpoint(log, 6);
    assertThat(check(log, kept).damage()).isEmpty();
    log.set(2, record(2, Optional.empty(), "changed"));
    damaged(check(log, kept), Kind.CHANGED, 0, 5);
  }

  @Test
  void aCheckpointOfAnotherLogIsRefused() {
    List<byte[]> log = log();
    Checkpoint ours = checkpoint(log, 5);
    Checkpoint other = new Checkpoint("another.example/log", 5, ours.root());
    refused(Reason.MALFORMED, () -> check(log, other));
  }

  @Test
  void checkpointsOfDifferentLogsAreRefused() {
    Checkpoint ours = checkpoint(log(), 5);
    Checkpoint other = new Checkpoint("another.example/log", 6, ours.root());
    refused(Reason.MALFORMED, () -> new LogCheck(List.of(ours, other)));
  }

  @Test
  void twoCheckpointsOfOneSizeThatContradictEachOtherAreRefused() {
    Checkpoint ours = checkpoint(log(), 5);
    Checkpoint other = new Checkpoint(ORIGIN, 5, TreeHash.EMPTY);
    refused(Reason.METADATA_DIGEST_MISMATCH, () -> new LogCheck(List.of(ours, other)));
  }

  @Test
  void twoCheckpointsOfWhichOneHoldsAndAnEarlierOneDoesNotAreRefused() {
    List<byte[]> log = log();
    Checkpoint other = new Checkpoint(ORIGIN, 5, TreeHash.EMPTY);
    refused(Reason.METADATA_DIGEST_MISMATCH, () -> check(log, other, checkpoint(log, 9)));
  }

  @Test
  void tooManyCheckpointsAreRefused() {
    List<Checkpoint> many = new ArrayList<>();
    for (int i = 0; i <= LogCheck.MAX_CHECKPOINTS; i++) {
      many.add(new Checkpoint(ORIGIN, i, TreeHash.EMPTY));
    }
    refused(Reason.LIMIT_EXCEEDED, () -> new LogCheck(many));
  }

  @Test
  void aRecordOverItsLimitIsRefused() throws Exception {
    LogCheck check = new LogCheck(List.of());
    refused(Reason.LIMIT_EXCEEDED, () -> check.add(new byte[LogCheck.MAX_RECORD_BYTES + 1]));
  }
}
