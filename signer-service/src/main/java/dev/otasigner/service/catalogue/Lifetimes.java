package dev.otasigner.service.catalogue;

import java.time.Duration;
import java.time.Instant;

/**
 * How long each kind of metadata is valid, and when it is signed anew: root, targets and channels
 * with a third of their time left, the timestamp with half.
 *
 * @param timestamp how long a withdrawal takes at most to reach a device that cannot refresh
 */
record Lifetimes(
    Duration root, Duration targets, Duration channel, Duration snapshot, Duration timestamp) {
  static Lifetimes withTimestamp(Duration timestamp) {
    return new Lifetimes(
        Duration.ofDays(730),
        Duration.ofDays(365),
        Duration.ofDays(180),
        longer(Duration.ofDays(90), timestamp.multipliedBy(2)),
        timestamp);
  }

  /** Whether metadata of this lifetime shall be signed anew. */
  static boolean isDue(Instant expires, Duration lifetime, Instant now) {
    return now.plus(lifetime.dividedBy(3)).isAfter(expires);
  }

  boolean isTimestampDue(Instant expires, Instant now) {
    return now.plus(timestamp.dividedBy(2)).isAfter(expires);
  }

  private static Duration longer(Duration a, Duration b) {
    return a.compareTo(b) > 0 ? a : b;
  }
}
