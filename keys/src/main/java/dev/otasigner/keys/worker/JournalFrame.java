package dev.otasigner.keys.worker;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** How a record lies in the journal: u32 length, u32 CRC-32C of the JSON, JSON; big-endian. */
final class JournalFrame {
  static final int HEAD_BYTES = 8;

  /** An SLH-DSA signature in base64 needs 22 KiB, the longest record. */
  static final int MAX_BYTES = 64 * 1024;

  private static final int MIN_BYTES = 2;

  private JournalFrame() {}

  static byte[] encode(byte[] json) {
    if (json.length > MAX_BYTES) {
      throw new IllegalStateException("a journal record of " + json.length + " bytes");
    }
    return ByteBuffer.allocate(HEAD_BYTES + json.length)
        .putInt(json.length)
        .putInt(crc(json, 0, json.length))
        .put(json)
        .array();
  }

  /** The JSON of the frame at this offset, or null when there is no whole one. */
  static byte @Nullable [] at(byte[] bytes, int offset) {
    if (bytes.length - offset < HEAD_BYTES) {
      return null;
    }
    ByteBuffer head = ByteBuffer.wrap(bytes, offset, HEAD_BYTES);
    int length = head.getInt();
    int crc = head.getInt();
    if (length < MIN_BYTES || length > MAX_BYTES || length > bytes.length - offset - HEAD_BYTES) {
      return null;
    }
    int from = offset + HEAD_BYTES;
    return crc(bytes, from, length) == crc
        ? java.util.Arrays.copyOfRange(bytes, from, from + length)
        : null;
  }

  private static int crc(byte[] bytes, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }
}
