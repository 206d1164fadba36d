package dev.otasigner.cli.mirror;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the archives that {@link TarWriter} writes, and no others: plain files, one after the
 * other. Links, directories, devices and every other extension are refused.
 */
final class TarReader {
  private static final int MAX_PATH_RECORD = 1024;
  private static final Pattern PATH = Pattern.compile("([0-9]{1,4}) path=([!-~]{1,900})\n");
  private static final Pattern OCTAL = Pattern.compile("[0-7]{11}");

  private final InputStream in;
  private long left;
  private int padding;

  TarReader(InputStream in) {
    this.in = in;
  }

  /** A file whose content comes next. */
  record Entry(String name, long lengthBytes) {}

  /** Skips what is left of the file before. */
  Optional<Entry> next() throws IOException, RejectedException {
    in.skipNBytes(left + padding);
    left = 0;
    padding = 0;
    byte[] header = block();
    if (isEmpty(header)) {
      if (!isEmpty(block()) || in.read() >= 0) {
        throw malformed("something behind its end");
      }
      return Optional.empty();
    }
    long length = length(header);
    if (header[156] != 'x') {
      return Optional.of(entry(text(header, 0, TarWriter.NAME_BYTES), header, length));
    }
    if (length > MAX_PATH_RECORD) {
      throw malformed("a name that is too long");
    }
    byte[] record = in.readNBytes((int) length);
    in.skipNBytes((TarWriter.BLOCK - length % TarWriter.BLOCK) % TarWriter.BLOCK);
    String text = new String(record, StandardCharsets.US_ASCII);
    Matcher path = PATH.matcher(text);
    if (!path.matches() || !Arrays.equals(record, TarWriter.path(path.group(2)))) {
      throw malformed("a record that is no name");
    }
    byte[] named = block();
    return Optional.of(entry(path.group(2), named, length(named)));
  }

  private Entry entry(String name, byte[] header, long length) throws RejectedException {
    if (header[156] != '0') {
      throw malformed(name + " is no plain file");
    }
    left = length;
    padding = (int) ((TarWriter.BLOCK - length % TarWriter.BLOCK) % TarWriter.BLOCK);
    return new Entry(name, length);
  }

  private static long length(byte[] header) throws RejectedException {
    String size = text(header, 124, 11);
    String sum = text(header, 148, 6);
    if (!text(header, 257, 5).equals("ustar")
        || !OCTAL.matcher(size).matches()
        || !sum.matches("[0-7]{6}")
        || Integer.parseInt(sum, 8) != TarWriter.checksum(header)) {
      throw malformed("a damaged header");
    }
    return Long.parseLong(size, 8);
  }

  /** The content of the file that came last; ends where that ends. */
  InputStream content() {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] into, int from, int length) throws IOException {
        if (left == 0) {
          return -1;
        }
        int read = in.read(into, from, (int) Math.min(length, left));
        if (read < 0) {
          throw new EOFException("the archive is cut short");
        }
        left -= read;
        return read;
      }
    };
  }

  private byte[] block() throws IOException {
    byte[] block = in.readNBytes(TarWriter.BLOCK);
    if (block.length < TarWriter.BLOCK) {
      throw new EOFException("the archive is cut short");
    }
    return block;
  }

  private static boolean isEmpty(byte[] block) {
    return Arrays.equals(block, new byte[TarWriter.BLOCK]);
  }

  private static String text(byte[] header, int from, int length) {
    String field = new String(header, from, length, StandardCharsets.US_ASCII);
    int end = field.indexOf('\0');
    return end < 0 ? field : field.substring(0, end);
  }

  private static RejectedException malformed(String what) {
    return new RejectedException(Reason.MALFORMED, "the archive has " + what);
  }
}
