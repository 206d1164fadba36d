package dev.otasigner.verifier.tuf;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.io.IOException;
import java.io.OutputStream;

/**
 * Where a fetcher writes: takes no more than the limit that it was given, whether or not it keeps
 * to it. A fetcher is the embedder's code.
 */
final class Capped extends OutputStream {
  private final OutputStream to;
  private final long maxBytes;
  private long left;
  private boolean over;

  private Capped(OutputStream to, long maxBytes) {
    this.to = to;
    this.maxBytes = maxBytes;
    this.left = maxBytes;
  }

  /**
   * Has a file fetched.
   *
   * @throws RejectedException LIMIT_EXCEEDED when the fetcher says so, or writes more
   * @throws IOException what the fetcher throws
   */
  static void fetch(Fetcher fetcher, String path, long maxBytes, OutputStream to)
      throws IOException, RejectedException {
    Capped capped = new Capped(to, maxBytes);
    try {
      fetcher.fetch(path, maxBytes, capped);
    } catch (IOException e) {
      capped.requireWithin();
      throw e;
    }
    capped.requireWithin();
  }

  private void requireWithin() throws RejectedException {
    if (over) {
      throw new RejectedException(
          Reason.LIMIT_EXCEEDED, "a file longer than its limit of " + maxBytes + " bytes");
    }
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int length) throws IOException {
    over |= length > left;
    if (over) {
      throw new IOException("over the limit of " + maxBytes + " bytes");
    }
    to.write(bytes, from, length);
    left -= length;
  }

  @Override
  public void flush() throws IOException {
    to.flush();
  }
}
