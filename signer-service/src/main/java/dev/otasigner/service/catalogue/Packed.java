package dev.otasigner.service.catalogue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;

/** The packed twin of a small document, made once: what nginx calls {@code gzip_static}. */
final class Packed {
  /** Ends the twin's name. */
  static final String SUFFIX = ".gz";

  private Packed() {}

  /** The same bytes packed, always in the same way; empty when that saves less than a tenth. */
  static Optional<byte[]> of(byte[] bytes) {
    ByteArrayOutputStream packed = new ByteArrayOutputStream(bytes.length);
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return packed.size() <= bytes.length / 10 * 9
        ? Optional.of(packed.toByteArray())
        : Optional.empty();
  }
}
