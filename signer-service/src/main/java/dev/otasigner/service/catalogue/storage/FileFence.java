package dev.otasigner.service.catalogue.storage;

import dev.otasigner.service.signing.DurableFiles;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Rising numbers in a directory: the highest file there names who may write. Whoever takes the next
 * number creates its file exclusively, so that two can not both have it. The file is locked by the
 * operating system while its holder lives, grows by a byte with each sign of life, and is renamed
 * when the holder gives it back. So a killed holder is followed at once, and a frozen one after the
 * lease's time, measured by the clock of whoever waits.
 *
 * <p>One instance per directory and process: the system's locks belong to processes.
 */
final class FileFence {
  private static final Pattern NUMBER = Pattern.compile("([1-9][0-9]{0,17})(\\.free)?");
  private static final String FREE = ".free";
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final Path directory;
  private final Duration lease;
  private final LongSupplier nanoTime;

  FileFence(Path directory, Duration lease, LongSupplier nanoTime) {
    this.directory = directory;
    this.lease = lease;
    this.nanoTime = nanoTime;
  }

  /** A number and whether its holder has given it back. */
  private record Top(long number, boolean free) {}

  /** Waits until the next number can be taken, and takes it. */
  Taken take(long atLeast) throws IOException {
    DurableFiles.createDirectories(directory);
    long watched = 0;
    long grown = -1;
    long since = nanoTime.getAsLong();
    while (true) {
      // Silence is counted from after a sign was seen to before none was.
      long now = nanoTime.getAsLong();
      Top top = top();
      long size = sizeOf(top.number());
      if (top.number() != watched || size != grown) {
        watched = top.number();
        grown = size;
        since = nanoTime.getAsLong();
      }
      boolean silent = now - since >= lease.toNanos();
      if (top.number() == 0 || top.free() || silent || isDead(top.number())) {
        Optional<Taken> taken = take(top.number(), Math.max(top.number() + 1, atLeast));
        if (taken.isPresent()) {
          return taken.get();
        }
      } else {
        pause();
      }
    }
  }

  private static void pause() throws InterruptedIOException {
    LockSupport.parkNanos(POLL_NANOS);
    if (Thread.currentThread().isInterrupted()) {
      throw new InterruptedIOException("interrupted while another publisher was at work");
    }
  }

  /** Empty when somebody else was faster. */
  private Optional<Taken> take(long from, long number) throws IOException {
    Path fresh = directory.resolve("." + UUID.randomUUID());
    FileChannel channel =
        FileChannel.open(fresh, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    boolean done = false;
    try {
      // Locked before it has its name: nobody ever finds it unlocked while its holder lives.
      FileLock lock = channel.lock();
      Files.createLink(directory.resolve(Long.toString(number)), fresh);
      // Others may have come and gone since the numbers were read.
      if (top().number() == number) {
        done = true;
        removeBelow(number);
        return Optional.of(new Taken(number, channel, lock));
      }
      Files.deleteIfExists(directory.resolve(Long.toString(number)));
      return Optional.empty();
    } catch (FileAlreadyExistsException | NoSuchFileException e) {
      if (top().number() == from) {
        throw e; // nobody was faster: it is the disk
      }
      return Optional.empty();
    } finally {
      Files.deleteIfExists(fresh);
      if (!done) {
        channel.close();
      }
    }
  }

  private void removeBelow(long number) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        Matcher name = NUMBER.matcher(String.valueOf(file.getFileName()));
        if (!name.matches() || Long.parseLong(name.group(1)) < number) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  private Top top() throws IOException {
    Top top = new Top(0, true);
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        Matcher name = NUMBER.matcher(String.valueOf(file.getFileName()));
        if (name.matches() && Long.parseLong(name.group(1)) > top.number()) {
          top = new Top(Long.parseLong(name.group(1)), name.group(2) != null);
        }
      }
    }
    return top;
  }

  private long sizeOf(long number) throws IOException {
    try {
      return Files.size(directory.resolve(Long.toString(number)));
    } catch (NoSuchFileException e) {
      return -1;
    }
  }

  /** Whether the process that held the number has ended. */
  private boolean isDead(long number) throws IOException {
    try (FileChannel channel =
            FileChannel.open(directory.resolve(Long.toString(number)), StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false; // this process itself
    } catch (NoSuchFileException e) {
      return false; // given back or overtaken this moment
    }
  }

  /** A number while it is held. */
  final class Taken implements AutoCloseable {
    private final long number;
    private final FileChannel channel;
    private final FileLock lock;
    private long shown = nanoTime.getAsLong();

    private Taken(long number, FileChannel channel, FileLock lock) {
      this.number = number;
      this.channel = channel;
      this.lock = lock;
    }

    long number() {
      return number;
    }

    /** Asked after a file is staged and before it gets its name; a sign of life, too. */
    void requireCurrent() throws IOException {
      long current = top().number();
      if (current != number || !lock.isValid()) {
        throw new LostException(String.valueOf(directory.getParent()), number, current);
      }
      shown = nanoTime.getAsLong();
      channel.write(ByteBuffer.wrap(new byte[] {'.'}));
    }

    /** The same where the last sign is a tenth of the lease old: cheap enough for inner loops. */
    void alive() throws IOException {
      if (nanoTime.getAsLong() - shown >= lease.toNanos() / 10) {
        requireCurrent();
      }
    }

    @Override
    public void close() throws IOException {
      try {
        String own = Long.toString(number);
        Files.move(directory.resolve(own), directory.resolve(own + FREE));
      } catch (NoSuchFileException e) {
        // Another has taken over, and has removed it.
      } finally {
        channel.close();
      }
    }
  }
}
