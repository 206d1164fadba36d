package dev.otasigner.service.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.Admin;
import dev.otasigner.service.NothingScheduled;
import dev.otasigner.service.OnBothDatabases;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.service.access.Actor;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.audit.AuditKey;
import dev.otasigner.verifier.audit.Checkpoint;
import dev.otasigner.verifier.audit.LogCheck;
import dev.otasigner.verifier.audit.TreeHash;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

@OnBothDatabases
@ServiceTest
@NothingScheduled
class AuditLogTests {
  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private AuditLog audit;
  @Autowired private AuditStore store;
  @Autowired private AuditSigner signer;
  @Autowired private KeptCheckpoint kept;
  @Autowired private TransactionTemplate transaction;
  @Autowired private JdbcClient jdbc;

  private void record(String subject) {
    audit.record(Actor.SYSTEM, "report.made", subject, Map.of("line", "one\ntwo"));
  }

  @Test
  void recordBelongsToTheTransactionOfTheChange() {
    long before = store.size();
    transaction.executeWithoutResult(
        status -> {
          record("undone");
          status.setRollbackOnly();
        });
    assertThat(store.size()).isEqualTo(before);
    record("done");
    assertThat(store.size()).isEqualTo(before + 1);
  }

  /** So that what no rollback undoes is done only after its record. */
  @Test
  void whatIsWrittenOutIsThereBeforeTheCommitAndOnlyThen() {
    long before = store.size();
    transaction.executeWithoutResult(
        status -> {
          record("first");
          assertThat(store.size()).isEqualTo(before);
          audit.writeOut();
          assertThat(store.size()).isEqualTo(before + 1);
          audit.writeOut();
          record("second");
        });
    assertThat(store.size()).isEqualTo(before + 2);
    assertThat(new MerkleTree(store).root(store.size())).isEqualTo(fromLeaves(store.size()));
    transaction.executeWithoutResult(
        status -> {
          record("undone");
          audit.writeOut();
          status.setRollbackOnly();
        });
    assertThat(store.size()).isEqualTo(before + 2);
  }

  /** The second waits before it asks the database for anything, and until the first is undone. */
  @Test
  @Timeout(60)
  void nobodyElseIsAtTheHeadUntilATransactionHasEnded() throws Exception {
    long before = store.size();
    Thread second = new Thread(() -> record("second"));
    transaction.executeWithoutResult(
        status -> {
          record("undone");
          audit.writeOut();
          second.start();
          while (!store.appending().hasQueuedThread(second)) {
            Thread.onSpinWait();
          }
          status.setRollbackOnly();
        });
    second.join();
    assertThat(store.appending().isLocked()).isFalse();
    assertThat(store.size()).isEqualTo(before + 1);
    assertThat(new MerkleTree(store).root(store.size())).isEqualTo(fromLeaves(store.size()));
  }

  @Test
  void manyAtOnceLeaveNoGapAndTheSameTree() throws Exception {
    long before = store.size();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Thread thread =
          new Thread(
              () -> {
                for (int n = 0; n < 10; n++) {
                  record("at once");
                  audit.record("report.made", "at once, by whoever asks", Map.of());
                }
              });
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(store.size()).isEqualTo(before + 80);
    assertThat(new MerkleTree(store).root(store.size())).isEqualTo(fromLeaves(store.size()));
  }

  private Digest fromLeaves(long size) {
    List<Digest> level = store.leaves(0, size).stream().map(l -> TreeHash.leaf(l.bytes())).toList();
    while (level.size() > 1) {
      List<Digest> above = new ArrayList<>();
      for (int i = 0; i + 1 < level.size(); i += 2) {
        above.add(TreeHash.node(level.get(i), level.get(i + 1)));
      }
      if (level.size() % 2 == 1) {
        above.add(level.get(level.size() - 1));
      }
      level = above;
    }
    return level.get(0);
  }

  @Test
  void checkpointIsANoteSignedByTheAuditKey() throws Exception {
    record("something");
    Admin admin = Admin.withEveryRole(port, printed.password());
    Bytes note = admin.get("/api/v1/audit/checkpoint").expect(200).body();
    AuditKey key = new AuditKey(signer.key());
    Checkpoint checkpoint = Checkpoint.read(note.toByteArray(), key);
    assertThat(checkpoint.root()).isEqualTo(fromLeaves(checkpoint.size()));
    String text = new String(note.toByteArray(), StandardCharsets.UTF_8);
    assertThat(text)
        .matches(
            "(?s)ota-signer/[0-9a-f-]{36}\\n\\d+\\n[A-Za-z0-9+/=]{44}\\n\\n"
                + "\u2014 ota-signer/[0-9a-f-]{36} [A-Za-z0-9+/=]+\\n");
    String later = text.replaceFirst("\\n\\d+\\n", "\n" + (checkpoint.size() + 1) + "\n");
    assertThatThrownBy(() -> Checkpoint.read(later.getBytes(StandardCharsets.UTF_8), key))
        .hasMessageContaining("does not verify");
  }

  @Test
  void anOlderCheckpointDoesNotReplaceANewerOne() throws Exception {
    record("older");
    byte[] older = audit.checkpoint();
    record("newer");
    byte[] newer = audit.checkpoint();
    kept.replace(Checkpoint.readUnverified(older), older);
    assertThat(kept.file()).hasBinaryContent(newer);
  }

  @Test
  void aCheckpointThatIsNotTheAuditKeysIsNotReplaced() throws Exception {
    byte[] note = audit.checkpoint();
    // Well-formed and of a longer log: all that is wrong with it is its signature.
    byte[] other =
        new String(note, StandardCharsets.UTF_8)
            .replaceFirst("\n(\\d+)\n", "\n9$1\n")
            .getBytes(StandardCharsets.UTF_8);
    Files.write(kept.file(), other);
    try {
      assertThatThrownBy(() -> kept.replace(Checkpoint.readUnverified(note), note))
          .isInstanceOf(SignerException.class);
      assertThat(kept.file()).hasBinaryContent(other);
      assertThat(kept.trouble())
          .hasValueSatisfying(t -> assertThat(t).contains("not one of the audit key's"));
    } finally {
      Files.write(kept.file(), note);
    }
  }

  @Test
  void everyRecordIsExportedOnALineOfItsOwnAsItWasHashed() {
    record("lines");
    Admin admin = Admin.withEveryRole(port, printed.password());
    List<String> lines = admin.get("/api/v1/audit/export").expect(200).text().lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      assertThat(TreeHash.leaf(lines.get(i).getBytes(StandardCharsets.UTF_8)))
          .isEqualTo(store.get(0, i));
      assertThat(lines.get(i)).contains("\"seq\":" + i + "");
    }
  }

  @Test
  void recordTakenAwayTurnsHealthDownAndGetsNoNewCheckpoint() {
    record("the last");
    audit.checkpoint();
    long last = store.size() - 1;
    String record =
        jdbc.sql("select record from audit_leaf where position = ?")
            .param(last)
            .query(String.class)
            .single();
    jdbc.sql("update audit_head set size = ?").param(last).update();
    try {
      assertThat(kept.trouble()).hasValueSatisfying(t -> assertThat(t).contains("missing"));
      Admin.anonymous(port).get("/actuator/health").expect(503);
      assertThatThrownBy(audit::checkpoint).isInstanceOf(SignerException.class);
    } finally {
      jdbc.sql("update audit_head set size = ?").param(last + 1).update();
    }
    assertThat(record).contains("the last");
    assertThat(kept.trouble()).isEmpty();
  }

  @Test
  void recordChangedTogetherWithItsHashIsNoticed() {
    record("as it was");
    if (store.size() % 2 == 0) {
      // Now the newest leaf is a subtree of its own, and the root is made of its stored hash.
      record("and one more");
    }
    audit.checkpoint();
    long changed = store.size() - 1;
    Digest hash = store.get(0, changed);
    setHash(changed, Digest.of(new byte[] {1}));
    try {
      assertThat(kept.trouble()).hasValueSatisfying(t -> assertThat(t).contains("changed"));
    } finally {
      setHash(changed, hash);
    }
    assertThat(kept.trouble()).isEmpty();
  }

  @Test
  void recordsCarryTheirNumberAndTheHashOfTheOneBefore() throws Exception {
    record("one");
    record("and another");
    LogCheck check = new LogCheck(List.of());
    for (AuditStore.Leaf leaf : store.leaves(0, store.size())) {
      check.add(leaf.bytes());
    }
    assertThat(check.damage()).isEmpty();
    AuditStore.Leaf last = store.leaves(store.size() - 1, store.size()).get(0);
    assertThat(last.record())
        .contains("\"prev\":\"" + store.get(0, last.position() - 1).hex() + "\"");
  }

  @Test
  void whatIsOnNoListIsNotRecorded() {
    assertThatThrownBy(() -> audit.record(Actor.SYSTEM, "test.happened", "x", Map.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** A sweep of its own: it begins with a look at the whole log. */
  private Optional<String> swept() {
    RecordSweep sweep = new RecordSweep(store, Clock.systemUTC());
    sweep.look();
    return sweep.trouble();
  }

  @Test
  void recordChangedAloneIsNamedByTheSweep() {
    record("as it was");
    record("one after");
    long changed = store.size() - 2;
    setRecord(changed, "as it was", "as it was not");
    try {
      assertThat(kept.trouble()).as("the tree's hashes were left alone").isEmpty();
      assertThat(swept())
          .hasValueSatisfying(t -> assertThat(t).startsWith("record " + changed + " was changed"));
    } finally {
      setRecord(changed, "as it was not", "as it was");
    }
    assertThat(swept()).isEmpty();
  }

  @Test
  void recordDeletedAloneIsNamedByTheSweep() {
    record("to be deleted");
    record("one after");
    long gone = store.size() - 2;
    jdbc.sql("update audit_leaf set position = -1 where position = ?").param(gone).update();
    try {
      assertThat(swept())
          .hasValueSatisfying(t -> assertThat(t).startsWith("record " + gone + " was removed"));
    } finally {
      jdbc.sql("update audit_leaf set position = ? where position = -1").param(gone).update();
    }
    assertThat(swept()).isEmpty();
  }

  private void setRecord(long position, String from, String to) {
    jdbc.sql("update audit_leaf set record = replace(record, ?, ?) where position = ?")
        .params('"' + from + '"', '"' + to + '"', position)
        .update();
  }

  private void setHash(long position, Digest hash) {
    jdbc.sql("update audit_leaf set hash = ? where position = ?")
        .params(hash.hex(), position)
        .update();
  }
}
