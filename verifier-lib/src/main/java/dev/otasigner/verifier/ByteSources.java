package dev.otasigner.verifier;

import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The sources behind {@link ByteSource}'s factories. */
final class ByteSources {
  private ByteSources() {}

  record FileSource(Path file) implements ByteSource {
    @Override
    public long lengthBytes() throws IOException {
      return Files.size(file);
    }

    @Override
    public InputStream open() throws IOException {
      if (Files.isDirectory(file)) {
        throw new FileSystemException(file.toString(), null, "a directory");
      }
      return Files.newInputStream(file);
    }
  }

  static final class ArraySource implements ByteSource {
    private final byte[] bytes;

    ArraySource(byte[] bytes) {
      this.bytes = bytes.clone();
    }

    @Override
    public long lengthBytes() {
      return bytes.length;
    }

    @Override
    public InputStream open() {
      return new ByteArrayInputStream(bytes);
    }
  }

  record Slice(ByteSource source, long from, long length) implements ByteSource {
    Slice {
      if (from < 0 || length < 0) {
        throw new IllegalArgumentException("negative bounds");
      }
    }

    @Override
    public long lengthBytes() throws IOException {
      return Math.max(0, Math.min(length, source.lengthBytes() - from));
    }

    @Override
    public InputStream open() throws IOException {
      InputStream in = source.open();
      try {
        // A source that is shorter than announced gives an empty slice.
        boolean reached = skipFully(in, from);
        return new Limited(in, reached ? length : 0);
      } catch (IOException | RuntimeException e) {
        in.close();
        throw e;
      }
    }
  }

  record Concatenation(List<ByteSource> parts) implements ByteSource {
    Concatenation {
      parts = List.copyOf(parts);
    }

    @Override
    public long lengthBytes() throws IOException {
      long sum = 0;
      for (ByteSource part : parts) {
        sum = Math.addExact(sum, part.lengthBytes());
      }
      return sum;
    }

    @Override
    public InputStream open() {
      return new Joined(parts);
    }
  }

  /** Skips by seeking where the stream can; false when it ended before. */
  private static boolean skipFully(InputStream in, long count) throws IOException {
    try {
      in.skipNBytes(count);
      return true;
    } catch (java.io.EOFException e) {
      return false;
    }
  }

  /** At most this many bytes of the stream. */
  private static final class Limited extends FilterInputStream {
    private long left;

    Limited(InputStream in, long left) {
      super(in);
      this.left = left;
    }

    @Override
    public int read() throws IOException {
      int value = left == 0 ? -1 : super.read();
      left -= value < 0 ? 0 : 1;
      return value;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      if (left == 0 && length > 0) {
        return -1;
      }
      int count = super.read(buffer, offset, (int) Math.min(length, left));
      left -= Math.max(0, count);
      return count;
    }

    @Override
    public long skip(long count) throws IOException {
      long skipped = super.skip(Math.min(count, left));
      left -= skipped;
      return skipped;
    }

    @Override
    public int available() throws IOException {
      return (int) Math.min(super.available(), left);
    }

    @Override
    public boolean markSupported() {
      return false;
    }
  }

  /** Opens one part after the other, so that only one file is open at a time. */
  private static final class Joined extends InputStream {
    private final List<ByteSource> parts;
    private InputStream current = InputStream.nullInputStream();
    private int next;

    Joined(List<ByteSource> parts) {
      this.parts = parts;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int count = current.read(buffer, offset, length);
      while (count < 0 && next < parts.size()) {
        current.close();
        current = parts.get(next++).open();
        count = current.read(buffer, offset, length);
      }
      return count;
    }

    @Override
    public void close() throws IOException {
      current.close();
    }
  }
}
