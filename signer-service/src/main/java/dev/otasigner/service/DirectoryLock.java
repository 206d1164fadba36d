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

  /** Another service has the directory. */
  static final class InUseException extends IOException {
    private static final long serialVersionUID = 1L;

    InUseException(Path data) {
      super(data + " is in use");
    }
  }

  /**
   * Takes the directory for as long as this process lives, making it when it is not there.
   *
   * @throws InUseException when another process has it
   */
  static void acquire(Path data) throws IOException {
    ServiceDirectories.under(data);
    FileChannel channel =
        FileChannel.open(data.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (channel.tryLock() == null) {
      channel.close();
      throw new InUseException(data);
    }
    HELD.set(channel);
  }
}
