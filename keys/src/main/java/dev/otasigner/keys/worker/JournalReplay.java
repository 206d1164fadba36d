package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.worker.JournalEntry.Continuation;
import dev.otasigner.keys.worker.JournalEntry.Intent;
import dev.otasigner.keys.worker.JournalEntry.Outcome;
import dev.otasigner.keys.worker.JournalEntry.Result;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Reads a journal from its beginning, or from where its writer knows it. What a crash or a full
 * disk tore at the end is cut off and kept aside: it was never acknowledged. Room for more records,
 * all zeroes, is given back. A damaged record with a whole one of a later write behind it is no
 * torn end, and refuses.
 */
final class JournalReplay {
  private static final int WINDOW_BYTES = 4 * 1024 * 1024;
  private static final String TOGETHER = "together";

  private final Journal.Observer observer;
  private final TreeSet<Long> open = new TreeSet<>();
  private Position position;
  private long cutBytes;
  private @Nullable JournalFile file;

  /**
   * The end of a journal.
   *
   * @param lastAt where the last record begins
   * @param end where it ends
   * @param lastSeq number of the last intent or revocation
   * @param head digest of the last record
   */
  record Position(long lastAt, long end, long lastSeq, Digest head) {
    static final Position START = new Position(0, 0, 0, JournalEntry.GENESIS);

    /** The beginning of the file that goes on from here. */
    Position inNextFile() {
      return new Position(0, 0, lastSeq, head);
    }

    /** The end once this record stands there too. */
    Position after(byte[] json, long seq) {
      return new Position(
          end,
          end + JournalFrame.HEAD_BYTES + json.length,
          Math.max(lastSeq, seq),
          Digest.of(json));
    }
  }

  private JournalReplay(Journal.Observer observer, Position position) {
    this.observer = observer;
    this.position = position;
  }

  static JournalReplay of(JournalFile file, Journal.Observer observer) throws IOException {
    return of(new JournalSegments.Opened(List.of(), before -> file), observer);
  }

  /** Reads a journal of several files. */
  static JournalReplay of(JournalSegments.Opened segments, Journal.Observer observer)
      throws IOException {
    JournalReplay replay = new JournalReplay(observer, Position.START);
    Position before = Position.START;
    for (JournalFile segment : segments.before()) {
      replay.read(segment);
      if (replay.position.end() != segment.sizeBytes()) {
        throw damaged(replay.position.end(), "a segment is cut short");
      }
      before = replay.position;
      replay.position = before.inNextFile();
    }
    JournalFile newest = segments.newest().after(before);
    replay.file = newest;
    replay.read(newest);
    if (!segments.before().isEmpty() && replay.position.end() == 0) {
      throw damaged(0, "a segment does not say what it follows");
    }
    return replay;
  }

  /**
   * Reads only what comes after a position that the caller wrote or read itself.
   *
   * @throws TokenUnavailable when the last record before it is not there any more
   */
  static JournalReplay after(Position known, JournalFile file, Journal.Observer observer)
      throws IOException {
    JournalReplay replay = new JournalReplay(observer, known);
    replay.requireThere(file);
    replay.read(file);
    return replay;
  }

  Position position() {
    return position;
  }

  /** The file that is written to. */
  JournalFile file() {
    return Objects.requireNonNull(file);
  }

  private void requireThere(JournalFile file) throws IOException {
    if (position.end() == 0) {
      return;
    }
    int length = (int) (position.end() - position.lastAt());
    byte[] json =
        file.sizeBytes() < position.end()
            ? null
            : JournalFrame.at(file.readFrom(position.lastAt(), length), 0);
    if (json == null || !Digest.of(json).equals(position.head())) {
      throw damaged(position.lastAt(), "the last record that was written is not there any more");
    }
  }

  long cutBytes() {
    return cutBytes;
  }

  /** Outcomes for the intents that have none: their signatures never left. */
  List<Outcome> interrupted(String reason) {
    List<Outcome> outcomes = new ArrayList<>();
    for (long seq : open) {
      outcomes.add(
          new Outcome(
              seq,
              JournalEntry.GENESIS,
              Result.FAILED,
              Optional.empty(),
              Optional.empty(),
              Optional.of(reason)));
    }
    return outcomes;
  }

  private void read(JournalFile file) throws IOException {
    long windowAt = position.end();
    while (windowAt < file.sizeBytes()) {
      byte[] window = file.readFrom(windowAt, WINDOW_BYTES);
      int at = 0;
      for (byte[] json = JournalFrame.at(window, at); json != null; ) {
        accept(json);
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
    // A write and the room behind it are smaller than the window, so a torn one lies in it whole.
    boolean beyond = file.sizeBytes() > offset + tail.length;
    int torn = tail.length;
    while (torn > 0 && tail[torn - 1] == 0) {
      torn--;
    }
    for (int i = 1; i < torn && !beyond; i++) {
      byte[] json = JournalFrame.at(tail, i);
      beyond = json != null && !wasWrittenWith(offset, json);
    }
    if (beyond) {
      throw damaged(offset, "a record is damaged, and whole ones follow it");
    }
    if (torn > 0) {
      file.keepAside(Arrays.copyOf(tail, torn), offset);
    }
    file.truncate(offset);
    cutBytes = torn;
  }

  /**
   * A record as it is written: of several that are written at once each says where the first one
   * begins. Their pages reach the disk in any order, so a later one may be there without the first.
   */
  static Json.Obj together(Json.Obj record, boolean several, long from) {
    if (!several) {
      return record;
    }
    Map<String, Json> members = new LinkedHashMap<>(record.members());
    members.put(TOGETHER, new Json.Num(from));
    return new Json.Obj(members);
  }

  /** Whether a whole record was written at once with the damaged one before it. */
  private static boolean wasWrittenWith(long damagedAt, byte[] json) {
    try {
      Fields fields = JsonReader.readObject(json, JournalFrame.MAX_BYTES);
      return fields.has(TOGETHER) && fields.integer(TOGETHER, 0, Long.MAX_VALUE) <= damagedAt;
    } catch (RejectedException e) {
      return false;
    }
  }

  private void accept(byte[] json) {
    long offset = position.end();
    JournalEntry entry;
    try {
      entry = JournalEntry.read(json);
    } catch (RejectedException e) {
      throw damaged(offset, e.getMessage());
    }
    if (!entry.prev().equals(position.head())) {
      throw damaged(offset, "the record does not follow the one before it");
    }
    if (entry instanceof Continuation) {
      if (offset != 0 || entry.seq() != position.lastSeq()) {
        throw damaged(offset, "a segment begins within another, or not where that one ended");
      }
    } else if (!(entry instanceof Outcome)) {
      if (entry.seq() != position.lastSeq() + 1) {
        throw damaged(offset, "record " + entry.seq() + " after record " + position.lastSeq());
      }
      if (entry instanceof Intent) {
        open.add(entry.seq());
      }
    } else if (entry.seq() > position.lastSeq()) {
      throw damaged(offset, "an outcome without its intent");
    } else {
      open.remove(entry.seq());
    }
    position = position.after(json, entry.seq());
    observer.recorded(entry);
  }

  private static TokenUnavailable damaged(long offset, String what) {
    return new TokenUnavailable(
        "intent journal: at byte " + offset + ": " + what + "; restore it from a backup");
  }
}
