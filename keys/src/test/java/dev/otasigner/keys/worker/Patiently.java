package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Asks again and again for what another process is about to do. */
final class Patiently {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Duration PAUSE = Duration.ofMillis(5);

  private Patiently() {}

  static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      LockSupport.parkNanos(PAUSE.toNanos());
    }
  }

  /** What the worker answers once its token is there. */
  static <T> T once(Supplier<T> asked) {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (true) {
      try {
        return asked.get();
      } catch (TokenUnavailable e) {
        if (System.nanoTime() > deadline) {
          throw e;
        }
        LockSupport.parkNanos(PAUSE.toNanos());
      }
    }
  }
}
