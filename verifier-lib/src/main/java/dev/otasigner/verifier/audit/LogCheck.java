package dev.otasigner.verifier.audit;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.audit.LogDamage.Kind;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.JsonReader;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Checks an export of the log, record after record, against checkpoints that were kept elsewhere.
 *
 * <p>A checkpoint alone tells whether everything before it is as it was, and no more. Each record
 * therefore carries its number and the hash of the record before it; where the two disagree, the
 * first record that is not what it was is named by number. Whoever writes everything anew from the
 * changed record on leaves no such trace: then it is known to lie between the largest checkpoint
 * that still holds and the smallest that does not.
 *
 * <p>Memory does not grow with the log.
 */
public final class LogCheck {
  /** Of one record. */
  public static final int MAX_RECORD_BYTES = 64 * 1024;

  /** Of checkpoints to compare with. */
  public static final int MAX_CHECKPOINTS = 10_000;

  private final List<Checkpoint> checkpoints;
  private final GrowingTree tree = new GrowingTree();
  private int due;
  private long holds;
  private Optional<Checkpoint> broken = Optional.empty();
  private Optional<LogDamage> found = Optional.empty();
  private Digest before = TreeHash.EMPTY;
  private long chainedFrom = -1;
  private boolean linkBroken;

  /**
   * Begins a check.
   *
   * @param kept checkpoints that were read, in any order; none is allowed
   * @throws RejectedException LIMIT_EXCEEDED for too many; MALFORMED when they are of different
   *     logs; METADATA_DIGEST_MISMATCH when two of one size name different heads: the log was shown
   *     to different people in different ways
   */
  public LogCheck(List<Checkpoint> kept) throws RejectedException {
    if (kept.size() > MAX_CHECKPOINTS) {
      throw new RejectedException(
          Reason.LIMIT_EXCEEDED, "more than " + MAX_CHECKPOINTS + " checkpoints");
    }
    this.checkpoints =
        kept.stream().distinct().sorted(Comparator.comparingLong(Checkpoint::size)).toList();
    for (int i = 1; i < checkpoints.size(); i++) {
      Checkpoint one = checkpoints.get(i - 1);
      Checkpoint other = checkpoints.get(i);
      if (!one.origin().equals(other.origin())) {
        throw new RejectedException(
            Reason.MALFORMED,
            "the checkpoints are of different logs",
            one.origin(),
            other.origin());
      }
      if (one.size() == other.size()) {
        throw new RejectedException(
            Reason.METADATA_DIGEST_MISMATCH,
            "two checkpoints contradict each other: both vouch for "
                + one.size()
                + " records, under different heads; the log was shown in two ways",
            one.root(),
            other.root());
      }
    }
    compare();
  }

  /**
   * What the first record of a log carries in place of the hash of the one before: it ties the log
   * to its name.
   */
  public static Digest genesis(String origin) {
    return Digest.of(origin.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Takes in the next record of the export, byte for byte as it was hashed.
   *
   * @throws RejectedException LIMIT_EXCEEDED over {@link #MAX_RECORD_BYTES}; MALFORMED when the
   *     first record is of another log than the checkpoints
   */
  public void add(byte[] record) throws RejectedException {
    if (record.length > MAX_RECORD_BYTES) {
      throw new RejectedException(
          Reason.LIMIT_EXCEEDED,
          "record " + tree.size() + " is over " + MAX_RECORD_BYTES + " bytes");
    }
    look(record);
    before = TreeHash.leaf(record);
    tree.add(before);
    compare();
  }

  private void look(byte[] record) throws RejectedException {
    long place = tree.size();
    Fields fields;
    long number;
    Optional<String> prev;
    try {
      fields = JsonReader.readObject(record, MAX_RECORD_BYTES);
      number = fields.integer("seq", 0, Long.MAX_VALUE);
      prev = fields.optionalString("prev");
    } catch (RejectedException e) {
      note(Kind.CHANGED, place, place, "it is no record: " + e.getMessage());
      return;
    }
    if (number != place) {
      numbered(place, number);
      return;
    }
    if (prev.isEmpty()) {
      if (chainedFrom >= 0) {
        note(Kind.CHANGED, place, place, "it lacks the hash of the record before it");
      }
      return;
    }
    if (place == 0) {
      requireOrigin(prev.get());
    }
    boolean first = chainedFrom < 0;
    if (first) {
      chainedFrom = place;
    }
    boolean linked = place == 0 || prev.get().equals(before.hex());
    if (!linked && found.isEmpty()) {
      linkBroken = true;
      note(
          Kind.CHANGED,
          place - 1,
          place - 1,
          "record " + place + " carries another hash of it than it has");
    } else if (!linked && linkBroken && found.isPresent() && found.get().first() == place - 2) {
      // Both of its links are broken, so it may be the first as well.
      LogDamage two = found.get();
      found =
          Optional.of(
              new LogDamage(
                  Kind.CHANGED,
                  two.first(),
                  place - 1,
                  two.how() + ", and its own is not the one expected either"));
    }
  }

  private void numbered(long place, long number) {
    Optional<LogDamage> known = found;
    if (known.isPresent()) {
      // A record that was missed and comes later was moved, not taken away.
      if (known.get().kind() == Kind.REMOVED && known.get().first() == number) {
        found =
            Optional.of(
                new LogDamage(
                    Kind.REORDERED, number, number, "it stands at place " + place + " instead"));
      }
      return;
    }
    if (number > place) {
      note(Kind.REMOVED, place, place, "record " + number + " stands in its place");
    } else {
      note(
          Kind.CHANGED, place, place, "a record numbered " + number + " stands in its place again");
    }
  }

  private void requireOrigin(String prev) throws RejectedException {
    if (!checkpoints.isEmpty()) {
      String origin = checkpoints.get(0).origin();
      if (!prev.equals(genesis(origin).hex())) {
        throw new RejectedException(
            Reason.MALFORMED,
            "the export is not of the log "
                + origin
                + " that the checkpoint is of, or its first record was changed");
      }
    }
  }

  private void note(Kind kind, long first, long last, String how) {
    if (found.isEmpty()) {
      found = Optional.of(new LogDamage(kind, first, last, how));
    }
  }

  /** Compares with the checkpoints that vouch for exactly what has come so far. */
  private void compare() throws RejectedException {
    while (due < checkpoints.size() && checkpoints.get(due).size() == tree.size()) {
      Checkpoint checkpoint = checkpoints.get(due);
      due++;
      if (!checkpoint.root().equals(tree.root())) {
        broken = broken.or(() -> Optional.of(checkpoint));
      } else if (broken.isPresent()) {
        throw new RejectedException(
            Reason.METADATA_DIGEST_MISMATCH,
            "two checkpoints contradict each other: the export is the log of "
                + checkpoint.size()
                + " records, and not that of "
                + broken.get().size()
                + "; the log was shown in two ways");
      } else {
        holds = checkpoint.size();
      }
    }
  }

  /** How many records have come so far. */
  public long records() {
    return tree.size();
  }

  /** RFC 6962 2.1: the head over all of them. */
  public Digest root() {
    return tree.root();
  }

  /** Up to where checkpoints vouch for the records: a number of records, zero for none. */
  public long vouchedFor() {
    return holds;
  }

  /** What is wrong, with the first record it is known of; empty when nothing is. */
  public Optional<LogDamage> damage() {
    Optional<LogDamage> inside = found.map(this::narrowed);
    if (broken.isPresent() && (inside.isEmpty() || inside.get().first() >= broken.get().size())) {
      long size = broken.get().size();
      return Optional.of(
          new LogDamage(
              Kind.CHANGED,
              holds,
              size - 1,
              "the checkpoint of "
                  + size
                  + " records does not hold, and every record agrees with the one before it:"
                  + " the log was written anew from there on"));
    }
    if (inside.isPresent()) {
      return inside;
    }
    if (due < checkpoints.size()) {
      long vouched = checkpoints.get(checkpoints.size() - 1).size();
      return Optional.of(
          new LogDamage(
              Kind.CUT_OFF,
              tree.size(),
              tree.size(),
              "a checkpoint vouches for " + vouched + " records, here are " + tree.size()));
    }
    return Optional.empty();
  }

  /** What a checkpoint vouches for is not what was changed. */
  private LogDamage narrowed(LogDamage damage) {
    long first = Math.max(damage.first(), holds);
    long last = Math.max(damage.last(), first);
    if (broken.isPresent() && first < broken.get().size()) {
      last = Math.min(last, broken.get().size() - 1);
    }
    return new LogDamage(damage.kind(), first, last, damage.how());
  }
}
