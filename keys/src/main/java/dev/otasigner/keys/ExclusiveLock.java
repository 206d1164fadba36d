package dev.otasigner.keys;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.EnumSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One holder at a time of a directory, with a fencing number that rises at each taking. The
 * operating system frees the lock when its process dies; the number tells a holder that was frozen,
 * and whose lock was lost meanwhile, that another has taken over.
 */
public final class ExclusiveLock implements AutoCloseable {
  // Two files: closing any handle of a file frees the process's lock on it, so the one that is
  // locked is never opened again.
  private final Path fence;
  private final FileChannel channel;
  private final long number;

  /** What stands in the fence: the number, and a word that is no other taking's. */
  private final String mark;

  /** The fence as it was when its mark was last read. */
  private volatile @Nullable Look read;

  /** What one question to the file system tells of a file; another one if it was replaced. */
  private record Look(Object fileKey, FileTime modified, long sizeBytes) {
    /** Null when the file is missing, or the file system does not tell files apart. */
    static @Nullable Look at(Path file) throws IOException {
      try {
        BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
        return found.fileKey() == null
            ? null
            : new Look(found.fileKey(), found.lastModifiedTime(), found.size());
      } catch (NoSuchFileException e) {
        return null;
      }
    }
  }

  private ExclusiveLock(Path fence, FileChannel channel, long number, String mark) {
    this.fence = fence;
    this.channel = channel;
    this.number = number;
    this.mark = mark;
  }

  /**
   * Takes the lock {@code NAME.lock} of the directory.
   *
   * @throws TokenUnavailable when somebody holds it
   */
  public static ExclusiveLock take(Path directory, String name) {
    return take(directory, name, FileChannel::tryLock, Disk.REAL);
  }

  /**
   * Takes the lock {@code NAME.lock} of the directory once nobody else holds it. The operating
   * system wakes one of those who wait as soon as the holder ends, however it ends.
   */
  public static ExclusiveLock await(Path directory, String name, Disk disk) {
    return take(directory, name, FileChannel::lock, disk);
  }

  /** How a channel is locked; null when somebody holds it. */
  private interface Locking {
    @Nullable FileLock lock(FileChannel channel) throws IOException;
  }

  private static ExclusiveLock take(Path directory, String name, Locking locking, Disk disk) {
    Path lockFile = directory.resolve(name + ".lock");
    Path fence = directory.resolve(name + ".fence");
    FileChannel channel = null;
    boolean taken = false;
    try {
      channel =
          FileChannel.open(
              lockFile,
              EnumSet.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
              DurableFile.ownerOnly(lockFile));
      if (!isLocked(locking, channel)) {
        throw new TokenUnavailable(directory + ": another process holds it");
      }
      long number = number(read(fence)) + 1;
      // The number alone would be the same again once somebody has deleted both files.
      String mark = number + " " + UUID.randomUUID();
      DurableFile.replace(fence, mark.getBytes(StandardCharsets.US_ASCII), disk);
      taken = true;
      return new ExclusiveLock(fence, channel, number, mark);
    } catch (IOException e) {
      throw new TokenUnavailable(lockFile + ": " + e.getMessage(), e);
    } finally {
      if (!taken) {
        close(channel);
      }
    }
  }

  private static boolean isLocked(Locking locking, FileChannel channel) throws IOException {
    try {
      return locking.lock(channel) != null;
    } catch (OverlappingFileLockException e) {
      return false; // held by this very process
    }
  }

  /** Higher at every taking. */
  public long number() {
    return number;
  }

  /**
   * Returns only while nobody has taken over.
   *
   * @throws TokenUnavailable otherwise
   */
  public void require() {
    try {
      if (!channel.isOpen()) {
        throw new TokenUnavailable("this worker has stopped");
      }
      // Asked several times for each signature: reading the file each time costs more than all else
      // that the worker does with the processor.
      Look look = Look.at(fence);
      if (look != null && look.equals(read)) {
        return;
      }
      String found = read(fence);
      if (found.equals(mark)) {
        read = look; // from before the reading: a file replaced since then looks different
      } else {
        throw new TokenUnavailable(
            "another worker has taken over (" + number(found) + " after " + number + ")");
      }
    } catch (IOException e) {
      throw new TokenUnavailable(fence + ": " + e.getMessage(), e);
    }
  }

  private static String read(Path fence) throws IOException {
    return Files.exists(fence) ? Files.readString(fence, StandardCharsets.US_ASCII) : "0";
  }

  private static long number(String mark) throws IOException {
    String text = mark.strip();
    int space = text.indexOf(' ');
    try {
      return Long.parseLong(space < 0 ? text : text.substring(0, space));
    } catch (NumberFormatException e) {
      throw new IOException("a fencing number is expected", e);
    }
  }

  private static void close(@Nullable FileChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      // The operating system frees the lock with the process at the latest.
    }
  }

  /** Frees the lock. */
  @Override
  public void close() {
    close(channel);
  }
}
