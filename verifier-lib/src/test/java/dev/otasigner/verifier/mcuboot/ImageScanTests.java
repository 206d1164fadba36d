package dev.otasigner.verifier.mcuboot;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.testing.TestKey;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ImageScanTests {
  private static final TestKey A = TestKey.of(SignatureSuite.ECDSA_P256_SHA256);

  /** Only what is kept counts towards the limit of what may be kept. */
  @Test
  void anImageIsKeptOnlyWhereThatIsWanted() throws Exception {
    ByteSource source = ImageForge.sound(A).source();
    McubootImage image = McubootImage.read(source);
    Set<ImageHash> sha256 = Set.of(ImageHash.SHA256);
    ImageScan.Wanted hashed = new ImageScan.Wanted(sha256, false);
    assertThat(ImageScan.of(source, image, hashed, 0, null).region()).isEmpty();
    ImageScan.Wanted whole = new ImageScan.Wanted(sha256, true);
    int signed = Math.toIntExact(image.signedBytes());
    assertThat(ImageScan.of(source, image, whole, signed, null).region()).hasSize(signed);
    assertRefused(
        Reason.LIMIT_EXCEEDED, () -> ImageScan.of(source, image, whole, signed - 1, null));
  }

  @Test
  void ofNoBuildsNoneAccepts() throws Exception {
    ByteSource source = ImageForge.sound(A).source();
    McubootImage image = McubootImage.read(source);
    ImageScan.Wanted wanted = new ImageScan.Wanted(Set.of(), false);
    Judgement judgement = new Judgement(image, ImageScan.of(source, image, wanted, 0, null));
    assertThatIllegalArgumentException().isThrownBy(() -> judgement.all(List.of()));
    assertRefused(Reason.IMAGE_KEY_UNKNOWN, () -> judgement.any(List.of()));
  }
}
