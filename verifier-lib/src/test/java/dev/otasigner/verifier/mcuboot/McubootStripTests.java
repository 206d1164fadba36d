package dev.otasigner.verifier.mcuboot;

import static dev.otasigner.verifier.mcuboot.TestAssembly.PAYLOAD;
import static dev.otasigner.verifier.mcuboot.TestAssembly.assemble;
import static dev.otasigner.verifier.mcuboot.TestAssembly.knowing;
import static dev.otasigner.verifier.mcuboot.TestAssembly.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader.KeyTlv;
import dev.otasigner.verifier.testing.TestKey;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class McubootStripTests {
  private static final TestKey RSA_2048 = TestKey.of(SignatureSuite.RSA_PSS_2048_SHA256);
  private static final TestKey RSA_3072 = TestKey.of(SignatureSuite.RSA_PSS_3072_SHA256);
  private static final TestKey P256 = TestKey.of(SignatureSuite.ECDSA_P256_SHA256);
  private static final TestKey ED = TestKey.of(SignatureSuite.ED25519);

  @Test
  void strippingOneSignerLeavesTheOthersAndNothingElseChanges() throws Exception {
    byte[] bytes = assemble(options().build(), RSA_2048, RSA_3072, ED);
    ByteSource stripped = McubootStrip.withoutSigner(ByteSource.of(bytes), RSA_2048.key());
    assertThat(stripped.lengthBytes()).isEqualTo(bytes.length - (4 + 32 + 4 + 256));
    byte[] rest = stripped.readAll(bytes.length);
    int signed = 0x200 + PAYLOAD.length + 12;
    assertThat(Arrays.copyOf(rest, signed)).isEqualTo(Arrays.copyOf(bytes, signed));
    BootCheck.judge(stripped, knowing(RSA_3072.bootAnchor()), 3);
    BootCheck.judge(stripped, knowing(ED.bootAnchor()), 3);
    assertThat(
            catchThrowableOfType(
                    RejectedException.class,
                    () -> BootCheck.judge(stripped, knowing(RSA_2048.bootAnchor()), 3))
                .reason())
        .isEqualTo(Reason.IMAGE_KEY_UNKNOWN);
  }

  @Test
  void strippingKeepsTheTrailerInItsPlace() throws Exception {
    for (int erased : new int[] {0xff, 0}) {
      byte[] bytes =
          assemble(options().slotBytes(64 * 1024).erased(erased).confirm().build(), RSA_2048, ED);
      ByteSource stripped = McubootStrip.withoutSigner(ByteSource.of(bytes), ED.key());
      assertThat(stripped.lengthBytes()).isEqualTo(bytes.length);
      BootCheck.judge(stripped, knowing(RSA_2048.bootAnchor()), 3);
    }
  }

  @Test
  void onlyTheFirstSignatureBehindANameIsStrippedAndNothingBetween() throws Exception {
    ImageForge image =
        ImageForge.bare()
            .hash(ImageHash.SHA256)
            .keyHash(P256, ImageHash.SHA256)
            .entry(0xa5, (byte) 1)
            .signature(P256, ImageHash.SHA256)
            .badSignature(P256);
    McubootImage stripped =
        McubootImage.read(McubootStrip.withoutSigner(image.source(), P256.key()));
    assertThat(stripped.tlvs().stream().map(Tlv::type))
        .containsExactly(TlvType.SHA256, 0xa5, TlvType.ECDSA_SIG);
  }

  @Test
  void strippingAKeyThatHasNotSignedIsRefused() throws Exception {
    byte[] bytes = assemble(options().build(), ED);
    assertThat(
            catchThrowableOfType(
                    RejectedException.class,
                    () -> McubootStrip.withoutSigner(ByteSource.of(bytes), P256.key()))
                .reason())
        .isEqualTo(Reason.IMAGE_KEY_UNKNOWN);
  }

  @Test
  void aSignerNamedByItsWholeKeyIsStrippedToo() throws Exception {
    byte[] bytes = assemble(options().keyTlv(KeyTlv.PUBKEY).build(), P256, ED);
    ByteSource stripped = McubootStrip.withoutSigner(ByteSource.of(bytes), P256.key());
    McubootImage left = McubootImage.read(stripped);
    assertThat(left.ofType(TlvType.ECDSA_SIG)).isEmpty();
    assertThat(left.ofType(TlvType.PUBKEY)).hasSize(1);
    assertThat(left.ofType(TlvType.ED25519)).hasSize(1);
  }
}
