package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.keys.worker.JournalEntry.Revocation;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/**
 * The approvals that were taken back, as the journal tells of them. One is known by what its
 * approver signed, not by the envelope around it, which anybody can write in another way.
 */
final class Revocations implements Journal.Observer {
  /** An approver makes approvals one by one, and each lapses after thirty days at most. */
  static final int MAX = 100_000;

  /** A clock that is set back a little brings none of them back. */
  private static final Duration REMEMBERED_LONGER = Duration.ofDays(7);

  private final int max;
  private final Map<Word, Instant> lapses = new HashMap<>();

  Revocations(int max) {
    this.max = max;
  }

  /**
   * What an approver said.
   *
   * @param approver identifier of the key
   * @param payload digest of what was signed
   */
  record Word(Digest approver, Digest payload) {
    static Word of(Digest approver, Bytes payload) {
      return new Word(approver, Digest.of(payload));
    }
  }

  @Override
  public synchronized void recorded(JournalEntry entry) {
    if (entry instanceof Revocation revocation) {
      if (lapses.size() >= max) {
        forget(revocation.at());
      }
      lapses.put(new Word(revocation.approver(), revocation.approval()), revocation.notAfter());
    }
  }

  private void forget(Instant now) {
    lapses.values().removeIf(notAfter -> notAfter.plus(REMEMBERED_LONGER).isBefore(now));
  }

  synchronized boolean has(Word word) {
    return lapses.containsKey(word);
  }

  /**
   * Demands that the approval was not taken back.
   *
   * @throws Refused APPROVAL_TAKEN_BACK
   */
  void requireStanding(Word word, String person) {
    if (has(word)) {
      throw new Refused(RefusalCode.APPROVAL_TAKEN_BACK, person + " has taken this approval back");
    }
  }

  /**
   * Demands that one more can be remembered; those that lapsed long ago are forgotten.
   *
   * @throws Refused REVOCATIONS_FULL
   */
  synchronized void requireRoom(Instant now) {
    if (lapses.size() < max) {
      return;
    }
    forget(now);
    if (lapses.size() >= max) {
      throw new Refused(
          RefusalCode.REVOCATIONS_FULL,
          "the worker remembers " + lapses.size() + " approvals that were taken back, and no more");
    }
  }
}
