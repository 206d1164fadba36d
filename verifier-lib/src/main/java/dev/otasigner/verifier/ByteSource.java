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
  long lengthBytes() throws IOException;

  /** A fresh stream from the first byte; the caller closes it. */
  InputStream open() throws IOException;

  static ByteSource of(Path file) {
    return new ByteSources.FileSource(file);
  }

  static ByteSource of(byte[] bytes) {
    return new ByteSources.ArraySource(bytes);
  }

  /** One after the other. */
  static ByteSource concat(List<ByteSource> parts) {
    return new ByteSources.Concatenation(parts);
  }

  /**
   * Part of this source; reading it ends early where the source does.
   *
   * @throws IllegalArgumentException when {@code from} or {@code length} is negative
   */
  default ByteSource slice(long from, long length) {
    return new ByteSources.Slice(this, from, length);
  }

  /**
   * All bytes.
   *
   * @throws RejectedException LIMIT_EXCEEDED when there are more than {@code maxBytes}; nothing of
   *     that size is allocated
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
