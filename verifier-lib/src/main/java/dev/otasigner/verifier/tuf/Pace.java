package dev.otasigner.verifier.tuf;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * How slowly a repository may send. A read timeout alone is no bound: one byte for each of them
 * holds a client for as long as the server likes (slow retrieval attack).
 *
 * @param patience for how long anything goes
 * @param minBytesPerSecond from then on demanded, on average since the first read
 */
public record Pace(Duration patience, int minBytesPerSecond) {
  /**
   * 30 seconds, then 512 bytes per second: a body of a megabyte takes no longer than some 34
   * minutes.
   */
  public static final Pace COMMON = new Pace(Duration.ofSeconds(30), 512);

  public Pace {
    if (patience.isNegative() || patience.isZero() || minBytesPerSecond < 1) {
      throw new IllegalArgumentException("patience and rate are positive");
    }
  }

  /**
   * The same stream, given up with an {@link IOException} once it only drips. A read that never
   * returns is for the socket's own timeout to end.
   *
   * @param nanoTime a clock that never goes back, such as {@code System::nanoTime}
   */
  public InputStream watch(InputStream in, LongSupplier nanoTime) {
    return new Watched(in, this, nanoTime);
  }

  private static final class Watched extends FilterInputStream {
    private final Pace pace;
    private final LongSupplier nanoTime;
    private final long startNanos;
    private long count;

    private Watched(InputStream in, Pace pace, LongSupplier nanoTime) {
      super(in);
      this.pace = pace;
      this.nanoTime = nanoTime;
      this.startNanos = nanoTime.getAsLong();
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int from, int length) throws IOException {
      int read = super.read(into, from, length);
      count += Math.max(0, read);
      long elapsed = nanoTime.getAsLong() - startNanos;
      if (read >= 0 && elapsed > pace.patience.toNanos()) {
        double perSecond = count * 1e9 / elapsed;
        if (perSecond < pace.minBytesPerSecond) {
          throw new IOException(
              "the server is too slow: " + (long) perSecond + " bytes per second");
        }
      }
      return read;
    }
  }
}
