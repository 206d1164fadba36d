package dev.otasigner.cli;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;

/** Writes a file whole or not at all. */
public final class NewFile {
  private NewFile() {}

  /** What is written. */
  public interface Writer {
    void writeTo(OutputStream out) throws IOException;
  }

  /** Writes beside {@code file}, then renames; a failure leaves what was there before. */
  public static void write(Path file, Writer writer) throws IOException {
    Path whole = file.toAbsolutePath();
    requireFolder(whole.getParent());
    Path fresh = whole.resolveSibling("." + whole.getFileName() + ".part");
    try {
      try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(fresh), 1 << 16)) {
        writer.writeTo(out);
      }
      Files.move(fresh, whole, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(fresh);
    }
  }

  /** Before anything is written, so that it is named rather than a file of ours in it. */
  static void requireFolder(@Nullable Path folder) throws IOException {
    if (folder != null && !Files.isDirectory(folder)) {
      throw Files.exists(folder)
          ? new NotDirectoryException(folder.toString())
          : new FileSystemException(folder.toString(), null, "no such directory");
    }
    if (folder != null && !Files.isWritable(folder)) {
      throw new AccessDeniedException(folder.toString());
    }
  }

  public static void write(Path file, byte[] bytes) throws IOException {
    write(file, out -> out.write(bytes));
  }
}
