package dev.otasigner.keys.worker;

import java.time.Duration;

/**
 * How long a worker's processes may take.
 *
 * @param answer for an answer
 * @param making for an answer, where a key is made
 * @param start from its start until it says that it has its token
 * @param firstPause between the end of one and the start of the next; it doubles each time
 * @param lastPause and grows no longer than this
 */
public record WorkerPatience(
    Duration answer, Duration making, Duration start, Duration firstPause, Duration lastPause) {

  /** What a module on a network needs. */
  public static final WorkerPatience USUAL =
      new WorkerPatience(
          Duration.ofSeconds(10),
          Duration.ofMinutes(2),
          Duration.ofSeconds(60),
          Duration.ofMillis(50),
          Duration.ofSeconds(2));
}
