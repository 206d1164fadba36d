package dev.otasigner.verifier;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;

/**
 * Bytes that can be read more than once from the start, so that a large image never has to be in
 * memory. Whoever checks them and reads them again must not assume that both readings were equal.
 */
public interface ByteSource {
  /**
   * Length in bytes as it is now.
   *
   * @throws IOException when it cannot be told
   */
  long lengthBytes() throws IOException;

  /**
   * A fresh stream from the first byte; the caller closes it.
   *
   * @throws IOException when it cannot be opened, such as a file that is absent or a directory
   */
  InputStream open() throws IOException;

  /** The bytes of a file; nothing of it is read before {@link #open}. */
  static ByteSource of(Path file) {
    return new ByteSources.FileSource(file);
  }

  /** A copy of these bytes. */
  static ByteSource of(byte[] bytes) {
    return new ByteSources.ArraySource(bytes);
  }

  /** One after the other; only one of them is open at a time. */
  static ByteSource concat(List<ByteSource> parts) {
    return new ByteSources.Concatenation(parts);
  }

  /**
   * Part of this source; reading it ends early where the source does.
   *
   * @param from bytes that are left out before it
   * @param length of the part, in bytes
   * @throws IllegalArgumentException when {@code from} or {@code length} is negative
   */
  default ByteSource slice(long from, long length) {
    return new ByteSources.Slice(this, from, length);
  }

  /**
   * All bytes.
   *
   * @param maxBytes the caller's limit
   * @throws RejectedException LIMIT_EXCEEDED when there are more than {@code maxBytes}; nothing of
   *     that size is allocated
   * @throws IOException when it cannot be read, which is no refusal
   */
  default byte[] readAll(int maxBytes) throws IOException, RejectedException {
    try (InputStream in = open()) {
      byte[] bytes = in.readNBytes(maxBytes);
      if (bytes.length == maxBytes && in.read() >= 0) {
        throw new RejectedException(
            Reason.LIMIT_EXCEEDED, "too long", "at most " + maxBytes + " bytes", "more");
      }
      return bytes;
    }
  }
}
