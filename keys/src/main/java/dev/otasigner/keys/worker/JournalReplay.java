package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.worker.JournalEntry.Intent;
import dev.otasigner.keys.worker.JournalEntry.Outcome;
import dev.otasigner.keys.worker.JournalEntry.Result;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Reads a journal from its beginning. What a crash tore at the end is cut off and kept aside: it
 * was never acknowledged. A damaged record with a whole one behind it is no torn end, and refuses.
 */
final class JournalReplay {
  private static final int WINDOW_BYTES = 4 * 1024 * 1024;

  private final Journal.Observer observer;
  private final TreeSet<Long> open = new TreeSet<>();
  private long lastSeq;
  private Digest head = JournalEntry.GENESIS;
  private long cutBytes;

  private JournalReplay(Journal.Observer observer) {
    this.observer = observer;
  }

  static JournalReplay of(JournalFile file, Journal.Observer observer) throws IOException {
    JournalReplay replay = new JournalReplay(observer);
    replay.read(file);
    return replay;
  }

  long lastSeq() {
    return lastSeq;
  }

  Digest head() {
    return head;
  }

  long cutBytes() {
    return cutBytes;
  }

  /** Outcomes for the intents that have none: their signatures never left. */
  List<Outcome> interrupted() {
    List<Outcome> outcomes = new ArrayList<>();
    for (long seq : open) {
      outcomes.add(
          new Outcome(
              seq,
              JournalEntry.GENESIS,
              Result.FAILED,
              Optional.empty(),
              Optional.empty(),
              Optional.of("interrupted")));
    }
    return outcomes;
  }

  private void read(JournalFile file) throws IOException {
    long windowAt = 0;
    while (windowAt < file.sizeBytes()) {
      byte[] window = file.readFrom(windowAt, WINDOW_BYTES);
      int at = 0;
      for (byte[] json = JournalFrame.at(window, at); json != null; ) {
        accept(json, windowAt + at);
        at += JournalFrame.HEAD_BYTES + json.length;
        json = JournalFrame.at(window, at);
      }
      if (at == 0) {
        cut(file, window, windowAt);
        return;
      }
      windowAt += at;
    }
  }

  private void cut(JournalFile file, byte[] tail, long offset) throws IOException {
    // A write is smaller than the window, so a torn one lies in it whole.
    boolean beyond = file.sizeBytes() > offset + tail.length;
    for (int i = 1; i < tail.length && !beyond; i++) {
      beyond = JournalFrame.at(tail, i) != null;
    }
    if (beyond) {
      throw damaged(offset, "a record is damaged, and whole ones follow it");
    }
    file.keepAside(tail, offset);
    file.truncate(offset);
    cutBytes = tail.length;
  }

  private void accept(byte[] json, long offset) {
    JournalEntry entry;
    try {
      entry = JournalEntry.read(json);
    } catch (RejectedException e) {
      throw damaged(offset, e.getMessage());
    }
    if (!entry.prev().equals(head)) {
      throw damaged(offset, "the record does not follow the one before it");
    }
    if (entry instanceof Intent) {
      if (entry.seq() != lastSeq + 1) {
        throw damaged(offset, "intent " + entry.seq() + " after intent " + lastSeq);
      }
      lastSeq = entry.seq();
      open.add(lastSeq);
    } else if (entry.seq() > lastSeq) {
      throw damaged(offset, "an outcome without its intent");
    } else {
      open.remove(entry.seq());
    }
    head = Digest.of(json);
    observer.recorded(entry);
  }

  private static TokenUnavailable damaged(long offset, String what) {
    return new TokenUnavailable(
        "intent journal: at byte " + offset + ": " + what + "; restore it from a backup");
  }
}
