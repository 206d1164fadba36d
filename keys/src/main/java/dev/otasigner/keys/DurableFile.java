package dev.otasigner.keys;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;
import java.util.UUID;

/**
 * Files that are either the old or the new one after a crash, and that only their owner reads.
 *
 * <p>A write goes to a temporary file beside the file, is forced to the disk, renamed over it, and
 * the directory is forced too: a rename that the directory has not kept is a lost file.
 */
public final class DurableFile {
  /** How the name of a temporary file begins; one that is left over is from a crash. */
  public static final String TEMPORARY_PREFIX = ".writing-";

  private static final Set<PosixFilePermission> OWNER_ONLY =
      EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
  private static final Set<PosixFilePermission> OWNER_DIRECTORY =
      PosixFilePermissions.fromString("rwx------");

  private DurableFile() {}

  /** Writes the file anew, or in the place of what is there. */
  public static void replace(Path file, byte[] bytes) throws IOException {
    replace(file, bytes, Disk.REAL);
  }

  /** Writes the file anew, or in the place of what is there, by way of this disk. */
  public static void replace(Path file, byte[] bytes, Disk disk) throws IOException {
    Path temporary = write(file, bytes, disk);
    try {
      disk.step(
          "rename to " + file.getFileName(),
          () -> Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE));
    } finally {
      Files.deleteIfExists(temporary);
    }
    disk.step("force directory of " + file.getFileName(), () -> forceDirectory(parent(file)));
  }

  /**
   * Writes a file that must not be there yet.
   *
   * @throws FileAlreadyExistsException when it is
   */
  public static void create(Path file, byte[] bytes) throws IOException {
    link(write(file, bytes, Disk.REAL), file);
  }

  /** Something that is too long to be held in memory. */
  public interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  /**
   * Writes a file that must not be there yet.
   *
   * @throws FileAlreadyExistsException when it is
   */
  public static void create(Path file, Content content) throws IOException {
    link(
        write(
            file,
            Disk.REAL,
            channel -> {
              OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel));
              content.writeTo(out);
              out.flush();
            }),
        file);
  }

  private static void link(Path temporary, Path file) throws IOException {
    try {
      // A hard link, unlike a rename, never replaces what is there.
      Files.createLink(file, temporary);
    } finally {
      Files.deleteIfExists(temporary);
    }
    forceDirectory(parent(file));
  }

  /** Deletes the file, and makes the directory remember it. */
  public static void delete(Path file) throws IOException {
    Files.deleteIfExists(file);
    forceDirectory(parent(file));
  }

  /** Makes a directory that only its owner enters. */
  public static void createDirectories(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(directory, attributes(directory, OWNER_DIRECTORY));
    }
  }

  /**
   * Demands that nobody but the owner reads or writes the file.
   *
   * @throws IOException with what to type otherwise
   */
  public static void requireOwnerOnly(Path file) throws IOException {
    if (isPosix(file)) {
      Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
      if (!OWNER_ONLY.containsAll(permissions)
          && !EnumSet.of(PosixFilePermission.OWNER_READ).containsAll(permissions)) {
        throw new IOException(
            file
                + ": others may read or write it ("
                + PosixFilePermissions.toString(permissions)
                + "); chmod 600 it");
      }
    }
  }

  /** The attributes of a new file that only its owner reads and writes. */
  public static FileAttribute<?>[] ownerOnly(Path file) throws IOException {
    return attributes(file, OWNER_ONLY);
  }

  /** Forces a directory's entries to the disk. */
  public static void forceDirectory(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static Path write(Path file, byte[] bytes, Disk disk) throws IOException {
    return write(
        file,
        disk,
        channel ->
            disk.write("write " + file.getFileName(), bytes, part -> writeAll(channel, part)));
  }

  /** What puts the content into a fresh file. */
  private interface Filling {
    void of(FileChannel channel) throws IOException;
  }

  private static Path write(Path file, Disk disk, Filling filling) throws IOException {
    Path temporary = file.resolveSibling(TEMPORARY_PREFIX + UUID.randomUUID());
    Set<StandardOpenOption> options =
        EnumSet.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
    boolean written = false;
    try (FileChannel channel = FileChannel.open(temporary, options, ownerOnly(file))) {
      filling.of(channel);
      disk.step("force " + file.getFileName(), () -> channel.force(true));
      written = true;
    } finally {
      if (!written) {
        Files.deleteIfExists(temporary);
      }
    }
    return temporary;
  }

  private static void writeAll(FileChannel channel, byte[] bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  private static Path parent(Path file) {
    Path parent = file.toAbsolutePath().getParent();
    if (parent == null) {
      throw new IllegalArgumentException(file + " is no file in a directory");
    }
    return parent;
  }

  private static FileAttribute<?>[] attributes(Path path, Set<PosixFilePermission> permissions)
      throws IOException {
    return isPosix(path)
        ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(permissions)}
        : new FileAttribute<?>[0];
  }

  private static boolean isPosix(Path path) throws IOException {
    Path existing = path.toAbsolutePath();
    while (existing != null && !Files.exists(existing)) {
      existing = existing.getParent();
    }
    if (existing == null) {
      return false;
    }
    FileStore store = Files.getFileStore(existing);
    return store.supportsFileAttributeView(PosixFileAttributeView.class);
  }
}
