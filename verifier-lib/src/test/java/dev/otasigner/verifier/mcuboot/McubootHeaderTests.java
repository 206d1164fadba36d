package dev.otasigner.verifier.mcuboot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.otasigner.verifier.ImageVersion;
import org.junit.jupiter.api.Test;

/** The ends of what a header can say; what is refused when read is in McubootImageTests. */
class McubootHeaderTests {
  private static final ImageVersion VERSION = new ImageVersion(1, 2, 3, 4);
  private static final long U32_MAX = 0xffff_ffffL;

  private static McubootHeader header(int headerBytes, int protectedBytes, long payloadBytes) {
    return new McubootHeader(0, headerBytes, protectedBytes, payloadBytes, 0, VERSION, 0);
  }

  @Test
  void theEndsOfEachRangeAreReadBack() throws Exception {
    McubootHeader[] ends = {
      header(32, 0, 0),
      header(0xffff, 0xffff, 0),
      header(32, 0, U32_MAX - 32),
      header(0xffff, 0xffff, U32_MAX - 2 * 0xffff)
    };
    for (McubootHeader end : ends) {
      assertThat(McubootHeader.read(end.toBytes())).isEqualTo(end);
    }
  }

  @Test
  void whatAHeaderCannotSayIsNotMade() {
    int[][] wrong = {{31, 0}, {0x10000, 0}, {32, -1}, {32, 0x10000}};
    for (int[] w : wrong) {
      assertThatIllegalArgumentException().isThrownBy(() -> header(w[0], w[1], 0));
    }
    assertThatIllegalArgumentException().isThrownBy(() -> header(32, 0, -1));
    assertThatIllegalArgumentException().isThrownBy(() -> header(32, 0, U32_MAX - 31));
  }
}
