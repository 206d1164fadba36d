package dev.otasigner.service.audit;

import dev.otasigner.service.access.Actor;
import java.util.Map;

/** The record of who did what. */
public interface AuditLog {

  /**
   * Appends a record in the transaction under way, or in one of its own. It has its number and its
   * time, and can be read, when the transaction commits.
   *
   * @param action a short dotted name such as {@code key.activated}
   * @param subject what it was done to, such as {@code key:release-2026}
   * @param details never a secret
   */
  void record(Actor actor, String action, String subject, Map<String, String> details);

  /** The same for the actor whose request is being served. */
  default void record(String action, String subject, Map<String, String> details) {
    record(Actor.current(), action, subject, details);
  }

  /**
   * Writes out what the transaction under way has recorded so far: called before it does what no
   * rollback undoes, so that nothing of the kind is done which could not be recorded. The head of
   * the log is held from here until the commit.
   *
   * @throws IllegalStateException without a transaction
   */
  void writeOut();

  /**
   * A C2SP signed note over the tree as it is now.
   *
   * @throws dev.otasigner.service.problem.SignerException when no audit key can sign, or the log no
   *     longer contains what an earlier checkpoint vouched for
   */
  byte[] checkpoint();
}
