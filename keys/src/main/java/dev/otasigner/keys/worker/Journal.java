package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.worker.JournalEntry.Intent;
import dev.otasigner.keys.worker.JournalEntry.Outcome;
import dev.otasigner.keys.worker.JournalEntry.Revocation;
import dev.otasigner.keys.worker.JournalReplay.Position;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The worker's append-only journal. A record is on the disk when {@link #append} returns; records
 * of threads that wait together are forced together.
 *
 * <p>After a write that failed, as on a full disk, the next call reads the end of the file again,
 * demands that the last record acknowledged is there, cuts off what is torn, and goes on only when
 * the disk can force that. After a force that failed nothing more is written until the worker is
 * started again: what the disk then holds is not known to this process.
 */
final class Journal implements AutoCloseable {

  /** Told of each record, in the order of the journal, before {@code append} returns. */
  interface Observer {
    void recorded(JournalEntry entry);
  }

  /**
   * Whether this worker is still the active one. Asked before each write; and after each force,
   * before anybody learns that the record is there: one that was frozen in between has written into
   * a file that the next worker has read already.
   */
  interface Fence {
    void require();
  }

  /**
   * Outlives the process, and needs no room on the disk: a wrong signature was made, and its record
   * is not in the journal yet. Set at a start, it means that an intent without an outcome may be
   * its intent.
   */
  interface Mark {
    /** For a journal that nobody signs by. */
    Mark NONE = new Mark() {};

    default boolean isSet() {
      return false;
    }

    default void set() throws IOException {}

    default void clear() throws IOException {}
  }

  private static final String INTERRUPTED = "interrupted";

  /** The records of one call. */
  private static final class Batch {
    final List<? extends JournalEntry> drafts;
    final List<Long> seqs = new ArrayList<>();
    private final Semaphore ended = new Semaphore(0);
    private @Nullable RuntimeException failure;

    Batch(List<? extends JournalEntry> drafts) {
      this.drafts = drafts;
    }

    void end(@Nullable RuntimeException with) {
      failure = with;
      ended.release();
    }

    List<Long> await() {
      ended.acquireUninterruptibly();
      if (failure != null) {
        throw failure;
      }
      return seqs;
    }
  }

  private final JournalFile file;
  private final Fence fence;
  private final Observer observer;
  private final Mark mark;
  private final ReentrantLock committing = new ReentrantLock();
  private final Deque<Batch> waiting = new ArrayDeque<>();
  // guarded by waiting: whether some thread writes, or is about to
  private boolean writing;
  private @Nullable Thread writer;
  private final Semaphore handedOver = new Semaphore(0);
  private volatile boolean closed;
  // guarded by committing
  private Position end;
  private volatile State state = State.WHOLE;
  // changed under committing; nothing is written without these
  private volatile List<Outcome> owed = List.of();

  private enum State {
    WHOLE,
    /** The last write failed, and nothing was forced since: the end is to be read again. */
    TORN,
    /** Only a new start tells what the disk holds. */
    UNKNOWN
  }

  private Journal(
      JournalFile file, Fence fence, Observer observer, Mark mark, JournalReplay replay) {
    this.file = file;
    this.fence = fence;
    this.observer = observer;
    this.mark = mark;
    this.end = replay.position();
  }

  /**
   * Reads the journal, cuts a torn tail, and closes what a crash left open: as failed, or where the
   * mark is set, as having signed wrongly.
   *
   * @throws TokenUnavailable when the journal is damaged before its end
   */
  static Opened open(JournalFile file, Fence fence, Observer observer, Mark mark) {
    return open(new JournalSegments.Opened(List.of(), before -> file), fence, observer, mark);
  }

  /** The same for a journal of several files, of which the last one is written to. */
  static Opened open(JournalSegments.Opened segments, Fence fence, Observer observer, Mark mark) {
    try {
      JournalReplay replay = JournalReplay.of(segments, observer);
      Journal journal = new Journal(replay.file(), fence, observer, mark, replay);
      List<Outcome> interrupted =
          replay.interrupted(mark.isSet() ? Usage.WRONG_SIGNATURE : INTERRUPTED);
      if (!interrupted.isEmpty()) {
        journal.append(interrupted);
      }
      mark.clear();
      return new Opened(
          journal,
          new Recovery(replay.position().lastSeq(), interrupted.size(), replay.cutBytes()));
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
    boolean writes;
    synchronized (waiting) {
      waiting.add(batch);
      writes = !writing;
      writing = true;
    }
    if (writes) {
      try {
        writeWaiting();
      } finally {
        handOver(); // whatever happened: nobody else would write for those who wait
      }
    }
    return batch.await();
  }

  /**
   * Records how a use ended that gave a wrong signature: before anything else is recorded, and
   * marked at once for the case that this process does not live to see it.
   *
   * @throws TokenUnavailable when it is not in the journal yet
   */
  void recordWrong(List<Outcome> outcomes) {
    committing.lock();
    try {
      List<Outcome> all = new ArrayList<>(owed);
      all.addAll(outcomes);
      owed = List.copyOf(all);
      fence.require();
      mark.set();
    } catch (IOException e) {
      // The record may still reach the disk.
    } finally {
      committing.unlock();
    }
    append(List.of());
  }

  /**
   * Demands that records can be written.
   *
   * @throws TokenUnavailable when they can not
   */
  void requireUsable() {
    if (state == State.TORN || !owed.isEmpty()) {
      append(List.of()); // mends what is torn and writes what is owed, or says why it can not
    }
    requireWritable();
  }

  /**
   * Demands that no other worker has taken over.
   *
   * @throws TokenUnavailable otherwise
   */
  void requireActive() {
    fence.require();
  }

  private void requireWritable() {
    if (state == State.UNKNOWN) {
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

  /**
   * Who came during a write is written for by a thread of its own, which does nothing else and so
   * is given a processor as soon as the disk is done; a thread that has just made a signature is
   * kept waiting for one, and everybody with it. Alone, a caller writes itself: that spares two
   * changes of thread.
   */
  private void handOver() {
    synchronized (waiting) {
      writing = !waiting.isEmpty();
      if (writing) {
        if (writer == null) {
          writer = new Thread(this::writeForOthers, "journal");
          writer.setDaemon(true);
          writer.start();
        }
        handedOver.release();
      }
    }
  }

  private void writeForOthers() {
    while (!closed) {
      handedOver.acquireUninterruptibly();
      while (isWanted()) {
        writeWaiting();
      }
    }
  }

  private boolean isWanted() {
    synchronized (waiting) {
      writing = !waiting.isEmpty();
      return writing;
    }
  }

  private void writeWaiting() {
    List<Batch> batches;
    synchronized (waiting) {
      batches = new ArrayList<>(waiting);
      waiting.clear();
    }
    RuntimeException failure = new TokenUnavailable("the thread that wrote the journal ended");
    committing.lock();
    try {
      requireWritable();
      if (state == State.TORN) {
        batches.add(0, new Batch(mended()));
      }
      if (!owed.isEmpty()) {
        batches.add(0, new Batch(owed));
      }
      write(batches);
      settle();
      failure = null;
    } catch (IOException e) {
      failure = new TokenUnavailable("intent journal: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      failure = e;
    } catch (Error e) {
      // out of memory, a library that is missing: the next ones may fare better
      failure = new TokenUnavailable("the intent journal could not be written: " + e, e);
    } finally {
      committing.unlock();
      for (Batch batch : batches) {
        batch.end(failure);
      }
    }
  }

  /** What was owed stands in the journal. */
  private void settle() throws IOException {
    if (!owed.isEmpty()) {
      owed = List.of();
      otherwise(State.UNKNOWN, mark::clear);
    }
  }

  /** Reads the end of the file again; returns outcomes for the intents nobody was told of. */
  private List<Outcome> mended() throws IOException {
    List<JournalEntry> found = new ArrayList<>();
    JournalReplay replay = JournalReplay.after(end, file, found::add);
    otherwise(
        State.UNKNOWN,
        () -> {
          file.force();
          end = replay.position();
          found.forEach(observer::recorded);
        });
    state = State.WHOLE;
    return replay.interrupted(INTERRUPTED);
  }

  private void write(List<Batch> batches) throws IOException {
    List<JournalEntry> entries = new ArrayList<>();
    ByteArrayOutputStream out = new ByteArrayOutputStream(4096);
    boolean several = batches.stream().mapToInt(batch -> batch.drafts.size()).sum() > 1;
    Position next = end;
    for (Batch batch : batches) {
      for (JournalEntry draft : batch.drafts) {
        JournalEntry entry = numbered(draft, next);
        byte[] json = JournalReplay.together(entry.toJson(), several, end.end()).textBytes();
        next = next.after(json, entry.seq());
        out.writeBytes(JournalFrame.encode(json));
        entries.add(entry);
        batch.seqs.add(entry.seq());
      }
    }
    if (entries.isEmpty()) {
      return;
    }
    // Others look at the state without waiting for this: it tells of what failed, never of what
    // may.
    otherwise(State.TORN, () -> file.append(out.toByteArray()));
    Position written = next;
    otherwise(
        State.UNKNOWN,
        () -> {
          file.force();
          fence.require();
          end = written;
          entries.forEach(observer::recorded);
        });
  }

  /** A step that leaves the journal in this state when it fails. */
  private void otherwise(State failed, Step step) throws IOException {
    boolean done = false;
    try {
      step.run();
      done = true;
    } finally {
      if (!done) {
        state = failed;
      }
    }
  }

  /** Something that is done to the file. */
  private interface Step {
    void run() throws IOException;
  }

  private static JournalEntry numbered(JournalEntry draft, Position end) {
    if (draft instanceof Intent intent) {
      return intent.at(end.lastSeq() + 1, end.head());
    }
    return draft instanceof Revocation revocation
        ? revocation.at(end.lastSeq() + 1, end.head())
        : ((Outcome) draft).after(end.head());
  }

  @Override
  public void close() {
    closed = true;
    handedOver.release();
    committing.lock();
    try {
      state = State.UNKNOWN;
      file.close();
    } catch (IOException e) {
      throw new TokenUnavailable("intent journal: " + e.getMessage(), e);
    } finally {
      committing.unlock();
    }
  }
}
