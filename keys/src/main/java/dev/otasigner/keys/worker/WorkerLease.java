package dev.otasigner.keys.worker;

import dev.otasigner.keys.Disk;
import dev.otasigner.keys.DurableFile;
import dev.otasigner.keys.ExclusiveLock;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.Lease;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * The right to be the worker of a directory that several services share, held before the worker is
 * started and kept until the process ends. Whoever has it shows life; it is lost to another one
 * after silence.
 */
public final class WorkerLease implements AutoCloseable {
  private final Path directory;
  private final ExclusiveLock lock;

  private WorkerLease(Path directory, ExclusiveLock lock) {
    this.directory = directory;
    this.lock = lock;
  }

  /**
   * Waits until the one who has it is dead, has given it back, or has shown no life for the time of
   * the lease.
   *
   * @param silent told at each look for how long nobody has shown life
   * @param lost told once when another one has taken it from this process
   * @throws TokenUnavailable when the directory can not be read or written
   */
  public static WorkerLease await(
      Path directory, Lease lease, Consumer<Duration> silent, Consumer<String> lost) {
    try {
      DurableFile.createDirectories(directory);
    } catch (IOException e) {
      throw new TokenUnavailable(directory + ": can not be made: " + e.getMessage(), e);
    }
    ExclusiveLock lock = ExclusiveLock.await(directory, TokenWorker.LOCK, Disk.REAL, lease, silent);
    lock.keepAlive(lease, lost);
    return new WorkerLease(directory, lock);
  }

  /** Higher each time that somebody gets it. */
  public long number() {
    return lock.number();
  }

  /** Whether the one before was frozen, and may go on at any time. */
  public boolean isSeized() {
    return lock.isSeized();
  }

  /**
   * Returns only while nobody else has it.
   *
   * @throws TokenUnavailable otherwise
   */
  public void require() {
    lock.require();
  }

  Path directory() {
    return directory;
  }

  ExclusiveLock lock() {
    return lock;
  }

  /** Gives it back: whoever waits has it at once. */
  @Override
  public void close() {
    lock.close();
  }
}
