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

  /** A copy of all of them. */
  public static Bytes copyOf(byte[] value) {
    return new Bytes(value.clone());
  }

  /**
   * A copy of some, as {@link Arrays#copyOfRange(byte[], int, int)} takes it.
   *
   * @param from index of the first byte
   * @param to index behind the last byte
   */
  public static Bytes copyOf(byte[] value, int from, int to) {
    return new Bytes(Arrays.copyOfRange(value, from, to));
  }

  /**
   * Reads lower-case hex, two digits a byte. Its length is for the caller to bound.
   *
   * @throws RejectedException MALFORMED for an odd number of digits, or any other character
   */
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

  /**
   * Reads standard base64 with padding, RFC 4648 section 4; no other spelling of the same bytes is
   * taken. Its length is for the caller to bound.
   *
   * @throws RejectedException MALFORMED for anything else
   */
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

  /** A copy. */
  public byte[] toByteArray() {
    return value.clone();
  }

  /** How many bytes there are. */
  public int length() {
    return value.length;
  }

  /** Lower-case hex, two digits a byte. */
  public String hex() {
    return HEX.formatHex(value);
  }

  /** Standard base64 with padding, RFC 4648 section 4. */
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
