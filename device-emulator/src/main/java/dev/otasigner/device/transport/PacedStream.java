package dev.otasigner.device.transport;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Gives up a body that only drips. */
final class PacedStream extends FilterInputStream {
  private final Timeouts timeouts;
  private final long startNanos = System.nanoTime();
  private long count;

  PacedStream(InputStream in, Timeouts timeouts) {
    super(in);
    this.timeouts = timeouts;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int from, int length) throws IOException {
    int n = super.read(into, from, length);
    count += Math.max(0, n);
    long elapsed = System.nanoTime() - startNanos;
    if (n >= 0 && elapsed > timeouts.patience().toNanos()) {
      double perSecond = count * 1e9 / elapsed;
      if (perSecond < timeouts.minBytesPerSecond()) {
        throw new IOException("the server is too slow: " + (long) perSecond + " bytes per second");
      }
    }
    return n;
  }
}
