package dev.otasigner.verifier.mcuboot;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.testing.TestKey;
import org.junit.jupiter.api.Test;

/** What a walk over an image's entries refuses and passes over; more in BootCheckTests. */
class BootBuildTests {
  private static final TestKey ED = TestKey.of(SignatureSuite.ED25519);
  private static final Bootloader PURE =
      TestFleet.bootloader("pure", ED.bootAnchor(ImageHash.SHA512, true));
  private static final Bootloader HASHING =
      TestFleet.bootloader("hashing", ED.bootAnchor(ImageHash.SHA512, false));

  private static ImageForge pure() {
    return ImageForge.bare()
        .counter(7)
        .hash(ImageHash.SHA512)
        .entry(TlvType.SIG_PURE, (byte) 1)
        .keyHash(ED, ImageHash.SHA512)
        .pureSignature(ED);
  }

  @Test
  void aBootloaderOfPureImagesKeepsItsAllowListToo() throws Exception {
    BootCheck.judge(pure().source(), PURE, 7);
    assertRefused(
        Reason.IMAGE_TLV_NOT_ALLOWED,
        () -> BootCheck.judge(pure().entry(0xa5, (byte) 1).source(), PURE, 7));
  }

  @Test
  void anAllowedEntryBetweenAKeysNameAndItsSignatureIsPassedOver() throws Exception {
    ImageForge image =
        ImageForge.bare()
            .counter(7)
            .keyHash(ED, ImageHash.SHA512)
            .hash(ImageHash.SHA512)
            .entry(TlvType.ECDSA_SIG, (byte) 1)
            .signature(ED, ImageHash.SHA512);
    BootCheck.judge(image.source(), HASHING, 7);
  }
}
