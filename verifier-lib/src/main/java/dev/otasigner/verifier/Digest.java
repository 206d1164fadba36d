package dev.otasigner.verifier;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A SHA-256 digest in lower-case hex: how builds, manifests, profiles, payloads and keys are named
 * on the wire.
 *
 * @param hex 64 lower-case hex digits
 */
public record Digest(String hex) implements Comparable<Digest> {
  public Digest {
    if (!isDigest(hex)) {
      throw new IllegalArgumentException("not a SHA-256 digest in lower-case hex");
    }
  }

  /**
   * Reads untrusted text.
   *
   * @throws RejectedException MALFORMED unless it is 64 lower-case hex digits
   */
  public static Digest parse(String hex) throws RejectedException {
    if (!isDigest(hex)) {
      throw new RejectedException(Reason.MALFORMED, "not a SHA-256 digest in lower-case hex");
    }
    return new Digest(hex);
  }

  /** SHA-256 of these bytes, FIPS 180-4. */
  public static Digest of(byte[] bytes) {
    return ofHash(sha256().digest(bytes));
  }

  /** SHA-256 of these bytes, FIPS 180-4. */
  public static Digest of(Bytes bytes) {
    return of(bytes.toByteArray());
  }

  /**
   * The digest whose 32 bytes are given.
   *
   * @throws IllegalArgumentException when there are not 32
   */
  public static Digest ofHash(byte[] hash) {
    return new Digest(HexFormat.of().formatHex(hash));
  }

  /** The 32 bytes, a copy. */
  public byte[] bytes() {
    return HexFormat.of().parseHex(hex);
  }

  /** The first eight digits, for people. */
  public String abbreviated() {
    return hex.substring(0, 8);
  }

  /** A fresh SHA-256 of the JDK, which is several times faster than any other in pure Java. */
  public static MessageDigest sha256() {
    return digest("SHA-256");
  }

  /**
   * A fresh digest of the JDK that every JDK has.
   *
   * @param jcaName such as {@code SHA-384}
   * @throws IllegalStateException when this JDK has none of this name
   */
  public static MessageDigest digest(String jcaName) {
    try {
      return MessageDigest.getInstance(jcaName);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(jcaName + " is missing from this JDK", e);
    }
  }

  private static boolean isDigest(String hex) {
    if (hex.length() != 64) {
      return false;
    }
    for (int i = 0; i < 64; i++) {
      char c = hex.charAt(i);
      if (!(c >= '0' && c <= '9' || c >= 'a' && c <= 'f')) {
        return false;
      }
    }
    return true;
  }

  @Override
  public int compareTo(Digest other) {
    return hex.compareTo(other.hex);
  }

  @Override
  public String toString() {
    return hex;
  }
}
