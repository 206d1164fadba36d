package dev.otasigner.keys;

import java.time.Duration;

/**
 * When the holder of a lock, who shows life as long as it runs, is taken to be dead or frozen.
 *
 * @param silence without any sign of life, by the clock of whoever waits, which is the time since
 *     it was started and no time of day
 * @param look how often whoever waits looks; a holder shows life as often
 */
public record Lease(Duration silence, Duration look) {
  /** Longer than any pause of a healthy process, shorter than a person's patience. */
  public static final Lease USUAL = new Lease(Duration.ofSeconds(10), Duration.ofMillis(250));

  /** A sign that is missed is no silence yet. */
  private static final int LEAST_SIGNS = 4;

  public Lease {
    if (look.isZero() || look.isNegative()) {
      throw new IllegalArgumentException("look: more than nothing is expected");
    }
    if (silence.compareTo(look.multipliedBy(LEAST_SIGNS)) < 0) {
      throw new IllegalArgumentException("silence: at least " + LEAST_SIGNS + " looks");
    }
  }
}
