package dev.otasigner.verifier.mcuboot;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.util.ArrayList;
import java.util.List;

/**
 * One entry of an image's TLV areas (MCUboot design, "Image format" and "Protected TLVs").
 *
 * @param area whether the image's hash and signatures cover it
 * @param type 16 bits, see {@link TlvType}
 * @param offset of the entry's own header in the file, in bytes
 * @param value at most 65535 bytes
 */
public record Tlv(Area area, int type, long offset, Bytes value) {
  static final int HEADER_BYTES = 4;
  static final int MAX_BYTES = 0xffff;

  /** The two areas, each begun by its magic and its length, this header included. */
  public enum Area {
    /** Covered by the image's hash and signatures. */
    PROTECTED(0x6908),

    /** Covered by nothing: hash, key names and signatures stand here. */
    UNPROTECTED(0x6907);

    private final int magic;

    Area(int magic) {
      this.magic = magic;
    }

    int magic() {
      return magic;
    }
  }

  /** Whether the image's hash and signatures cover it. */
  public boolean isProtected() {
    return area == Area.PROTECTED;
  }

  long valueOffset() {
    return offset + HEADER_BYTES;
  }

  String name() {
    return TlvType.name(type);
  }

  RejectedException refused(Reason reason, String message) {
    return new RejectedException(reason, "TLV " + name() + ": " + message).at(offset);
  }

  RejectedException refused(Reason reason, String message, Object expected, Object actual) {
    return new RejectedException(reason, "TLV " + name() + ": " + message, expected, actual)
        .at(offset);
  }

  /**
   * The entries of an area, which they must fill exactly.
   *
   * @param bytes the area with its info header
   * @param offset of the area in the file
   */
  static List<Tlv> readAll(Area area, byte[] bytes, long offset) throws RejectedException {
    List<Tlv> entries = new ArrayList<>();
    int at = HEADER_BYTES;
    while (at < bytes.length) {
      if (bytes.length - at < HEADER_BYTES) {
        throw new RejectedException(Reason.MALFORMED, "TLV entry runs past its area")
            .at(offset + at);
      }
      int type = LittleEndian.u16(bytes, at);
      int length = LittleEndian.u16(bytes, at + 2);
      int from = at + HEADER_BYTES;
      if (length > bytes.length - from) {
        throw new RejectedException(
                Reason.MALFORMED,
                "TLV " + TlvType.name(type) + " runs past its area",
                "at most " + (bytes.length - from) + " bytes",
                length + " bytes")
            .at(offset + at);
      }
      entries.add(new Tlv(area, type, offset + at, Bytes.copyOf(bytes, from, from + length)));
      at = from + length;
    }
    return entries;
  }
}
