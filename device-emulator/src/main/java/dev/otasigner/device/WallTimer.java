package dev.otasigner.device;

import java.io.Closeable;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Time as it really passes, for one device: what is due does not wait for a call to end. */
public final class WallTimer implements Timer, Closeable {
  private static final int THREADS = 2;

  private final long begin = System.nanoTime();
  private final ScheduledThreadPoolExecutor executor =
      new ScheduledThreadPoolExecutor(
          THREADS,
          task -> {
            Thread thread = new Thread(task, "device");
            thread.setDaemon(true);
            return thread;
          });

  public WallTimer() {
    executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  @Override
  public Duration now() {
    return Duration.ofNanos(System.nanoTime() - begin);
  }

  @Override
  public void after(Duration delay, Runnable task) {
    if (!executor.isShutdown()) {
      // Whoever schedules a task has it tell of its own trouble.
      ScheduledFuture<?> unused = executor.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  /** Nothing that is not due yet will run. */
  @Override
  public void close() {
    executor.shutdown();
  }
}
