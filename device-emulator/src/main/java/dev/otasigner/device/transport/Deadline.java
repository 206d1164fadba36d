package dev.otasigner.device.transport;

import java.net.SocketTimeoutException;
import java.time.Duration;

/** The end of an attempt to connect, whatever it is busy with. */
final class Deadline {
  private final long endNanos;
  private final Duration total;

  private Deadline(Duration total) {
    this.total = total;
    this.endNanos = System.nanoTime() + total.toNanos();
  }

  static Deadline in(Duration total) {
    return new Deadline(total);
  }

  /** An equal share of what is left, for the next of several, but never less than this. */
  Deadline share(int several, Duration least) {
    Duration left = Duration.ofNanos(Math.max(0, endNanos - System.nanoTime()));
    Duration part = left.dividedBy(several);
    Duration share = part.compareTo(least) < 0 ? least : part;
    return new Deadline(share.compareTo(left) < 0 ? share : left);
  }

  boolean isOver() {
    return System.nanoTime() - endNanos >= 0;
  }

  /**
   * The shorter of what is left and this, in milliseconds as sockets take them.
   *
   * @throws SocketTimeoutException when nothing is left
   */
  int millis(Duration atMost) throws SocketTimeoutException {
    long left = (endNanos - System.nanoTime()) / 1_000_000;
    if (left <= 0) {
      throw new SocketTimeoutException("given up after " + total.toMillis() + " ms in all");
    }
    return Math.toIntExact(Math.min(left, Math.max(1, atMost.toMillis())));
  }
}
