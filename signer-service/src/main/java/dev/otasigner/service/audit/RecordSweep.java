package dev.otasigner.service.audit;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.audit.Checkpoint;
import dev.otasigner.verifier.audit.LogCheck;
import dev.otasigner.verifier.audit.LogDamage;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Reads the records themselves, which no checkpoint is made of again: the tree's hashes stand
 * beside them, and tell nothing of a record that was changed alone. A part at a time, the whole log
 * once a day and after each start.
 */
@Component
class RecordSweep {
  /** In one call. */
  static final int PART = 50_000;

  private static final int PAGE = 500;
  private static final Duration EVERY = Duration.ofDays(1);

  private final AuditStore store;
  private final Clock clock;
  private @Nullable LogCheck check;
  private long end;
  private Instant begun = Instant.MIN;
  private volatile Optional<String> trouble = Optional.empty();

  RecordSweep(AuditStore store, Clock clock) {
    this.store = store;
    this.clock = clock;
  }

  /** What the last look found. */
  Optional<String> trouble() {
    return trouble;
  }

  /** Reads the next part, if it is time. */
  synchronized void look() {
    try {
      LogCheck running = running();
      if (running == null) {
        return;
      }
      long to = Math.min(end, running.records() + PART);
      for (long from = running.records(); from < to; from += PAGE) {
        List<AuditStore.Leaf> leaves = store.leaves(from, Math.min(from + PAGE, to));
        if (leaves.isEmpty()) {
          break;
        }
        for (AuditStore.Leaf leaf : leaves) {
          running.add(leaf.bytes());
        }
      }
      Optional<LogDamage> damage = running.damage();
      boolean goesOn = running.records() == to && to < end;
      if (!goesOn || damage.isPresent() && !isUnfinished(damage.get())) {
        trouble = damage.map(LogDamage::sentence);
        check = null;
      }
    } catch (RejectedException e) {
      trouble = Optional.of(String.valueOf(e.getMessage()));
      check = null;
    }
  }

  /** What is not read yet is not missing. */
  private static boolean isUnfinished(LogDamage damage) {
    return damage.kind() == LogDamage.Kind.CUT_OFF;
  }

  private @Nullable LogCheck running() throws RejectedException {
    Instant now = clock.instant();
    if (check == null && !begun.plus(EVERY).isAfter(now)) {
      begun = now;
      end = store.size();
      Checkpoint head = new Checkpoint(store.origin(), end, new MerkleTree(store).root(end));
      check = new LogCheck(List.of(head));
    }
    return check;
  }
}
