package dev.otasigner.cli.audit;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.audit.LogCheck;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The records of an exported log, one a line, read one after the other in bounded memory. */
final class ExportLines implements AutoCloseable {
  private final InputStream in;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private long number;

  private ExportLines(InputStream in) {
    this.in = new BufferedInputStream(in, 1 << 16);
  }

  static ExportLines open(Path file) throws IOException {
    return new ExportLines(Files.newInputStream(file));
  }

  /**
   * The next record without its newline, or null at the end.
   *
   * @throws RejectedException LIMIT_EXCEEDED for a line longer than any record; MALFORMED when the
   *     file ends within one
   */
  byte @Nullable [] next() throws IOException, RejectedException {
    line.reset();
    for (int b = in.read(); b >= 0; b = in.read()) {
      if (b == '\n') {
        number++;
        return line.toByteArray();
      }
      if (line.size() >= LogCheck.MAX_RECORD_BYTES) {
        throw new RejectedException(
            Reason.LIMIT_EXCEEDED,
            "record " + number + " is longer than " + LogCheck.MAX_RECORD_BYTES + " bytes");
      }
      line.write(b);
    }
    if (line.size() > 0) {
      throw new RejectedException(
          Reason.MALFORMED, "the file ends within record " + number + ": it was not written whole");
    }
    return null;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
