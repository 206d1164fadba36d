package dev.otasigner.verifier.mcuboot;

import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * The first 32 bytes of an image (MCUboot design, "Image format").
 *
 * @param loadAddress where a RAM-loaded or fixed image belongs, u32
 * @param headerBytes offset of the payload; the header is padded up to it, u16
 * @param protectedTlvBytes length of the protected TLV area with its info header, 0 if none, u16
 * @param payloadBytes without header and TLVs, u32
 * @param flags u32
 * @param version of the image
 * @param pad written 0; bootloaders do not look at it, u32
 */
public record McubootHeader(
    long loadAddress,
    int headerBytes,
    int protectedTlvBytes,
    long payloadBytes,
    long flags,
    ImageVersion version,
    long pad) {
  /** Length of the fields, without padding. */
  public static final int BYTES = 32;

  /** The first four bytes, u32. */
  public static final long MAGIC = 0x96f3b83dL;

  /** Flag: position-independent code. */
  public static final int PIC = 0x1;

  /** Flag: the payload is encrypted with AES-128. */
  public static final int ENC_AES128 = 0x4;

  /** Flag: the payload is encrypted with AES-256. */
  public static final int ENC_AES256 = 0x8;

  /** Flag: not to be booted by itself. */
  public static final int NON_BOOTABLE = 0x10;

  /** Flag: copied to {@code loadAddress} before it runs. */
  public static final int RAM_LOAD = 0x20;

  /** Flag: built to run from flash at {@code loadAddress}. */
  public static final int ROM_FIXED = 0x100;

  /** Flag: the payload is compressed with LZMA1. */
  public static final int LZMA1 = 0x200;

  /** Flag: the payload is compressed with LZMA2. */
  public static final int LZMA2 = 0x400;

  /** Flag: the compressed payload has gone through a filter for ARM Thumb code. */
  public static final int ARM_THUMB_FILTER = 0x800;

  private static final int LOAD_ADDRESS_AT = 4;
  private static final int HEADER_SIZE_AT = 8;
  private static final int PROTECTED_SIZE_AT = 10;
  private static final int IMAGE_SIZE_AT = 12;
  private static final int FLAGS_AT = 16;
  private static final int VERSION_AT = 20;
  private static final int PAD_AT = 28;
  private static final long U32_MAX = 0xffff_ffffL;

  public McubootHeader {
    if (headerBytes < BYTES || headerBytes > 0xffff) {
      throw new IllegalArgumentException("header size out of range: 32 to 65535 is expected");
    }
    if (protectedTlvBytes < 0 || protectedTlvBytes > 0xffff) {
      throw new IllegalArgumentException("protected TLV area over 65535 bytes");
    }
    if (payloadBytes < 0 || payloadBytes > U32_MAX - headerBytes - protectedTlvBytes) {
      throw new IllegalArgumentException("image does not fit 32 bits");
    }
  }

  /**
   * Reads the first 32 bytes of a file.
   *
   * @throws RejectedException IMAGE_FORMAT when it is no MCUboot image at all, else MALFORMED
   */
  static McubootHeader read(byte[] bytes) throws RejectedException {
    if (bytes.length < BYTES) {
      throw new RejectedException(
              Reason.IMAGE_FORMAT,
              "too short for an MCUboot header",
              BYTES + " bytes",
              bytes.length + " bytes")
          .at(0);
    }
    long magic = LittleEndian.u32(bytes, 0);
    if (magic != MAGIC) {
      throw new RejectedException(
              Reason.IMAGE_FORMAT, "magic of an MCUboot image", hex(MAGIC), hex(magic))
          .at(0);
    }
    int headerBytes = LittleEndian.u16(bytes, HEADER_SIZE_AT);
    if (headerBytes < BYTES) {
      throw new RejectedException(
              Reason.MALFORMED, "hdr_size", "at least " + BYTES, Integer.toString(headerBytes))
          .at(HEADER_SIZE_AT);
    }
    int protectedTlvBytes = LittleEndian.u16(bytes, PROTECTED_SIZE_AT);
    long payloadBytes = LittleEndian.u32(bytes, IMAGE_SIZE_AT);
    if (payloadBytes > U32_MAX - headerBytes - protectedTlvBytes) {
      throw new RejectedException(Reason.MALFORMED, "img_size: the image does not fit 32 bits")
          .at(IMAGE_SIZE_AT);
    }
    return new McubootHeader(
        LittleEndian.u32(bytes, LOAD_ADDRESS_AT),
        headerBytes,
        protectedTlvBytes,
        payloadBytes,
        LittleEndian.u32(bytes, FLAGS_AT),
        LittleEndian.version(bytes, VERSION_AT),
        LittleEndian.u32(bytes, PAD_AT));
  }

  byte[] toBytes() {
    ByteArrayOutputStream out = new ByteArrayOutputStream(BYTES);
    LittleEndian.u32(out, MAGIC);
    LittleEndian.u32(out, loadAddress);
    LittleEndian.u16(out, headerBytes);
    LittleEndian.u16(out, protectedTlvBytes);
    LittleEndian.u32(out, payloadBytes);
    LittleEndian.u32(out, flags);
    LittleEndian.version(out, version);
    LittleEndian.u32(out, pad);
    return out.toByteArray();
  }

  /** MCUboot's loader looks at this flag before it validates. */
  void requireBootable() throws RejectedException {
    if (has(NON_BOOTABLE)) {
      throw refused(Reason.IMAGE_NOT_BOOTABLE, "the image is flagged as not bootable");
    }
  }

  RejectedException refused(Reason reason, String message) {
    return new RejectedException(reason, message + " (flags " + hex(flags) + ")").at(FLAGS_AT);
  }

  boolean has(int flag) {
    return (flags & flag) != 0;
  }

  /** Whether a flag says that the payload is encrypted. */
  public boolean isEncrypted() {
    return has(ENC_AES128 | ENC_AES256);
  }

  /** Whether a flag says that the payload is compressed. */
  public boolean isCompressed() {
    return has(LZMA1 | LZMA2);
  }

  /** The flags by name; a bit without a name is given in hex. */
  public List<String> flagNames() {
    List<String> names = new ArrayList<>();
    long rest = flags;
    for (Flag flag : Flag.values()) {
      if ((rest & flag.bit) != 0) {
        names.add(flag.name());
        rest &= ~flag.bit;
      }
    }
    if (rest != 0) {
      names.add(hex(rest));
    }
    return names;
  }

  private enum Flag {
    PIC(McubootHeader.PIC),
    ENC_AES128(McubootHeader.ENC_AES128),
    ENC_AES256(McubootHeader.ENC_AES256),
    NON_BOOTABLE(McubootHeader.NON_BOOTABLE),
    RAM_LOAD(McubootHeader.RAM_LOAD),
    ROM_FIXED(McubootHeader.ROM_FIXED),
    LZMA1(McubootHeader.LZMA1),
    LZMA2(McubootHeader.LZMA2),
    ARM_THUMB_FILTER(McubootHeader.ARM_THUMB_FILTER);

    private final long bit;

    Flag(long bit) {
      this.bit = bit;
    }
  }

  private static String hex(long value) {
    return "0x" + Long.toHexString(value);
  }
}
