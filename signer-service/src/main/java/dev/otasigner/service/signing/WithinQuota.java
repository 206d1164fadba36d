package dev.otasigner.service.signing;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** A body of unknown length, which ends with a refusal where the product's quota ends. */
final class WithinQuota extends FilterInputStream {
  private final String product;
  private final long roomBytes;
  private long at;

  WithinQuota(InputStream in, String product, long roomBytes) {
    super(in);
    this.product = product;
    this.roomBytes = roomBytes;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int from, int length) throws IOException {
    int n = super.read(buffer, from, length);
    at += Math.max(0, n);
    if (at > roomBytes) {
      throw UploadRows.exceeded(product, -1, roomBytes);
    }
    return n;
  }
}
