package dev.otasigner.verifier.mcuboot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.Bootloader.KeyTlv;
import java.util.List;

/** Bootloaders, and what they say of an image. */
final class TestBoot {
  private TestBoot() {}

  static final int SLOT_BYTES = 64 * 1024;

  /** Everything on, and room. */
  static Bootloader knowing(BootAnchor... anchors) {
    return new Bootloader(
        "b", List.of(anchors), List.of(), true, true, true, KeyTlv.KEYHASH, SLOT_BYTES);
  }

  static Bootloader lax(BootAnchor... anchors) {
    return new Bootloader(
        "b", List.of(anchors), List.of(), false, false, true, KeyTlv.KEYHASH, SLOT_BYTES);
  }

  static Bootloader wholeKeys(BootAnchor... anchors) {
    return new Bootloader(
        "b", List.of(anchors), List.of(), true, false, true, KeyTlv.PUBKEY, SLOT_BYTES);
  }

  static BootedImage judge(ImageForge image, Bootloader bootloader) throws Exception {
    return BootCheck.judge(image.source(), bootloader, 7);
  }

  static RejectedException refusal(ByteSource image, Bootloader bootloader, long stored) {
    return catchThrowableOfType(
        RejectedException.class, () -> BootCheck.judge(image, bootloader, stored));
  }

  static RejectedException refusal(ImageForge image, Bootloader bootloader) {
    return refusal(image.source(), bootloader, 7);
  }

  static void assertRefused(Reason reason, ImageForge image, Bootloader bootloader) {
    assertThat(refusal(image, bootloader)).extracting(RejectedException::reason).isEqualTo(reason);
  }
}
