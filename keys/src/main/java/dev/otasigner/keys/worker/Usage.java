package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.keys.worker.JournalEntry.Intent;
import dev.otasigner.keys.worker.JournalEntry.Outcome;
import dev.otasigner.keys.worker.JournalEntry.Result;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the journal tells of each key: how often it was used lately, and whether it may still be.
 */
final class Usage implements Journal.Observer {
  static final String WRONG_SIGNATURE = "wrong-signature";
  private static final Duration QUOTA_WINDOW = Duration.ofHours(24);

  /** The same key, for the same request, over the same bytes. */
  record Attempt(Digest request, Digest keyId, Digest toBeSigned) {
    static Attempt of(Intent intent) {
      return new Attempt(intent.request(), intent.keyId(), intent.toBeSigned());
    }
  }

  /** A key and the request it was used for. */
  private record Use(Digest request, Digest keyId) {
    static Use of(Attempt attempt) {
      return new Use(attempt.request(), attempt.keyId());
    }
  }

  /** A signature that stands in the journal. */
  record Stored(long seq, Bytes signature) {}

  private final Map<Long, Intent> open = new HashMap<>();
  private final Map<Attempt, Stored> signed = new HashMap<>();
  private final Map<Use, Digest> first = new HashMap<>();
  private final Map<Digest, Deque<Instant>> uses = new HashMap<>();
  private final Map<Digest, Long> reserved = new HashMap<>();
  private final Set<Digest> outOfService = new HashSet<>();
  private final Set<Attempt> claimed = new HashSet<>();
  private final Optional<Instant> restored;

  /**
   * An empty memory.
   *
   * @param restored when the journal came back from a backup, which does not know what was signed
   *     between the backup and then
   */
  Usage(Optional<Instant> restored) {
    this.restored = restored;
  }

  Optional<Instant> restored() {
    return restored;
  }

  @Override
  public synchronized void recorded(JournalEntry entry) {
    if (entry instanceof Intent intent) {
      open.put(intent.seq(), intent);
      recent(intent.keyId(), intent.at()).addLast(intent.at());
      return;
    }
    if (!(entry instanceof Outcome outcome)) {
      return;
    }
    Intent intent = open.remove(outcome.seq());
    if (intent == null) {
      return;
    }
    if (outcome.outcome() == Result.SIGNED && outcome.stored().isPresent()) {
      Attempt attempt = Attempt.of(intent);
      signed.put(attempt, new Stored(intent.seq(), outcome.stored().get()));
      first.putIfAbsent(Use.of(attempt), attempt.toBeSigned());
    }
    if (outcome.reason().filter(WRONG_SIGNATURE::equals).isPresent()) {
      outOfService.add(intent.keyId());
    }
  }

  /**
   * The signature that was made for this attempt before. The attempt is this caller's alone until
   * {@link #release}: two signatures for one request could else leave side by side.
   *
   * @throws TokenUnavailable when another caller has it
   */
  synchronized Optional<Stored> claim(Attempt attempt) {
    if (!claimed.add(attempt)) {
      throw new TokenUnavailable("this very request is being signed already; ask again");
    }
    return Optional.ofNullable(signed.get(attempt));
  }

  /**
   * Demands that the key signed, and signs, nothing else for the request of a claimed attempt.
   *
   * @throws Refused REQUEST_MISMATCH
   */
  synchronized void requireOnly(Attempt attempt) {
    Use use = Use.of(attempt);
    boolean other =
        first.containsKey(use)
            || claimed.stream().anyMatch(c -> Use.of(c).equals(use) && !c.equals(attempt));
    if (other) {
      throw new Refused(
          RefusalCode.REQUEST_MISMATCH,
          "the key has signed another manifest for this request, and signs one for each");
    }
  }

  synchronized void release(Collection<Attempt> attempts) {
    claimed.removeAll(attempts);
  }

  synchronized Set<Digest> outOfService() {
    return Set.copyOf(outOfService);
  }

  synchronized void takeOutOfService(Digest keyId) {
    outOfService.add(keyId);
  }

  synchronized void requireInService(Digest keyId) {
    if (outOfService.contains(keyId)) {
      throw new Refused(
          RefusalCode.OUT_OF_SERVICE,
          "key " + keyId.abbreviated() + " gave a signature that did not verify");
    }
  }

  /**
   * Takes one use out of the key's quota until {@link #settle}, by when the journal counts it.
   *
   * @throws Refused QUOTA_USED_UP
   */
  synchronized void reserve(Rule rule, Instant now) {
    if (remaining(rule, now).filter(left -> left == 0).isPresent()) {
      throw new Refused(
          RefusalCode.QUOTA_USED_UP,
          "key "
              + rule.keyId().abbreviated()
              + " has made its "
              + rule.quota().get()
              + " signatures of 24 hours");
    }
    reserved.merge(rule.keyId(), 1L, Long::sum);
  }

  /** What is left of the rule's quota now; empty when it has none. */
  synchronized Optional<Long> remaining(Rule rule, Instant now) {
    return rule.quota().map(quota -> Math.max(0, quota - used(rule, now)));
  }

  /** Uses of the last 24 hours, here and where the key came from. */
  synchronized long used(Rule rule, Instant now) {
    long elsewhere = rule.moved().map(moved -> moved.usesAt(now, QUOTA_WINDOW)).orElse(0L);
    return elsewhere + recent(rule.keyId(), now).size() + reserved.getOrDefault(rule.keyId(), 0L);
  }

  /** The uses that count at this time; those that count no more are forgotten. */
  private Deque<Instant> recent(Digest keyId, Instant now) {
    Deque<Instant> recent = uses.computeIfAbsent(keyId, k -> new ArrayDeque<>());
    Instant from = now.minus(QUOTA_WINDOW);
    while (!recent.isEmpty() && !recent.getFirst().isAfter(from)) {
      recent.removeFirst();
    }
    return recent;
  }

  /** How many uses are kept in memory. */
  synchronized int remembered() {
    return uses.values().stream().mapToInt(Deque::size).sum();
  }

  synchronized void settle(Digest keyId) {
    reserved.merge(keyId, -1L, Long::sum);
  }
}
