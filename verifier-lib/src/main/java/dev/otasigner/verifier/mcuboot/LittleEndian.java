package dev.otasigner.verifier.mcuboot;

import dev.otasigner.verifier.ImageVersion;
import java.io.ByteArrayOutputStream;

/** Unsigned little-endian integers. */
final class LittleEndian {
  private LittleEndian() {}

  static int u8(byte[] bytes, int at) {
    return bytes[at] & 0xff;
  }

  static int u16(byte[] bytes, int at) {
    return u8(bytes, at) | u8(bytes, at + 1) << 8;
  }

  static long u32(byte[] bytes, int at) {
    return u16(bytes, at) | (long) u16(bytes, at + 2) << 16;
  }

  static void u16(ByteArrayOutputStream out, int value) {
    out.write(value);
    out.write(value >> 8);
  }

  static void u32(ByteArrayOutputStream out, long value) {
    u16(out, (int) value);
    u16(out, (int) (value >> 16));
  }

  /** u8 major, u8 minor, u16 revision, u32 build. */
  static void version(ByteArrayOutputStream out, ImageVersion version) {
    out.write(version.major());
    out.write(version.minor());
    u16(out, version.revision());
    u32(out, version.build());
  }

  static ImageVersion version(byte[] bytes, int at) {
    return new ImageVersion(
        u8(bytes, at), u8(bytes, at + 1), u16(bytes, at + 2), u32(bytes, at + 4));
  }
}
