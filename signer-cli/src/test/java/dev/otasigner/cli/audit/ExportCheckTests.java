package dev.otasigner.cli.audit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.audit.AuditKey;
import dev.otasigner.verifier.audit.Checkpoint;
import dev.otasigner.verifier.audit.GrowingTree;
import dev.otasigner.verifier.audit.LogCheck;
import dev.otasigner.verifier.audit.TreeHash;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExportCheckTests {
  private static final String ORIGIN = "audit.example/log";

  @TempDir private Path folder = Path.of("");

  private final KeyPair pair = generate();
  private final AuditKey key = auditKey(pair);

  private static KeyPair generate() {
    try {
      return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static AuditKey auditKey(KeyPair pair) {
    try {
      return AuditKey.ofSpki(Bytes.copyOf(pair.getPublic().getEncoded()));
    } catch (RejectedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<String> log(int size, String... words) {
    List<String> log = new ArrayList<>();
    Digest before = LogCheck.genesis(ORIGIN);
    for (int i = 0; i < size; i++) {
      byte[] record =
          Json.object()
              .put("seq", i)
              .put("prev", before)
              .put("action", i < words.length ? words[i] : "action " + i)
              .build()
              .textBytes();
      before = TreeHash.leaf(record);
      log.add(new String(record, UTF_8));
    }
    return log;
  }

  private Path export(String name, List<String> log) throws IOException {
    return Files.writeString(folder.resolve(name), String.join("\n", log) + "\n");
  }

  private Path checkpoint(List<String> log, int size, KeyPair signer) throws Exception {
    GrowingTree tree = new GrowingTree();
    log.subList(0, size).forEach(record -> tree.add(TreeHash.leaf(record.getBytes(UTF_8))));
    Checkpoint checkpoint = new Checkpoint(ORIGIN, size, tree.root());
    Signature signature = Signature.getInstance("Ed25519");
    signature.initSign(signer.getPrivate());
    signature.update(checkpoint.text());
    byte[] note = checkpoint.note(auditKey(signer), signature.sign());
    return Files.write(folder.resolve("checkpoint-" + System.nanoTime()), note);
  }

  private ExportCheck check(Path... checkpoints) throws Exception {
    ExportCheck check = new ExportCheck(Optional.of(key));
    for (Path checkpoint : checkpoints) {
      check.keep(checkpoint);
    }
    return check;
  }

  private static void refused(Reason reason, ThrowingCallable call) {
    assertThatExceptionOfType(RejectedException.class)
        .isThrownBy(call)
        .extracting(RejectedException::reason)
        .isEqualTo(reason);
  }

  private void damaged(String sentence, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(CommandFailedException.class)
        .hasMessageContaining(sentence);
  }

  @Test
  void anExportThatHoldsWhatWasKeptIsVerified() throws Exception {
    List<String> log = log(9);
    Path kept = checkpoint(log, 5, pair);
    assertThat(check(kept).run(export("now", log), null)).isEqualTo(new ExportCheck.Whole(9, 5, 1));
    assertThat(check(kept).run(export("now", log), export("old", log.subList(0, 4))).records())
        .isEqualTo(9);
  }

  @Test
  void theFirstRecordChangedIsNamed() throws Exception {
    List<String> log = log(9);
    Path kept = checkpoint(log, 9, pair);
    log.set(4, log.get(4).replace("action 4", "nothing"));
    Path now = export("now", log);
    damaged("record 4 was changed", () -> check(kept).run(now, null));
  }

  @Test
  void theFirstRecordRemovedIsNamed() throws Exception {
    List<String> log = log(9);
    Path kept = checkpoint(log, 9, pair);
    log.remove(4);
    Path now = export("now", log);
    damaged("record 4 was removed", () -> check(kept).run(now, null));
  }

  @Test
  void theFirstRecordReorderedIsNamed() throws Exception {
    List<String> log = log(9);
    Path kept = checkpoint(log, 9, pair);
    log.add(6, log.remove(4));
    Path now = export("now", log);
    damaged("record 4 was reordered", () -> check(kept).run(now, null));
  }

  @Test
  void theFirstRecordCutOffIsNamed() throws Exception {
    List<String> log = log(9);
    Path kept = checkpoint(log, 9, pair);
    Path now = export("now", log.subList(0, 6));
    damaged("record 6 was cut off", () -> check(kept).run(now, null));
  }

  @Test
  void aLogWrittenAnewIsNarrowedDownAndAnOlderExportNamesTheRecord() throws Exception {
    List<String> log = log(9);
    Path three = checkpoint(log, 3, pair);
    Path eight = checkpoint(log, 8, pair);
    Path old = export("old", log);
    Path now = export("now", log(9, "action 0", "action 1", "action 2", "action 3", "other"));
    damaged("the records 3 to 7", () -> check(three, eight).run(now, null));
    damaged("record 4 was changed", () -> check(three, eight).run(now, old));
  }

  @Test
  void anOlderExportNamesWhatWasTakenOutOrMovedOrCutOff() throws Exception {
    List<String> log = log(9);
    Path old = export("old", log);
    List<String> without = new ArrayList<>(log);
    without.remove(5);
    List<String> swapped = new ArrayList<>(log);
    swapped.add(6, swapped.remove(5));
    Path removed = export("removed", without);
    Path moved = export("moved", swapped);
    Path shorter = export("shorter", log.subList(0, 7));
    damaged("record 5 was removed", () -> check().run(removed, old));
    damaged("record 5 was reordered", () -> check().run(moved, old));
    damaged("record 7 was cut off", () -> check().run(shorter, old));
  }

  @Test
  void aCheckpointByAnotherKeyIsRefused() throws Exception {
    Path kept = checkpoint(log(3), 3, generate());
    refused(Reason.UNKNOWN_KEY, () -> check(kept));
  }

  @Test
  void aFileThatEndsWithinARecordIsRefused() throws Exception {
    Path kept = checkpoint(log(3), 1, pair);
    Path now = Files.writeString(folder.resolve("now"), String.join("\n", log(3)));
    refused(Reason.MALFORMED, () -> check(kept).run(now, null));
  }

  /** Before its end is looked for, which may never come. */
  @Test
  void aLineLongerThanAnyRecordIsRefused() throws Exception {
    Path kept = checkpoint(log(3), 1, pair);
    Path now = Files.writeString(folder.resolve("now"), "x".repeat(LogCheck.MAX_RECORD_BYTES + 1));
    refused(Reason.LIMIT_EXCEEDED, () -> check(kept).run(now, null));
  }

  @Test
  void aFileThatIsNoCheckpointIsNamed() throws Exception {
    Path none = Files.writeString(folder.resolve("none"), "nothing");
    assertThatThrownBy(() -> check(none))
        .isInstanceOf(RejectedException.class)
        .hasMessageStartingWith("none: no checkpoint");
  }

  @Test
  void aFileThatIsNoKeyIsNamed() throws Exception {
    Path none = Files.writeString(folder.resolve("none.pem"), "nothing");
    assertThatThrownBy(() -> ExportCheck.key(none))
        .isInstanceOf(RejectedException.class)
        .hasMessageStartingWith("none.pem: no PUBLIC KEY");
  }

  @Test
  void withoutAKeyACheckpointCountsForWhatItSays() throws Exception {
    List<String> log = log(3);
    ExportCheck check = new ExportCheck(Optional.empty());
    check.keep(checkpoint(log, 3, generate()));
    assertThat(check.run(export("now", log), null).vouchedFor()).isEqualTo(3);
  }
}
