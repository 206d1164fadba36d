package dev.otasigner.service.catalogue;

import dev.otasigner.service.signing.DurableFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One publisher at a time per repository. Each holder gets a higher number than the one before; the
 * number stands beside the files, and every write asks whether it still is the writer's. So a
 * holder that was taken for dead, and wakes up after another took over, can not write any more.
 */
final class PublisherLock {
  private static final String LOCK_FILE = ".publisher.lock";
  private static final String NUMBER_FILE = ".publisher";

  private final Path directory;
  private final ReentrantLock withinProcess = new ReentrantLock();

  PublisherLock(Path directory) {
    this.directory = directory;
  }

  /** Another publisher has taken over. */
  static final class LostException extends IOException {
    private static final long serialVersionUID = 1L;

    LostException(long own, long current) {
      super("publisher " + own + " has lost its lock to publisher " + current);
    }
  }

  /** Waits for the lock and takes it. */
  Held acquire() throws IOException {
    if (withinProcess.isHeldByCurrentThread()) {
      throw new IllegalStateException("this thread is publishing already");
    }
    withinProcess.lock();
    FileChannel channel = null;
    try {
      DurableFiles.createDirectories(directory);
      channel =
          FileChannel.open(
              directory.resolve(LOCK_FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = channel.lock();
      long number = currentNumber() + 1;
      DurableFiles.write(
          directory.resolve(NUMBER_FILE),
          Long.toString(number).getBytes(StandardCharsets.US_ASCII));
      return new Held(number, channel, lock);
    } catch (IOException | RuntimeException e) {
      if (channel != null) {
        channel.close();
      }
      withinProcess.unlock();
      throw e;
    }
  }

  private long currentNumber() throws IOException {
    Path file = directory.resolve(NUMBER_FILE);
    if (Files.notExists(file)) {
      return 0;
    }
    try {
      return Long.parseLong(Files.readString(file, StandardCharsets.US_ASCII).strip());
    } catch (NumberFormatException e) {
      throw new IOException(file + " is damaged: a number is expected", e);
    }
  }

  /** The lock while it is held. */
  final class Held implements AutoCloseable {
    private final long number;
    private final FileChannel channel;
    private final FileLock lock;

    private Held(long number, FileChannel channel, FileLock lock) {
      this.number = number;
      this.channel = channel;
      this.lock = lock;
    }

    /** Asked before every write. */
    void requireHeld() throws IOException {
      long current = currentNumber();
      if (current != number || !lock.isValid()) {
        throw new LostException(number, current);
      }
    }

    @Override
    public void close() throws IOException {
      try {
        channel.close();
      } finally {
        withinProcess.unlock();
      }
    }
  }
}
