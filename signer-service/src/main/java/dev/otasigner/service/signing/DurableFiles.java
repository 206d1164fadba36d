package dev.otasigner.service.signing;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * Writes that are whole and on disk when they return: temporary file, fsync, rename, fsync of the
 * directory. A crash leaves the old file, the new file, or a temporary one that nobody reads.
 */
public final class DurableFiles {
  /** Ends the name of every file that is still being written. */
  public static final String PART = ".part";

  private DurableFiles() {}

  /** Replaces {@code file} atomically. */
  public static void write(Path file, byte[] bytes) throws IOException {
    Path directory = createDirectories(parent(file));
    Path part = temporary(directory);
    try {
      try (FileChannel channel =
          FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
        channel.force(true);
      }
      moveInto(part, file);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  /** A fresh name in {@code directory} for a file that is being written. */
  public static Path temporary(Path directory) {
    return directory.resolve(UUID.randomUUID() + PART);
  }

  /** Renames a file, already forced, to its name and makes the name durable. */
  public static void moveInto(Path part, Path file) throws IOException {
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    syncDirectory(parent(file));
  }

  /** Creates the directory and makes each new name on the way durable. */
  public static Path createDirectories(Path directory) throws IOException {
    if (Files.isDirectory(directory)) {
      return directory;
    }
    Path above = createDirectories(parent(directory));
    Files.createDirectories(directory);
    syncDirectory(above);
    return directory;
  }

  /** Makes names created in, or removed from, the directory durable. */
  public static void syncDirectory(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static Path parent(Path path) {
    Path parent = path.toAbsolutePath().getParent();
    if (parent == null) {
      throw new IllegalArgumentException(path + " has no directory");
    }
    return parent;
  }
}
