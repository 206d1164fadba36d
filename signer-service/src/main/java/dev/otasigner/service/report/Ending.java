package dev.otasigner.service.report;

import java.time.Duration;
import java.time.Instant;

/**
 * Something that ends by itself, at a time that is known.
 *
 * @param what in a few words, such as {@code API key ci}
 * @param ahead nobody needs to know earlier: before that the service renews it by itself, or it is
 *     too short-lived
 */
public record Ending(String what, Instant at, Duration ahead) {
  public static final Duration LONGEST_AHEAD = Duration.ofDays(90);

  public Ending {
    if (ahead.isNegative()) {
      throw new IllegalArgumentException(what + ": told after its end");
    }
    ahead = ahead.compareTo(LONGEST_AHEAD) < 0 ? ahead : LONGEST_AHEAD;
  }

  /** One that people have to do something about. */
  public Ending(String what, Instant at) {
    this(what, at, LONGEST_AHEAD);
  }
}
