package dev.otasigner.service.signing;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** A body from the network, whose failures are told apart from the disk's. */
final class Incoming extends FilterInputStream {
  private long at;

  Incoming(InputStream in) {
    super(in);
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int from, int length) throws IOException {
    try {
      int n = super.read(buffer, from, length);
      at += Math.max(0, n);
      return n;
    } catch (IOException e) {
      throw new BrokenOffException(at, e);
    }
  }
}
