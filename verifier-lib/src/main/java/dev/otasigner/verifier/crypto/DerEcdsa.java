package dev.otasigner.verifier.crypto;

import java.math.BigInteger;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * {@code SEQUENCE { INTEGER r, INTEGER s }} in strict DER. Back ends on devices differ in what
 * laxness they take (padding, trailing bytes, long-form lengths); here there is one spelling.
 */
final class DerEcdsa {
  private final byte[] der;
  private int at;

  private DerEcdsa(byte[] der) {
    this.der = der;
  }

  /** r and s, or null when the bytes are anything but DER. */
  static BigInteger @Nullable [] read(byte[] der) {
    DerEcdsa reader = new DerEcdsa(der);
    if (reader.header(0x30) != der.length - reader.at) {
      return null;
    }
    BigInteger r = reader.positive();
    BigInteger s = reader.positive();
    return r == null || s == null || reader.at != der.length ? null : new BigInteger[] {r, s};
  }

  private @Nullable BigInteger positive() {
    int length = header(0x02);
    if (length < 1 || length > der.length - at) {
      return null;
    }
    byte[] value = Arrays.copyOfRange(der, at, at + length);
    at += length;
    boolean negative = value[0] < 0;
    boolean padded = value.length > 1 && value[0] == 0 && value[1] >= 0;
    return negative || padded ? null : new BigInteger(value);
  }

  /** The length after this tag, or -1. At most 255 bytes: P-521 needs 139. */
  private int header(int tag) {
    if (der.length - at < 2 || der[at] != tag) {
      return -1;
    }
    int length = der[at + 1] & 0xff;
    at += 2;
    if (length < 0x80) {
      return length;
    }
    if (length != 0x81 || at == der.length) {
      return -1;
    }
    length = der[at++] & 0xff;
    return length < 0x80 ? -1 : length;
  }
}
