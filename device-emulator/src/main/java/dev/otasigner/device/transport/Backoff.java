package dev.otasigner.device.transport;

import java.time.Duration;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * How long to wait between attempts: after each failure up to twice as long, never longer than a
 * cap, and each time a random part of that ("full jitter"), so that devices which lost their server
 * together do not come back together. It has no clock and waits for nobody: equal seeds and calls
 * give equal answers.
 */
public final class Backoff {
  /** Whatever a server says, a device asks again within this time. */
  public static final Duration LONGEST_WISH = Duration.ofDays(7);

  private static final int SPREAD = 10;

  private final long firstMillis;
  private final long capMillis;
  private final SplittableRandom random;
  private int failures;

  /**
   * @param first the most there is to wait after the first failure, a millisecond at least
   * @param cap the most there ever is, but for a server that asks for more
   * @param seed a device's own
   */
  public Backoff(Duration first, Duration cap, long seed) {
    if (first.toMillis() < 1 || cap.compareTo(first) < 0 || cap.compareTo(LONGEST_WISH) > 0) {
      throw new IllegalArgumentException(
          "a back-off begins with a millisecond at least and ends with " + LONGEST_WISH);
    }
    this.firstMillis = first.toMillis();
    this.capMillis = cap.toMillis();
    this.random = new SplittableRandom(seed);
  }

  /** What there is to wait after one more failure: anything between nothing and the bound. */
  public Duration failed() {
    long bound = boundMillis();
    failures++;
    return Duration.ofMillis(random.nextLong(bound + 1));
  }

  /**
   * The same when the server said when to come back ({@code Retry-After}): not before, and not all
   * at once.
   */
  public Duration failed(Optional<Duration> retryAfter) {
    Duration own = failed();
    return retryAfter.isEmpty() ? own : bounded(retryAfter.get()).plus(own);
  }

  /**
   * The next attempt begins with a short wait again.
   *
   * @param nextSeconds when the server would like to see the device next; a tenth is added at most,
   *     so that a fleet that was asked at once does not answer at once
   * @return what there is to wait
   */
  public Duration succeeded(Duration nextSeconds) {
    failures = 0;
    Duration wish = bounded(nextSeconds);
    return wish.plusMillis(random.nextLong(wish.toMillis() / SPREAD + 1));
  }

  /** The next attempt begins with a short wait again. */
  public void succeeded() {
    failures = 0;
  }

  /** Failures since the last success. */
  public int failures() {
    return failures;
  }

  private long boundMillis() {
    // Doubling stops where it would leave the range of a long; the cap is far below.
    long bound = firstMillis << Math.min(failures, Long.numberOfLeadingZeros(firstMillis) - 2);
    return Math.min(capMillis, bound);
  }

  private static Duration bounded(Duration wish) {
    Duration floor = wish.isNegative() ? Duration.ZERO : wish;
    return floor.compareTo(LONGEST_WISH) > 0 ? LONGEST_WISH : floor;
  }
}
