package dev.otasigner.verifier.mcuboot;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TlvTypeTests {
  @Test
  void whatLooksLikeASignatureTypeIsNone() {
    for (int type : new int[] {0x20, 0x22, 0x23, 0x24}) {
      assertThat(TlvType.isSignature(type)).as("%x", type).isTrue();
    }
    for (int type : new int[] {0x10, 0x1f, 0x21, 0x25, 0x30}) {
      assertThat(TlvType.isSignature(type)).as("%x", type).isFalse();
    }
  }

  @Test
  void vendorsHaveTheUpperPartOfEachPage() {
    for (int type : new int[] {0xa0, 0xff, 0x01a0, 0xfffe}) {
      assertThat(TlvType.isVendor(type)).as("%x", type).isTrue();
    }
    for (int type : new int[] {0, 0x9f, 0x0100, 0x019f, 0xffff}) {
      assertThat(TlvType.isVendor(type)).as("%x", type).isFalse();
    }
    assertThat(TlvType.name(0x01a0)).isEqualTo("vendor 0x01a0");
    assertThat(TlvType.name(0x99)).isEqualTo("0x0099");
  }
}
