package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.worker.JournalEntry.Intent;
import dev.otasigner.keys.worker.JournalEntry.Outcome;
import dev.otasigner.verifier.Digest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The worker's append-only journal. A record is on the disk when {@link #append} returns; records
 * of threads that wait together are forced together.
 *
 * <p>After an input or output error nothing more is written until the worker is started again: what
 * the disk then holds is not known to this process.
 */
final class Journal implements AutoCloseable {

  /** Told of each record, in the order of the journal, before {@code append} returns. */
  interface Observer {
    void recorded(JournalEntry entry);
  }

  /** Asked before each write whether this worker is still the active one. */
  interface Fence {
    void require();
  }

  private static final class Batch {
    final List<? extends JournalEntry> drafts;
    final List<Long> seqs = new ArrayList<>();
    boolean done;
    @Nullable RuntimeException failure;

    Batch(List<? extends JournalEntry> drafts) {
      this.drafts = drafts;
    }
  }

  private final JournalFile file;
  private final Fence fence;
  private final Observer observer;
  private final ReentrantLock committing = new ReentrantLock();
  private final Deque<Batch> waiting = new ArrayDeque<>();
  // guarded by committing
  private long lastSeq;
  private Digest head;
  private volatile boolean broken;

  private Journal(JournalFile file, Fence fence, Observer observer, JournalReplay replay) {
    this.file = file;
    this.fence = fence;
    this.observer = observer;
    this.lastSeq = replay.lastSeq();
    this.head = replay.head();
  }

  /**
   * Reads the journal, cuts a torn tail, and closes what a crash left open.
   *
   * @throws TokenUnavailable when the journal is damaged before its end
   */
  static Opened open(JournalFile file, Fence fence, Observer observer) {
    try {
      JournalReplay replay = JournalReplay.of(file, observer);
      Journal journal = new Journal(file, fence, observer, replay);
      List<Outcome> interrupted = replay.interrupted();
      if (!interrupted.isEmpty()) {
        journal.append(interrupted);
      }
      return new Opened(
          journal, new Recovery(replay.lastSeq(), interrupted.size(), replay.cutBytes()));
    } catch (IOException e) {
      throw new TokenUnavailable("intent journal: " + e.getMessage(), e);
    }
  }

  record Opened(Journal journal, Recovery recovery) {}

  /**
   * Makes the records durable, all or none.
   *
   * @return the numbers of the records: for intents, what their outcomes bear
   * @throws TokenUnavailable when they may not be on the disk
   */
  List<Long> append(List<? extends JournalEntry> drafts) {
    Batch batch = new Batch(drafts);
    synchronized (waiting) {
      waiting.add(batch);
    }
    committing.lock();
    try {
      if (!batch.done) {
        commitWaiting();
      }
    } finally {
      committing.unlock();
    }
    if (batch.failure != null) {
      throw batch.failure;
    }
    return batch.seqs;
  }

  /** Whether records can still be written. */
  void requireUsable() {
    if (broken) {
      throw new TokenUnavailable(
          "the intent journal could not be written; it is read again when the worker starts");
    }
    fence.require();
  }

  /** Calls that wait for their records to be forced. */
  int waitingBatches() {
    synchronized (waiting) {
      return waiting.size();
    }
  }

  private void commitWaiting() {
    List<Batch> batches;
    synchronized (waiting) {
      batches = new ArrayList<>(waiting);
      waiting.clear();
    }
    List<JournalEntry> entries = new ArrayList<>();
    RuntimeException failure = null;
    try {
      requireUsable();
      ByteArrayOutputStream out = new ByteArrayOutputStream(4096);
      for (Batch batch : batches) {
        for (JournalEntry draft : batch.drafts) {
          JournalEntry entry = numbered(draft);
          byte[] json = entry.toJson().textBytes();
          head = Digest.of(json);
          out.writeBytes(JournalFrame.encode(json));
          entries.add(entry);
          batch.seqs.add(entry.seq());
        }
      }
      file.append(out.toByteArray());
      file.force();
      entries.forEach(observer::recorded);
    } catch (IOException e) {
      broken = true;
      failure = new TokenUnavailable("intent journal: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      // The chain's head has moved on without its record.
      broken = broken || !entries.isEmpty();
      failure = e;
    }
    for (Batch batch : batches) {
      batch.failure = failure;
      batch.done = true;
    }
  }

  private JournalEntry numbered(JournalEntry draft) {
    if (draft instanceof Intent intent) {
      lastSeq++;
      return intent.at(lastSeq, head);
    }
    return ((Outcome) draft).after(head);
  }

  @Override
  public void close() {
    committing.lock();
    try {
      broken = true;
      file.close();
    } catch (IOException e) {
      throw new TokenUnavailable("intent journal: " + e.getMessage(), e);
    } finally {
      committing.unlock();
    }
  }
}
