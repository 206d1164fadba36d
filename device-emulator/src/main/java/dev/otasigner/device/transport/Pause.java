package dev.otasigner.device.transport;

import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Lets time go by before something is tried again. */
@FunctionalInterface
public interface Pause {
  /** Real time. */
  Pause REAL =
      duration -> {
        try {
          TimeUnit.MILLISECONDS.sleep(duration.toMillis());
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new InterruptedIOException("interrupted while waiting to dial again");
        }
      };

  void pause(Duration duration) throws InterruptedIOException;
}
