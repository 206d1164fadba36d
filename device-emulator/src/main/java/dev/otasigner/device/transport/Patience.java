package dev.otasigner.device.transport;

import dev.otasigner.verifier.tuf.Pace;
import java.net.SocketTimeoutException;
import java.time.Duration;

/**
 * For how long a device waits for what a connection brings after its handshake, all its waits for
 * one response taken together: for a head so long, for a body so long and then at a least rate.
 *
 * <p>It counts below TLS, where waiting is. A record is handed up whole or not at all, so whoever
 * drips its bytes would otherwise be waited for up to 16,384 times. What counts for the rate is
 * what came out of TLS, and what there is of one record that has not: records without content, or
 * of padding, buy no time.
 */
final class Patience {
  /** RFC 8446 5.2 and RFC 5246 6.2.3: 2^14 octets, what protection adds to them, and a header. */
  private static final int MAX_RECORD = 16 * 1024 + 2048 + 5;

  private static final long NANOS = 1_000_000_000;

  private final Pace pace;
  private boolean isHead = true;
  private long waitedNanos;
  private long plainBytes;
  private long sealedBytes;

  Patience(Pace pace) {
    this.pace = pace;
  }

  /** A request goes out. */
  void forHead() {
    begin(true);
  }

  /** The head is read. */
  void forBody() {
    begin(false);
  }

  private void begin(boolean head) {
    isHead = head;
    waitedNanos = 0;
    plainBytes = 0;
    sealedBytes = 0;
  }

  /**
   * For how long the next read may wait, in milliseconds as sockets take them.
   *
   * @throws SocketTimeoutException when nothing is left
   */
  int millis(Duration stall) throws SocketTimeoutException {
    // Rounded up: a socket knows no shorter time, and 0 is for ever.
    long left = (leastNanos() - waitedNanos + 999_999) / 1_000_000;
    if (left <= 0) {
      throw new SocketTimeoutException(
          isHead
              ? "timed out: the server takes too long to answer"
              : "timed out: the server is too slow: "
                  + plainBytes
                  + " bytes in "
                  + waitedNanos / 1_000_000
                  + " ms");
    }
    return Math.toIntExact(Math.min(left, Math.max(1, stall.toMillis())));
  }

  private long leastNanos() {
    long patience = pace.patience().toNanos();
    if (isHead) {
      return patience;
    }
    // One second more: at exactly the least rate the next bytes are still on their way.
    long bytes = plainBytes + Math.min(sealedBytes, MAX_RECORD) + pace.minBytesPerSecond();
    double atLeastRate = (double) bytes * NANOS / pace.minBytesPerSecond();
    return Math.max(patience, (long) atLeastRate);
  }

  /** A read below TLS waited so long and brought so much. */
  void read(long nanos, int bytes) {
    waitedNanos += Math.max(0, nanos);
    sealedBytes += Math.max(0, bytes);
  }

  /** TLS handed so much up. */
  void opened(int bytes) {
    if (bytes > 0) {
      plainBytes += bytes;
      sealedBytes = 0;
    }
  }
}
