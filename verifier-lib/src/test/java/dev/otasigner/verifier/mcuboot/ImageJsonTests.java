package dev.otasigner.verifier.mcuboot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.testing.TestKey;
import java.util.List;
import org.junit.jupiter.api.Test;

class ImageJsonTests {
  private static final TestKey A = TestKey.of(SignatureSuite.ECDSA_P256_SHA256);

  private static Fields json(ImageForge image) throws Exception {
    return new Fields(McubootImage.read(image.source()).toJson(), "");
  }

  private static List<Fields> tlvs(ImageForge image) throws Exception {
    return json(image).objects("tlvs", 9);
  }

  @Test
  void aValueIsReadOutOnlyInTheFormOfItsType() throws Exception {
    byte[] dependency = {2, 0, 0, 0, 1, 2, 3, 0, 4, 0, 0, 0};
    List<Fields> tlvs =
        tlvs(
            ImageForge.bare()
                .covered(TlvType.SEC_CNT, (byte) 7, (byte) 1, (byte) 0, (byte) 0)
                .covered(TlvType.SEC_CNT, new byte[5])
                .covered(TlvType.DEPENDENCY, dependency)
                .covered(TlvType.DEPENDENCY, new byte[4])
                .covered(0xa0, new byte[4])
                .covered(0xa0, new byte[12]));
    assertThat(tlvs.get(0).string("reading")).isEqualTo("263");
    assertThat(tlvs.get(1).has("reading")).isFalse();
    assertThat(tlvs.get(2).string("reading")).isEqualTo("image 2 at least 1.2.3+4");
    for (Fields other : tlvs.subList(3, 6)) {
      assertThat(other.has("reading")).isFalse();
    }
  }

  @Test
  void aLongValueIsNotShown() throws Exception {
    List<Fields> tlvs = tlvs(ImageForge.bare().entry(0xa0, new byte[64]).entry(0xa0, new byte[65]));
    assertThat(tlvs.get(0).string("value")).hasSize(128);
    assertThat(tlvs.get(1).has("value")).isFalse();
    assertThat(tlvs.get(1).u32("length")).isEqualTo(65);
  }

  @Test
  void aSignatureIsPairedWithTheNameBeforeItAndANameServesOnce() throws Exception {
    List<Fields> signers =
        json(ImageForge.bare()
                .keyHash(A, ImageHash.SHA256)
                .badSignature(A)
                .badSignature(A)
                .wholeKey(A)
                .entry(0xa0, (byte) 1)
                .badSignature(A))
            .objects("signers", 3);
    assertThat(signers.get(0).string("namedBy")).isEqualTo("KEYHASH");
    assertThat(signers.get(1).has("namedBy")).isFalse();
    assertThat(signers.get(2).string("namedBy")).isEqualTo("PUBKEY");
    assertThat(signers).hasSize(3);
  }

  @Test
  void aFlagIsShownByItsNameAndABitWithoutOneInHex() throws Exception {
    assertThat(json(ImageForge.bare()).strings("flags", 9)).isEmpty();
    assertThat(json(ImageForge.bare().flags(McubootHeader.NON_BOOTABLE)).strings("flags", 9))
        .containsExactly("NON_BOOTABLE");
    assertThat(
            json(ImageForge.bare().flags(McubootHeader.NON_BOOTABLE | 0x4000_0000L))
                .strings("flags", 9))
        .containsExactly("NON_BOOTABLE", "0x40000000");
  }
}
