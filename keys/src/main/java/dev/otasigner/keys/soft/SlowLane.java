package dev.otasigner.keys.soft;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/**
 * Signatures that take a processor for a good part of a second: half the processors at most work on
 * them, a few more callers wait their turn, and others are told to come again. Without it a handful
 * of requests with SLH-DSA keys would hold up everybody's.
 */
final class SlowLane {
  /** Callers that may wait for each one who is served: some seconds' work. */
  private static final int WAITING_EACH = 7;

  private final Semaphore places;
  private final Semaphore serving;
  private final int callers;

  /** For a machine of so many processors. */
  SlowLane(int processors) {
    int servedAtOnce = Math.max(1, processors / 2);
    callers = servedAtOnce * (1 + WAITING_EACH);
    serving = new Semaphore(servedAtOnce, true);
    places = new Semaphore(callers);
  }

  /** Callers that are served or wait. */
  int underWay() {
    return callers - places.availablePermits();
  }

  /**
   * Signs when it is the caller's turn.
   *
   * @throws TokenUnavailable when too many wait already
   */
  byte[] sign(Supplier<byte[]> signing) {
    if (!places.tryAcquire()) {
      throw new TokenUnavailable(
          "SLH-DSA takes a second for a signature, and "
              + callers
              + " are asked for already; ask again");
    }
    try {
      serving.acquireUninterruptibly();
      try {
        return signing.get();
      } finally {
        serving.release();
      }
    } finally {
      places.release();
    }
  }
}
