package dev.otasigner.service.audit;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.audit.LogCheck;
import dev.otasigner.verifier.audit.TreeHash;
import dev.otasigner.verifier.json.Json;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.springframework.dao.CannotAcquireLockException;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * The records of one transaction. They get their numbers and are written together, as the last that
 * happens before the commit: the head of the log, which one transaction has at a time, is held for
 * no longer than that. Only before a step that cannot be taken back they are written earlier.
 */
final class TransactionRecords implements TransactionSynchronization {
  /** As long as a row's lock is waited for. */
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);

  private final AuditStore store;
  private final Clock clock;
  private final List<Entry> entries = new ArrayList<>();
  private boolean writing;
  private boolean holding;

  private TransactionRecords(AuditStore store, Clock clock) {
    this.store = store;
    this.clock = clock;
  }

  /** What is known of a record before it has a number. */
  record Entry(String actor, RecordKind kind, String subject, Json.Obj details) {}

  /**
   * Those of the transaction under way.
   *
   * @throws IllegalStateException without one
   */
  static TransactionRecords ofThisTransaction(AuditStore store, Clock clock) {
    for (TransactionSynchronization known :
        TransactionSynchronizationManager.getSynchronizations()) {
      if (known instanceof TransactionRecords records && records.store == store) {
        return records;
      }
    }
    TransactionRecords records = new TransactionRecords(store, clock);
    TransactionSynchronizationManager.registerSynchronization(records);
    return records;
  }

  void add(Entry entry) {
    entries.add(entry);
    if (writing) {
      // Recorded by something else that happens right before the commit.
      write();
    }
  }

  /** After everything else that is done there. */
  @Override
  public int getOrder() {
    return LOWEST_PRECEDENCE;
  }

  @Override
  public void beforeCommit(boolean readOnly) {
    writing = true;
    writeOut();
  }

  /** Writes what is there now, and holds the head of the log until the commit. */
  void writeOut() {
    if (!entries.isEmpty()) {
      write();
    }
  }

  private void write() {
    hold();
    long position = store.lockHead();
    Instant at = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    Growth growth = new Growth(store);
    MerkleTree tree = new MerkleTree(growth);
    List<AuditStore.NewLeaf> leaves = new ArrayList<>(entries.size());
    Digest before = position == 0 ? LogCheck.genesis(store.origin()) : store.get(0, position - 1);
    for (Entry entry : entries) {
      byte[] leaf =
          Json.object()
              .put("seq", position)
              .put("prev", before)
              .put("at", at.toString())
              .put("actor", entry.actor())
              .put("action", entry.kind().code())
              .put("subject", entry.subject())
              .put("details", entry.details())
              .build()
              .textBytes();
      Digest hash = TreeHash.leaf(leaf);
      leaves.add(
          new AuditStore.NewLeaf(
              new AuditStore.Leaf(position, new String(leaf, StandardCharsets.UTF_8)),
              at,
              entry.actor(),
              hash));
      growth.leaf(position, hash);
      tree.append(position, hash, growth);
      before = hash;
      position++;
    }
    entries.clear();
    store.append(leaves, growth.added);
  }

  private void hold() {
    if (holding) {
      return;
    }
    try {
      holding = store.appending().tryLock(LONGEST_WAIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (!holding) {
      throw new CannotAcquireLockException("others are at the head of the audit log");
    }
  }

  @Override
  public void afterCompletion(int status) {
    if (holding) {
      holding = false;
      store.appending().unlock();
    }
  }

  /** The stored tree with what is about to be added to it. */
  private static final class Growth implements MerkleTree.Nodes, MerkleTree.NewNodes {
    private final AuditStore store;
    private final Map<List<Long>, Digest> known = new HashMap<>();
    private final List<AuditStore.Node> added = new ArrayList<>();

    Growth(AuditStore store) {
      this.store = store;
    }

    void leaf(long position, Digest hash) {
      known.put(List.of(0L, position), hash);
    }

    @Override
    public Digest get(int level, long position) {
      Digest digest = known.get(List.of((long) level, position));
      return digest == null ? store.get(level, position) : digest;
    }

    @Override
    public void put(int level, long position, Digest hash) {
      known.put(List.of((long) level, position), hash);
      added.add(new AuditStore.Node(level, position, hash));
    }
  }
}
