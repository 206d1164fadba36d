package dev.otasigner.verifier.mcuboot;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.otasigner.verifier.ImageVersion;
import java.util.List;
import org.junit.jupiter.api.Test;

class AssembleOptionsTests {
  private static final ImageVersion VERSION = new ImageVersion(34, 12, 0, 0);

  private static AssembleOptions.Builder options() {
    return AssembleOptions.of(VERSION).padHeader().securityCounter(3);
  }

  @Test
  void optionsOutsideTheFormatAreRefused() {
    List<AssembleOptions.Builder> wrong =
        List.of(
            options().headerBytes(31),
            options().headerBytes(0x10000),
            options().securityCounter(-1),
            options().securityCounter(0x1_0000_0000L),
            options().align(3),
            options().erased(1),
            options().maxSectors(0),
            options().pad());
    for (AssembleOptions.Builder builder : wrong) {
      assertThatIllegalArgumentException().isThrownBy(builder::build);
    }
    assertThatIllegalArgumentException().isThrownBy(() -> options().dependency(256, VERSION));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options().protectedTlv(TlvType.SEC_CNT, new byte[4]));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options().protectedTlv(TlvType.UUID_VID, new byte[15]));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options().protectedTlv(0xa0, new byte[0]));
  }

  @Test
  void whatLiesJustOutsideARangeIsRefused() {
    for (AssembleOptions.Builder builder :
        List.of(options().maxSectors(0x10000), options().slotBytes(-1))) {
      assertThatIllegalArgumentException().isThrownBy(builder::build);
    }
    assertThatIllegalArgumentException().isThrownBy(() -> options().dependency(-1, VERSION));
    for (int type : new int[] {0xffff, 0x0190, 0x9f}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> options().protectedTlv(type, new byte[1]));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options().protectedTlv(TlvType.UUID_CID, new byte[17]));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options().protectedTlv(0xa0, new byte[0x10000]));
  }
}
