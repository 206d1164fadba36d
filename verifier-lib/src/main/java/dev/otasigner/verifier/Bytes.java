package dev.otasigner.verifier;

import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** An immutable run of bytes, compared in constant time. */
public final class Bytes {
  private static final HexFormat HEX = HexFormat.of();

  private final byte[] value;

  private Bytes(byte[] value) {
    this.value = value;
  }

  public static Bytes copyOf(byte[] value) {
    return new Bytes(value.clone());
  }

  public static Bytes copyOf(byte[] value, int from, int to) {
    return new Bytes(Arrays.copyOfRange(value, from, to));
  }

  /** Lower-case hex, an even number of digits. */
  public static Bytes ofHex(String hex) throws RejectedException {
    for (int i = 0; i < hex.length(); i++) {
      char c = hex.charAt(i);
      if (!(c >= '0' && c <= '9' || c >= 'a' && c <= 'f')) {
        throw new RejectedException(Reason.MALFORMED, "not lower-case hex");
      }
    }
    if (hex.length() % 2 != 0) {
      throw new RejectedException(Reason.MALFORMED, "odd number of hex digits");
    }
    return new Bytes(HEX.parseHex(hex));
  }

  /** Standard base64 with padding; no other spelling of the same bytes is taken. */
  public static Bytes ofBase64(String text) throws RejectedException {
    byte[] decoded;
    try {
      decoded = Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw new RejectedException(Reason.MALFORMED, "not base64");
    }
    if (!Base64.getEncoder().encodeToString(decoded).equals(text)) {
      throw new RejectedException(Reason.MALFORMED, "base64 is not in its canonical form");
    }
    return new Bytes(decoded);
  }

  public byte[] toByteArray() {
    return value.clone();
  }

  public int length() {
    return value.length;
  }

  public String hex() {
    return HEX.formatHex(value);
  }

  public String base64() {
    return Base64.getEncoder().encodeToString(value);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Bytes that && MessageDigest.isEqual(value, that.value);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(value);
  }

  @Override
  public String toString() {
    return value.length <= 64 ? hex() : value.length + " bytes";
  }
}
