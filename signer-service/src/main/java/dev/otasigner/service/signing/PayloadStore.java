package dev.otasigner.service.signing;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.function.IntSupplier;
import java.util.stream.Stream;

/**
 * Files by their digest: payloads as uploaded, and the images, manifests and components that are
 * made of them. A file is complete and on disk before its name exists, and never changes after.
 */
public final class PayloadStore {
  private final Path directory;
  private final Path incoming;
  private final long maxBytes;

  /** Files with the same hash code wait for each other, which harms nobody. */
  private final Object[] turns = Stream.generate(Object::new).limit(64).toArray();

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
    // Nobody can go on with these; what comes in pieces lies in partial().
    try (DirectoryStream<Path> left = Files.newDirectoryStream(incoming)) {
      for (Path part : left) {
        Files.deleteIfExists(part);
      }
    }
  }

  /** No larger file is taken. */
  long maxBytes() {
    return maxBytes;
  }

  /** Where files lie that come in pieces, on the same disk. */
  Path partial() {
    return directory.resolve("partial");
  }

  /** Takes over a file that is complete, forced, and known to have this digest. */
  void keep(Path part, Digest sha256) throws IOException {
    Path file = path(sha256);
    synchronized (turn(sha256)) {
      DurableFiles.createDirectories(file.resolveSibling(""));
      if (Files.notExists(file)) {
        DurableFiles.moveInto(part, file);
      }
    }
    Files.deleteIfExists(part);
  }

  /** What is done here is done while no file of this digest is given its name. */
  int alone(Digest sha256, IntSupplier work) {
    synchronized (turn(sha256)) {
      return work.getAsInt();
    }
  }

  private Object turn(Digest sha256) {
    return turns[Math.floorMod(sha256.hashCode(), turns.length)];
  }

  /** Removes a file, if it is there; durable when it returns. */
  void remove(Digest sha256) {
    Path file = path(sha256);
    try {
      if (Files.deleteIfExists(file)) {
        DurableFiles.syncDirectory(file.resolveSibling(""));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Told of a file that is whole, before it has its name. */
  interface Arrival {
    void of(Stored payload);
  }

  /** Writes a file's bytes, once. */
  public interface Content {
    void writeTo(OutputStream out) throws IOException, RejectedException;
  }

  /**
   * Stores what is written, digesting on the way; durable when it returns. Storing the same bytes
   * again changes nothing.
   *
   * @throws TooLargeException when it goes on past the limit
   * @throws RejectedException when the content itself throws it; nothing is kept then
   */
  public Stored store(Content content) throws IOException, RejectedException {
    Path part = DurableFiles.temporary(incoming);
    try {
      Stored stored = writePart(part, content);
      keep(part, stored.sha256());
      return stored;
    } finally {
      Files.deleteIfExists(part);
    }
  }

  /** The same for a stream, read to its end. */
  public Stored store(InputStream in) throws IOException {
    return store(in, payload -> {});
  }

  Stored store(InputStream in, Arrival arrival) throws IOException {
    Path part = DurableFiles.temporary(incoming);
    try {
      Stored stored;
      try (FileChannel channel =
          FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        MessageDigest hash = Digest.sha256();
        long length = DigestedCopy.copy(in, maxBytes, channel, hash);
        if (length == maxBytes && in.read() >= 0) {
          throw new TooLargeException(maxBytes);
        }
        channel.force(true);
        stored = new Stored(Digest.ofHash(hash.digest()), length);
      }
      arrival.of(stored);
      keep(part, stored.sha256());
      return stored;
    } finally {
      Files.deleteIfExists(part);
    }
  }

  public Stored store(byte[] bytes) throws IOException {
    return store(new ByteArrayInputStream(bytes));
  }

  private Stored writePart(Path part, Content content) throws IOException, RejectedException {
    try (FileChannel channel =
        FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      Counted out = new Counted(channel, maxBytes);
      content.writeTo(out);
      channel.force(true);
      return new Stored(Digest.ofHash(out.hash.digest()), out.length);
    }
  }

  /** Digests and counts on the way to the file. */
  private static final class Counted extends OutputStream {
    private final FileChannel channel;
    private final long maxBytes;
    private final MessageDigest hash = Digest.sha256();
    private long length;

    Counted(FileChannel channel, long maxBytes) {
      this.channel = channel;
      this.maxBytes = maxBytes;
    }

    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int count) throws IOException {
      length += count;
      if (length > maxBytes) {
        throw new TooLargeException(maxBytes);
      }
      hash.update(bytes, from, count);
      ByteBuffer chunk = ByteBuffer.wrap(bytes, from, count);
      while (chunk.hasRemaining()) {
        channel.write(chunk);
      }
    }
  }

  /** The file with this digest, if the store has it. */
  public Optional<Path> find(Digest sha256) {
    Path file = path(sha256);
    return Files.isRegularFile(file) ? Optional.of(file) : Optional.empty();
  }

  /**
   * The file with this digest.
   *
   * @throws NoSuchFileException when the store does not have it; the message names the file
   */
  public Path require(Digest sha256) throws NoSuchFileException {
    return find(sha256).orElseThrow(() -> gone(sha256));
  }

  /**
   * The bytes of a small document with this digest.
   *
   * @throws IOException when the store does not have it, or it was changed on disk
   */
  public byte[] read(Digest sha256) throws IOException {
    byte[] bytes = Files.readAllBytes(require(sha256));
    if (!Digest.of(bytes).equals(sha256)) {
      throw new IOException(path(sha256) + " is damaged: restore it from a backup");
    }
    return bytes;
  }

  private NoSuchFileException gone(Digest sha256) {
    return new NoSuchFileException(
        path(sha256).toString(), null, "the file is gone: restore it from a backup");
  }

  private Path path(Digest sha256) {
    return directory.resolve(sha256.hex().substring(0, 2)).resolve(sha256.hex());
  }
}
