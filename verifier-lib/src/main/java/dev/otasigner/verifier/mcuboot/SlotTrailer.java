package dev.otasigner.verifier.mcuboot;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * The end of a slot: swap status, sizes and flags, and at the very end 16 bytes of magic.
 *
 * <p>After an image's TLVs only erased flash may follow, or erased flash that ends in a trailer as
 * signing tools write it: all erased but for the magic and, when confirmed, {@code image_ok}.
 */
public final class SlotTrailer {
  /**
   * Sectors that the swap status has room for: the default of signing tools and bootloader ports.
   */
  public static final int DEFAULT_MAX_SECTORS = 128;

  /** Flags stand this many bytes apart, unless flash demands more. */
  public static final int DEFAULT_MAX_ALIGN = 8;

  /**
   * What a slot keeps for its trailer unless more is known: swap status of {@link
   * #DEFAULT_MAX_SECTORS} sectors written eight bytes at a time.
   */
  public static final int RESERVED_BYTES =
      sizeBytes(DEFAULT_MAX_ALIGN, DEFAULT_MAX_ALIGN, DEFAULT_MAX_SECTORS);

  static final int MAGIC_BYTES = 16;
  private static final int FLAGS = 4;
  private static final int STATES = 3;
  private static final byte ERASED_FF = (byte) 0xff;
  private static final byte ERASED_00 = 0;
  private static final Bytes MAGIC =
      Bytes.copyOf(HexFormat.of().parseHex("77c295f360d2ef7f3552500f2cb67980"));
  private static final byte[] WIDE_MAGIC_END =
      HexFormat.of().parseHex("2de15d29410b8d77679c110f1f8a");

  private SlotTrailer() {}

  /**
   * Length of a trailer that can swap.
   *
   * @param align write size of the flash: 1, 2, 4, 8, 16 or 32
   * @param maxAlign distance between flags: 8, 16 or 32
   */
  static int sizeBytes(int align, int maxAlign, int maxSectors) {
    return maxSectors * STATES * align + maxAlign * FLAGS + alignedMagic(maxAlign);
  }

  /** A trailer of erased flash with its magic and, when {@code confirmed}, image_ok. */
  static byte[] toBytes(int size, int maxAlign, byte erased, boolean confirmed) {
    byte[] trailer = new byte[size];
    Arrays.fill(trailer, erased);
    byte[] magic = magic(maxAlign);
    System.arraycopy(magic, 0, trailer, size - magic.length, magic.length);
    if (confirmed) {
      trailer[size - imageOkFromEnd(maxAlign)] = 1;
    }
    return trailer;
  }

  private static int alignedMagic(int maxAlign) {
    return (MAGIC_BYTES + maxAlign - 1) / maxAlign * maxAlign;
  }

  private static int imageOkFromEnd(int maxAlign) {
    return alignedMagic(maxAlign) + maxAlign;
  }

  /** Wider flash has a magic of its own, which begins with the alignment. */
  private static byte[] magic(int maxAlign) {
    if (maxAlign == DEFAULT_MAX_ALIGN) {
      return MAGIC.toByteArray();
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream(MAGIC_BYTES);
    LittleEndian.u16(out, maxAlign);
    out.writeBytes(WIDE_MAGIC_END);
    return out.toByteArray();
  }

  /** What follows the TLVs, fed in order of the file; keeps only the last few bytes. */
  static final class Reader {
    private static final int TAIL_BYTES = 64;

    private final byte[] tail;
    private final long tailOffset;
    private long firstNotFf = -1;
    private long firstNot00 = -1;

    /**
     * A reader of what stands between these offsets.
     *
     * @param from end of the TLVs
     * @param to end of the file
     */
    Reader(long from, long to) {
      tail = new byte[(int) Math.min(TAIL_BYTES, to - from)];
      tailOffset = to - tail.length;
    }

    /** Takes the next bytes, which stand at {@code offset} in the file. */
    void read(byte[] buffer, int from, int to, long offset) {
      for (int i = from; i < to; i++) {
        long at = offset + i - from;
        if (at < tailOffset) {
          note(buffer[i], at);
        } else if (at - tailOffset < tail.length) {
          tail[(int) (at - tailOffset)] = buffer[i];
        }
      }
    }

    private void note(byte value, long at) {
      if (value != ERASED_FF && firstNotFf < 0) {
        firstNotFf = at;
      }
      if (value != ERASED_00 && firstNot00 < 0) {
        firstNot00 = at;
      }
    }

    /**
     * Whether a trailer stood there.
     *
     * @throws RejectedException IMAGE_TRAILING_BYTES when there was anything but erased flash and a
     *     trailer
     */
    boolean finish() throws RejectedException {
      int magicAt = tail.length - MAGIC_BYTES;
      for (int maxAlign = DEFAULT_MAX_ALIGN; magicAt >= 0 && maxAlign <= 32; maxAlign *= 2) {
        if (Arrays.equals(magic(maxAlign), Arrays.copyOfRange(tail, magicAt, tail.length))) {
          requireErased(magicAt, tail.length - imageOkFromEnd(maxAlign));
          return true;
        }
      }
      for (int i = 0; i < tail.length; i++) {
        note(tail[i], tailOffset + i);
      }
      if (firstNotFf >= 0) {
        throw refused(firstNotFf);
      }
      return false;
    }

    /** Flash that erases to zero is allowed here: the magic tells it from appended bytes. */
    private void requireErased(int magicAt, int imageOkAt) throws RejectedException {
      for (int i = 0; i < magicAt; i++) {
        if (i != imageOkAt || tail[i] != 1) {
          note(tail[i], tailOffset + i);
        }
      }
      if (firstNotFf >= 0 && firstNot00 >= 0) {
        throw refused(Math.max(firstNotFf, firstNot00));
      }
    }

    private static RejectedException refused(long at) {
      return new RejectedException(
              Reason.IMAGE_TRAILING_BYTES,
              "bytes after the TLVs that are neither erased flash nor a valid trailer")
          .at(at);
    }
  }
}
