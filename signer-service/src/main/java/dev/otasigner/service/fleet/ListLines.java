package dev.otasigner.service.fleet;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The bytes of a list as they come, counted in lines; no more of them is kept than a row. */
final class ListLines {
  /** No row is longer, in bytes. */
  static final int MAX_ROW_BYTES = 8 * 1024;

  private static final int BUFFER_BYTES = 64 * 1024;
  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};

  private final InputStream in;
  private long line = 1;

  ListLines(InputStream in) throws IOException {
    this.in = new BufferedInputStream(in, BUFFER_BYTES);
    this.in.mark(BYTE_ORDER_MARK.length);
    if (!Arrays.equals(this.in.readNBytes(BYTE_ORDER_MARK.length), BYTE_ORDER_MARK)) {
      this.in.reset();
    }
  }

  /**
   * A piece of a list.
   *
   * @param line on which it begins, from 1
   * @param text nothing when it is longer than a row may be, or not in UTF-8; {@code wrong} says so
   */
  record Piece(long line, @Nullable String text, String wrong) {
    static Piece of(long line, ByteArrayOutputStream bytes) {
      if (bytes.size() > MAX_ROW_BYTES) {
        return wrong(line, "longer than " + MAX_ROW_BYTES + " bytes");
      }
      try {
        ByteBuffer utf8 = ByteBuffer.wrap(bytes.toByteArray());
        return new Piece(line, StandardCharsets.UTF_8.newDecoder().decode(utf8).toString(), "");
      } catch (CharacterCodingException e) {
        return wrong(line, "not UTF-8");
      }
    }

    static Piece wrong(long line, String what) {
      return new Piece(line, null, what);
    }
  }

  /**
   * The next line without its end, or empty at the end of the list; blank lines are passed over.
   */
  Optional<Piece> line() throws IOException {
    while (true) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      long at = line;
      int c = read();
      if (c < 0) {
        return Optional.empty();
      }
      for (; c >= 0 && c != '\n'; c = read()) {
        keep(bytes, c);
      }
      Piece piece = Piece.of(at, bytes);
      if (piece.text() == null || !piece.text().isBlank()) {
        return Optional.of(piece);
      }
    }
  }

  /** The first byte that is not white space, which stays to be read; -1 when there is none. */
  int peek() throws IOException {
    while (true) {
      in.mark(1);
      int c = in.read();
      if (c < 0 || " \t\r\n".indexOf(c) < 0) {
        in.reset();
        return c;
      }
      line += c == '\n' ? 1 : 0;
    }
  }

  /** The next byte, or -1 at the end. */
  int read() throws IOException {
    int c = in.read();
    line += c == '\n' ? 1 : 0;
    return c;
  }

  /** The line on which the next byte stands. */
  long at() {
    return line;
  }

  /** Keeps one byte more than a row may have, by which it is seen to be too long. */
  static void keep(ByteArrayOutputStream bytes, int c) {
    if (bytes.size() <= MAX_ROW_BYTES) {
      bytes.write(c);
    }
  }
}
