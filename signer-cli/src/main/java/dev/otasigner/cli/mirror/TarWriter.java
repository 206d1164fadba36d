package dev.otasigner.cli.mirror;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * A tar archive (POSIX.1-2001) of plain files that says nothing of when, where and by whom it was
 * made: the same files give the same bytes.
 */
final class TarWriter {
  static final int BLOCK = 512;
  static final int NAME_BYTES = 100;
  private static final int MODE = 0644;

  private final OutputStream out;

  TarWriter(OutputStream out) {
    this.out = out;
  }

  /** What is written between a file's header and its padding. */
  interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  /** The content must write exactly the length. */
  void file(String name, long lengthBytes, Content content) throws IOException {
    if (name.length() > NAME_BYTES) {
      byte[] path = path(name);
      header("path", path.length, 'x');
      out.write(path);
      pad(path.length);
    }
    header(name.substring(0, Math.min(name.length(), NAME_BYTES)), lengthBytes, '0');
    content.writeTo(out);
    pad(lengthBytes);
  }

  void file(String name, byte[] bytes) throws IOException {
    file(name, bytes.length, to -> to.write(bytes));
  }

  /** {@code LENGTH path=NAME}, where the length counts its own digits. */
  static byte[] path(String name) {
    String record = " path=" + name + "\n";
    int length = record.length() + 1;
    while (Integer.toString(length).length() + record.length() != length) {
      length++;
    }
    return (length + record).getBytes(StandardCharsets.US_ASCII);
  }

  private void header(String name, long lengthBytes, char type) throws IOException {
    byte[] header = new byte[BLOCK];
    put(header, 0, name);
    put(header, 100, octal(MODE, 7));
    put(header, 108, octal(0, 7));
    put(header, 116, octal(0, 7));
    put(header, 124, octal(lengthBytes, 11));
    put(header, 136, octal(0, 11));
    header[156] = (byte) type;
    put(header, 257, "ustar\00000");
    put(header, 148, octal(checksum(header), 6) + "\0 ");
    out.write(header);
  }

  /** With the field itself taken for blanks. */
  static int checksum(byte[] header) {
    int sum = 0;
    for (int i = 0; i < BLOCK; i++) {
      sum += i >= 148 && i < 156 ? ' ' : header[i] & 0xff;
    }
    return sum;
  }

  private static String octal(long number, int digits) throws IOException {
    String text = String.format(Locale.ROOT, "%0" + digits + "o", number);
    if (text.length() > digits) {
      throw new IOException("a file too long for an archive: " + number + " bytes");
    }
    return text;
  }

  private static void put(byte[] header, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, header, at, bytes.length);
  }

  private void pad(long lengthBytes) throws IOException {
    out.write(new byte[(int) ((BLOCK - lengthBytes % BLOCK) % BLOCK)]);
  }

  /** Two empty blocks. */
  void finish() throws IOException {
    out.write(new byte[2 * BLOCK]);
  }
}
