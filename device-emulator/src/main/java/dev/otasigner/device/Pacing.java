package dev.otasigner.device;

import dev.otasigner.device.transport.Backoff;
import java.time.Duration;

/**
 * When a device calls its service: never when all the others do.
 *
 * @param hold how long the application waits for the service after the power came
 * @param longestHold how long it waits when the service answers, whatever is being fetched; only a
 *     reset and a trial that are under way are waited for beyond it
 * @param spread the first call comes within this, so that devices which get their power back
 *     together do not call together; within the hold, so that an upgrade still comes first
 * @param first bound of the wait after a first failure; it doubles with every further one
 * @param longest bound of that wait
 * @param poll between calls, when the service does not say
 * @param shortest between calls, whatever the service says
 */
public record Pacing(
    Duration hold,
    Duration longestHold,
    Duration spread,
    Duration first,
    Duration longest,
    Duration poll,
    Duration shortest) {
  /** 10 s is what the product promises. */
  public static final Pacing DEFAULT =
      new Pacing(
          Duration.ofSeconds(10),
          Duration.ofMinutes(15),
          Duration.ofSeconds(8),
          Duration.ofSeconds(10),
          Duration.ofMinutes(15),
          Duration.ofHours(1),
          Duration.ofSeconds(1));

  public Pacing {
    if (spread.isNegative() || spread.compareTo(hold) > 0) {
      throw new IllegalArgumentException("the first call comes while the application is held");
    }
    if (longestHold.compareTo(hold) < 0) {
      throw new IllegalArgumentException("the longest hold is no shorter than the other");
    }
    if (shortest.toMillis() < 1 || poll.compareTo(shortest) < 0) {
      throw new IllegalArgumentException("there is some time between two calls");
    }
  }

  /** The same, with another time within which the first call comes. */
  public Pacing withSpread(Duration other) {
    return new Pacing(hold, longestHold, other, first, longest, poll, shortest);
  }

  /** The same, with another bound for how long the application is held. */
  public Pacing withLongestHold(Duration other) {
    return new Pacing(hold, other, spread, first, longest, poll, shortest);
  }

  Backoff backoff(long seed) {
    return new Backoff(first, longest, seed);
  }
}
