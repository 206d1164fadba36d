package dev.otasigner.verifier.mcuboot;

import java.util.Map;

/**
 * Types of an MCUboot image's TLVs, 16 bits, and their names ({@code IMAGE_TLV_*} of MCUboot and
 * imgtool).
 */
public final class TlvType {
  /** Hash of the public key that the next signature is by, of the image hash's kind. */
  public static final int KEYHASH = 0x01;

  /** The public key that the next signature is by, whole. */
  public static final int PUBKEY = 0x02;

  /** SHA-256 of header, payload and protected TLVs, 32 bytes. */
  public static final int SHA256 = 0x10;

  /** SHA-384 of header, payload and protected TLVs, 48 bytes. */
  public static final int SHA384 = 0x11;

  /** SHA-512 of header, payload and protected TLVs, 64 bytes. */
  public static final int SHA512 = 0x12;

  /** RSASSA-PSS signature over the SHA-256, 256 bytes, RFC 8017. */
  public static final int RSA2048_PSS = 0x20;

  static final int ECDSA224 = 0x21;

  /** ECDSA signature over the hash, in DER. */
  public static final int ECDSA_SIG = 0x22;

  /** RSASSA-PSS signature over the SHA-256, 384 bytes, RFC 8017. */
  public static final int RSA3072_PSS = 0x23;

  /**
   * Ed25519 signature whose message is the hash, or the image itself with {@link #SIG_PURE}; 64
   * bytes, RFC 8032.
   */
  public static final int ED25519 = 0x24;

  /** One byte, 1: the signature is over the image itself. */
  public static final int SIG_PURE = 0x25;

  static final int ENC_RSA2048 = 0x30;
  static final int ENC_KW = 0x31;
  static final int ENC_EC256 = 0x32;
  static final int ENC_X25519 = 0x33;
  static final int ENC_X25519_SHA512 = 0x34;

  /** Another image that must be there, 12 bytes: its number (u8), 3 unused, its lowest version. */
  public static final int DEPENDENCY = 0x40;

  /** The security counter, u32, protected. */
  public static final int SEC_CNT = 0x50;

  /** What measured boot hands on to the OS, in CBOR. */
  public static final int BOOT_RECORD = 0x60;

  /** Identifier of the vendor, 16 bytes. */
  public static final int UUID_VID = 0x74;

  /** Identifier of the class of device, 16 bytes. */
  public static final int UUID_CID = 0x75;

  private static final Map<Integer, String> NAMES =
      Map.ofEntries(
          Map.entry(KEYHASH, "KEYHASH"),
          Map.entry(PUBKEY, "PUBKEY"),
          Map.entry(SHA256, "SHA256"),
          Map.entry(SHA384, "SHA384"),
          Map.entry(SHA512, "SHA512"),
          Map.entry(RSA2048_PSS, "RSA2048_PSS"),
          Map.entry(ECDSA224, "ECDSA224"),
          Map.entry(ECDSA_SIG, "ECDSA_SIG"),
          Map.entry(RSA3072_PSS, "RSA3072_PSS"),
          Map.entry(ED25519, "ED25519"),
          Map.entry(SIG_PURE, "SIG_PURE"),
          Map.entry(ENC_RSA2048, "ENC_RSA2048"),
          Map.entry(ENC_KW, "ENC_KW"),
          Map.entry(ENC_EC256, "ENC_EC256"),
          Map.entry(ENC_X25519, "ENC_X25519"),
          Map.entry(ENC_X25519_SHA512, "ENC_X25519_SHA512"),
          Map.entry(DEPENDENCY, "DEPENDENCY"),
          Map.entry(SEC_CNT, "SEC_CNT"),
          Map.entry(BOOT_RECORD, "BOOT_RECORD"),
          Map.entry(UUID_VID, "UUID_VID"),
          Map.entry(UUID_CID, "UUID_CID"));

  private TlvType() {}

  /** The name, or {@code vendor 0x00a0} for a vendor's own, or {@code 0x0099} for none of these. */
  public static String name(int type) {
    String name = NAMES.get(type);
    if (name != null) {
      return name;
    }
    return isVendor(type) ? "vendor " + hex(type) : hex(type);
  }

  /** 0x00a0 to 0xfffe with a low byte of at least 0xa0. */
  public static boolean isVendor(int type) {
    return type <= 0xfffe && (type & 0xff) >= 0xa0;
  }

  static boolean isSignature(int type) {
    return type == RSA2048_PSS || type == RSA3072_PSS || type == ECDSA_SIG || type == ED25519;
  }

  private static String hex(int type) {
    String digits = Integer.toHexString(type);
    return "0x" + "0".repeat(4 - digits.length()) + digits;
  }
}
