package dev.otasigner.service.access;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * How slowly a body may come. The time limit of a read alone is no bound: one byte for each of them
 * holds a thread for as long as the client likes. So whenever a body has been waited for as long as
 * the window, as many bytes as the rate asks for have come since the window before, or it is given
 * up. Only waiting counts: what the service itself takes long for is not the client's.
 */
final class BodyPace {
  static final Duration WINDOW = Duration.ofSeconds(20);
  static final int MIN_BYTES_PER_SECOND = 1000;
  private static final long MIN_BYTES = WINDOW.toSeconds() * MIN_BYTES_PER_SECOND;

  private final LongSupplier nanoTime;
  private long began;
  private long waited;
  private long came;
  private boolean givenUp;

  /**
   * A pace.
   *
   * @param nanoTime a clock that never goes back
   */
  BodyPace(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** A read begins. */
  void waits() {
    if (givenUp) {
      throw tooSlow();
    }
    began = nanoTime.getAsLong();
  }

  /** A read has brought this many bytes; nothing more is expected when that is negative. */
  void brought(int bytes) {
    waited += nanoTime.getAsLong() - began;
    came += Math.max(0, bytes);
    if (bytes < 0 || waited < WINDOW.toNanos()) {
      return;
    }
    if (came < MIN_BYTES) {
      throw givesUp();
    }
    waited = 0;
    came = 0;
  }

  /** Every read from now on is refused: nobody waits for this client once more. */
  SignerException givesUp() {
    givenUp = true;
    return tooSlow();
  }

  private static SignerException tooSlow() {
    return new SignerException(
        ProblemType.TOO_SLOW,
        "at least " + MIN_BYTES + " bytes are expected in " + WINDOW.toSeconds() + " seconds");
  }
}
