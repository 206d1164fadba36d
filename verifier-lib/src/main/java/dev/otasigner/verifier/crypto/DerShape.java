package dev.otasigner.verifier.crypto;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;

/**
 * Whether bytes have the shape of a key in DER: lengths that are definite, short and fit, and
 * little nesting. Asked before the bytes are given to a parser that follows every level of them.
 */
final class DerShape {
  /** Keys of the registry need two; with a curve's parameters written out there are four. */
  private static final int MAX_DEPTH = 6;

  private static final int CONSTRUCTED = 0x20;
  private static final int LONG_TAG = 0x1f;

  private final byte[] der;

  private DerShape(byte[] der) {
    this.der = der;
  }

  /**
   * Returns when the shape is right.
   *
   * @throws RejectedException MALFORMED otherwise
   */
  static void require(byte[] der) throws RejectedException {
    new DerShape(der).walk(0, der.length, 1);
  }

  private void walk(int from, int to, int depth) throws RejectedException {
    if (depth > MAX_DEPTH) {
      throw malformed("nested too deep for a key", from);
    }
    int at = from;
    while (at < to) {
      int tag = der[at] & 0xff;
      if ((tag & LONG_TAG) == LONG_TAG) {
        throw malformed("a tag that keys do not have", at);
      }
      int value = at + headerBytes(at, to);
      int end = value + length(at, to);
      if (end > to) {
        throw malformed("runs past its end", at);
      }
      if ((tag & CONSTRUCTED) != 0) {
        walk(value, end, depth + 1);
      }
      at = end;
    }
  }

  /** Tag and length: two bytes, or three or four where the length needs them. */
  private int headerBytes(int at, int to) throws RejectedException {
    int first = to - at < 2 ? 0 : der[at + 1] & 0xff;
    int bytes = (first & 0x80) == 0 ? 2 : 2 + (first & 0x7f);
    if (first == 0x80 || bytes > 4 || bytes > to - at) {
      throw malformed("no length in DER", at);
    }
    return bytes;
  }

  private int length(int at, int to) throws RejectedException {
    int bytes = headerBytes(at, to);
    int length = der[at + 1] & 0xff;
    if (bytes > 2) {
      length = 0;
      for (int i = 2; i < bytes; i++) {
        length = length << 8 | der[at + i] & 0xff;
      }
    }
    return length;
  }

  private static RejectedException malformed(String what, int at) {
    return new RejectedException(Reason.MALFORMED, "public key is not in DER: " + what).at(at);
  }
}
