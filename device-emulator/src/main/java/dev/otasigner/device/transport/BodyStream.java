package dev.otasigner.device.transport;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/** A response's body, cut out of the connection as its framing says. */
abstract sealed class BodyStream extends InputStream {
  private static final int MAX_CHUNK_LINE = 256;

  @Override
  public final int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public abstract int read(byte[] into, int from, int length) throws IOException;

  /** Framed by Content-Length: ending before it is an error, never a short body. */
  static final class Counted extends BodyStream {
    private final InputStream in;
    private long left;

    Counted(InputStream in, long length) {
      this.in = in;
      this.left = length;
    }

    @Override
    public int read(byte[] into, int from, int length) throws IOException {
      if (left == 0) {
        return -1;
      }
      int n = in.read(into, from, (int) Math.min(length, left));
      if (n < 0) {
        throw new EOFException("the connection broke " + left + " bytes before the body's end");
      }
      left -= n;
      return n;
    }
  }

  /** Framed by chunks. */
  static final class Chunked extends BodyStream {
    private final InputStream in;
    private long left;
    private boolean first = true;
    private boolean done;

    Chunked(InputStream in) {
      this.in = in;
    }

    @Override
    public int read(byte[] into, int from, int length) throws IOException {
      if (left == 0 && !done) {
        nextChunk();
      }
      if (done) {
        return -1;
      }
      int n = in.read(into, from, (int) Math.min(length, left));
      if (n < 0) {
        throw new EOFException("the connection broke inside a chunk");
      }
      left -= n;
      return n;
    }

    private void nextChunk() throws IOException {
      if (!first && !HttpConnection.readLine(in, MAX_CHUNK_LINE).isEmpty()) {
        throw new IOException("chunk without its end");
      }
      first = false;
      String size = HttpConnection.readLine(in, MAX_CHUNK_LINE).split(";", 2)[0].strip();
      if (!size.matches("[0-9a-fA-F]{1,8}")) {
        throw new IOException("chunk size is not one");
      }
      left = Long.parseLong(size, 16);
      if (left == 0) {
        done = true;
        int trailers = 0;
        while (!HttpConnection.readLine(in, MAX_CHUNK_LINE).isEmpty()) {
          if (++trailers > 16) {
            throw new IOException("too many trailers");
          }
        }
      }
    }
  }

  /**
   * Framed by the end of the connection, which anybody on the way can bring about: the JDK takes a
   * connection that was cut for one that was closed. So the end is an error.
   */
  static final class UntilClose extends BodyStream {
    private final InputStream in;

    UntilClose(InputStream in) {
      this.in = in;
    }

    @Override
    public int read(byte[] into, int from, int length) throws IOException {
      int n = in.read(into, from, length);
      if (n < 0) {
        throw new EOFException("a body without a length ended: nobody can tell if it is whole");
      }
      return n;
    }
  }
}
