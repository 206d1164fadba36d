package dev.otasigner.service.replica;

import java.time.Duration;

/** What a service on stand-by knows of the active one by looking at the lease. */
final class StandBy {
  /** A sign of life comes every quarter of a second; a busy machine may be late with some. */
  private static final Duration SILENT = Duration.ofSeconds(2);

  /** From the end of the lease until the new active service answers. */
  private static final Duration STARTING = Duration.ofSeconds(10);

  private final Duration lease;
  private volatile Duration silence = Duration.ZERO;
  private volatile boolean ending;

  StandBy(Duration lease) {
    this.lease = lease;
  }

  void silent(Duration length) {
    silence = length;
  }

  Duration silence() {
    return silence;
  }

  /** This one is about to be the active one. */
  void ends() {
    ending = true;
  }

  boolean isActiveAnswering() {
    return !ending && silence.compareTo(SILENT) < 0;
  }

  /** When there may be an active service again. */
  Duration retryAfter() {
    Duration left = lease.minus(silence);
    return (left.isNegative() ? Duration.ZERO : left).plus(STARTING);
  }
}
