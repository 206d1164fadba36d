package dev.otasigner.service.signing;

import java.io.IOException;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/** Lets one caller at a time take a step with a request. */
final class Turns {
  private final Map<UUID, Turn> running = new ConcurrentHashMap<>();

  /** A step with a request that nobody else takes a step with meanwhile. */
  interface Step {
    SigningRequest take() throws IOException;
  }

  /** A request's lock, kept for as long as anybody holds it or waits for it. */
  private static final class Turn {
    private final ReentrantLock lock = new ReentrantLock();
    private int people;
  }

  SigningRequest take(UUID id, Step step) throws IOException {
    Turn turn =
        running.compute(
            id,
            (same, there) -> {
              Turn one = there == null ? new Turn() : there;
              one.people++;
              return one;
            });
    turn.lock.lock();
    try {
      return step.take();
    } finally {
      turn.lock.unlock();
      running.computeIfPresent(id, (same, there) -> --there.people == 0 ? null : there);
    }
  }
}
