package dev.otasigner.service.signing;

import dev.otasigner.verifier.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Optional;

/**
 * Files by their digest: payloads as uploaded, and the images, manifests and components that are
 * made of them. A file is complete and on disk before its name exists, and never changes after.
 */
public final class PayloadStore {
  private static final int BUFFER_BYTES = 256 * 1024;

  private final Path directory;
  private final Path incoming;
  private final long maxBytes;

  /**
   * A stored file.
   *
   * @param lengthBytes of the file
   */
  public record Stored(Digest sha256, long lengthBytes) {}

  /** More bytes were offered than the store takes; nothing of them was kept. */
  public static final class TooLargeException extends IOException {
    private static final long serialVersionUID = 1L;

    TooLargeException(long maxBytes) {
      super("more than " + maxBytes + " bytes");
    }
  }

  /**
   * Opens the store and removes what interrupted uploads have left.
   *
   * @param maxBytes no larger file is taken
   */
  public PayloadStore(Path directory, long maxBytes) throws IOException {
    this.directory = DurableFiles.createDirectories(directory);
    this.incoming = DurableFiles.createDirectories(directory.resolve("incoming"));
    this.maxBytes = maxBytes;
    try (DirectoryStream<Path> left = Files.newDirectoryStream(incoming)) {
      for (Path part : left) {
        Files.deleteIfExists(part);
      }
    }
  }

  /**
   * Stores a stream, digesting while it writes; durable when it returns. Storing the same bytes
   * again changes nothing.
   *
   * @throws TooLargeException when the stream goes on past the limit
   */
  public Stored store(InputStream in) throws IOException {
    Path part = DurableFiles.temporary(incoming);
    try {
      Stored stored = writePart(part, in);
      Path file = path(stored.sha256());
      DurableFiles.createDirectories(file.resolveSibling(""));
      if (Files.notExists(file)) {
        DurableFiles.moveInto(part, file);
      }
      return stored;
    } finally {
      Files.deleteIfExists(part);
    }
  }

  public Stored store(byte[] bytes) throws IOException {
    return store(new java.io.ByteArrayInputStream(bytes));
  }

  private Stored writePart(Path part, InputStream in) throws IOException {
    MessageDigest hash = Digest.sha256();
    byte[] buffer = new byte[BUFFER_BYTES];
    long length = 0;
    try (FileChannel channel =
        FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        length += n;
        if (length > maxBytes) {
          throw new TooLargeException(maxBytes);
        }
        hash.update(buffer, 0, n);
        ByteBuffer chunk = ByteBuffer.wrap(buffer, 0, n);
        while (chunk.hasRemaining()) {
          channel.write(chunk);
        }
      }
      channel.force(true);
    }
    return new Stored(Digest.ofHash(hash.digest()), length);
  }

  /** The file with this digest, if the store has it. */
  public Optional<Path> find(Digest sha256) {
    Path file = path(sha256);
    return Files.isRegularFile(file) ? Optional.of(file) : Optional.empty();
  }

  /**
   * The bytes of a small document with this digest.
   *
   * @throws IOException when the store does not have it, or it was changed on disk
   */
  public byte[] read(Digest sha256) throws IOException {
    byte[] bytes = Files.readAllBytes(path(sha256));
    if (!Digest.of(bytes).equals(sha256)) {
      throw new IOException("stored file " + sha256.abbreviated() + " is damaged");
    }
    return bytes;
  }

  private Path path(Digest sha256) {
    return directory.resolve(sha256.hex().substring(0, 2)).resolve(sha256.hex());
  }
}
