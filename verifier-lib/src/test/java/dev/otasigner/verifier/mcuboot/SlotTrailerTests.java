package dev.otasigner.verifier.mcuboot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SlotTrailerTests {
  private static final int AT = 1000;

  private static boolean read(byte[] behind) throws RejectedException {
    SlotTrailer.Reader reader = new SlotTrailer.Reader(AT, AT + behind.length);
    // In pieces, as a file is read.
    for (int from = 0; from < behind.length; from += 7) {
      reader.read(behind, from, Math.min(from + 7, behind.length), AT + from);
    }
    return reader.finish();
  }

  private static long refusedAt(byte[] behind) {
    RejectedException refusal = catchThrowableOfType(RejectedException.class, () -> read(behind));
    assertThat(refusal.reason()).isEqualTo(Reason.IMAGE_TRAILING_BYTES);
    return refusal.offset();
  }

  private static byte[] erased(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  @Test
  void nothingAndErasedFlashAreNoTrailer() throws Exception {
    for (int length : new int[] {0, 1, 15, 16, 64, 65, 500}) {
      assertThat(read(erased(length, 0xff))).isFalse();
    }
  }

  @Test
  void zeroesWithoutATrailerAreAppendedBytes() {
    assertThat(refusedAt(erased(1, 0))).isEqualTo(AT);
    assertThat(refusedAt(erased(500, 0))).isEqualTo(AT);
  }

  @Test
  void theFirstByteThatIsNotErasedIsTheOneThatIsNamed() {
    byte[] behind = erased(500, 0xff);
    behind[300] = 1;
    behind[499] = 1;
    assertThat(refusedAt(behind)).isEqualTo(AT + 300);
    behind[300] = (byte) 0xff;
    assertThat(refusedAt(behind)).isEqualTo(AT + 499);
  }

  @Test
  void aTrailerOfEveryAlignmentIsKnown() throws Exception {
    for (int maxAlign : new int[] {8, 16, 32}) {
      for (int value : new int[] {0xff, 0}) {
        for (boolean confirmed : new boolean[] {false, true}) {
          assertThat(read(SlotTrailer.toBytes(200, maxAlign, (byte) value, confirmed))).isTrue();
        }
      }
    }
  }

  /** Without room for image_ok there is none to be set. */
  @Test
  void aMagicAloneIsATrailer() throws Exception {
    byte[] trailer = SlotTrailer.toBytes(200, 8, (byte) 0xff, false);
    assertThat(read(Arrays.copyOfRange(trailer, 184, 200))).isTrue();
    assertThat(refusedAt(Arrays.copyOfRange(trailer, 185, 200))).isEqualTo(AT);
  }

  @Test
  void aTrailerWithAnyOtherByteSetIsRefused() {
    for (int at : new int[] {1, 100, 184 - 16, 184 - 1}) {
      // One is what stands at image_ok, and nowhere else.
      for (byte value : new byte[] {0, 1}) {
        byte[] trailer = SlotTrailer.toBytes(200, 8, (byte) 0xff, true);
        if (trailer[at] != value) {
          trailer[at] = value;
          assertThat(refusedAt(trailer)).isEqualTo(AT + at);
        }
      }
    }
  }

  @Test
  void anImageOkOfAnotherValueIsRefused() {
    byte[] trailer = SlotTrailer.toBytes(200, 8, (byte) 0xff, true);
    trailer[200 - 24] = 2;
    assertThat(refusedAt(trailer)).isEqualTo(AT + 200 - 24);
  }

  @Test
  void aMagicWithOneBitWrongIsNoTrailer() {
    byte[] trailer = SlotTrailer.toBytes(200, 8, (byte) 0xff, false);
    trailer[199] ^= 1;
    assertThat(refusedAt(trailer)).isEqualTo(AT + 184);
  }

  @Test
  void theReserveIsImgtoolsForEightByteWrites() {
    assertThat(SlotTrailer.RESERVED_BYTES).isEqualTo(128 * 3 * 8 + 4 * 8 + 16);
  }
}
