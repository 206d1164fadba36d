package dev.otasigner.service;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Lets one service at a time have a data directory. The operating system drops the lock with the
 * process, so nothing has to be cleared away after a kill.
 */
final class DirectoryLock {
  /** Kept from the collector, which would close the channel and with it the lock. */
  private static final AtomicReference<@Nullable FileChannel> HELD = new AtomicReference<>();

  private DirectoryLock() {}

  /** The directory can not be used; the message says why. */
  static final class UnavailableException extends Exception {
    private static final long serialVersionUID = 1L;

    UnavailableException(String message) {
      super(message);
    }
  }

  /** Takes the directory for as long as this process lives, making it when it is not there. */
  static void acquire(Path data) throws UnavailableException {
    try {
      ServiceDirectories.under(data);
      FileChannel channel =
          FileChannel.open(
              data.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (channel.tryLock() == null) {
        channel.close();
        throw new UnavailableException("another service is running on " + data);
      }
      HELD.set(channel);
    } catch (IOException e) {
      throw new UnavailableException("can not use the data directory " + data + ": " + e);
    }
  }

  static boolean isHeld() {
    FileChannel channel = HELD.get();
    return channel != null && channel.isOpen();
  }
}
