package dev.otasigner.service.report;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Something that ends by itself, at a time that is known.
 *
 * @param what in a few words, such as {@code API key ci}
 * @param ahead nobody needs to know earlier: before that the service renews it by itself, or it is
 *     too short-lived; a year at most
 * @param support what devices lose with it, if anything
 */
public record Ending(String what, Instant at, Duration ahead, Optional<Support> support) {
  /** For what takes people an afternoon to renew. */
  public static final Duration USUALLY_AHEAD = Duration.ofDays(90);

  /** For what takes a fleet to have moved. */
  public static final Duration LONGEST_AHEAD = Duration.ofDays(365);

  /** When people are told of an end, the last time first: 12, 6 and 3 months, then days. */
  public static final List<Duration> STEPS =
      List.of(
          Duration.ZERO,
          Duration.ofDays(1),
          Duration.ofDays(7),
          Duration.ofDays(30),
          USUALLY_AHEAD,
          Duration.ofDays(182),
          LONGEST_AHEAD);

  public Ending {
    if (ahead.isNegative()) {
      throw new IllegalArgumentException(what + ": told after its end");
    }
    ahead = shorter(ahead, LONGEST_AHEAD);
  }

  /** One that devices do not notice. */
  public Ending(String what, Instant at, Duration ahead) {
    this(what, at, ahead, Optional.empty());
  }

  /** One that people have to do something about. */
  public Ending(String what, Instant at) {
    this(what, at, USUALLY_AHEAD);
  }

  /** One that is told when this much is left, or when people usually are, whichever is later. */
  public static Ending usually(String what, Instant at, Duration ahead) {
    return new Ending(what, at, shorter(ahead, USUALLY_AHEAD));
  }

  /** The same, with what devices lose by it. */
  public Ending taking(Support lost) {
    return new Ending(what, at, ahead, Optional.of(lost));
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }
}
