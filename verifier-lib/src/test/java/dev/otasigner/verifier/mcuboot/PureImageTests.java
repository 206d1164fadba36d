package dev.otasigner.verifier.mcuboot;

import static dev.otasigner.verifier.mcuboot.TestBoot.assertRefused;
import static dev.otasigner.verifier.mcuboot.TestBoot.judge;
import static dev.otasigner.verifier.mcuboot.TestBoot.knowing;
import static dev.otasigner.verifier.mcuboot.TestBoot.lax;
import static dev.otasigner.verifier.mcuboot.TestBoot.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.Bootloader.KeyTlv;
import dev.otasigner.verifier.testing.TestKey;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Ed25519 over an image itself, and over its SHA-512. */
class PureImageTests {
  private static final TestKey ED = TestKey.of(SignatureSuite.ED25519);
  private static final ImageHash SHA256 = ImageHash.SHA256;

  @Test
  void anEd25519ImageOverSha512BootsWhereTheAnchorSaysSo() throws Exception {
    ImageForge image =
        ImageForge.bare().counter(7).hash(ImageHash.SHA512).signer(ED, ImageHash.SHA512);
    judge(image, knowing(ED.bootAnchor(ImageHash.SHA512, false)));
    assertRefused(Reason.IMAGE_HASH, image, knowing(ED.bootAnchor(SHA256, false)));
    assertRefused(Reason.IMAGE_SIGNATURE, image, knowing(ED.bootAnchor(ImageHash.SHA512, true)));
  }

  private static ImageForge pure() {
    return ImageForge.bare()
        .counter(7)
        .hash(ImageHash.SHA512)
        .entry(TlvType.SIG_PURE, (byte) 1)
        .keyHash(ED, ImageHash.SHA512)
        .pureSignature(ED);
  }

  @Test
  void aPureImageBootsOnlyWhereTheAnchorSaysPure() throws Exception {
    assertThat(judge(pure(), knowing(ED.bootAnchor(ImageHash.SHA512, true))).pure()).isTrue();
    assertRefused(
        Reason.IMAGE_TLV_NOT_ALLOWED, pure(), knowing(ED.bootAnchor(ImageHash.SHA512, false)));
    assertRefused(Reason.IMAGE_SIGNATURE, pure(), lax(ED.bootAnchor(ImageHash.SHA512, false)));
  }

  @Test
  void theRefusalSaysWhatTheSignatureShouldHaveBeenOver() {
    assertThat(
            refusal(
                ImageForge.bare()
                    .counter(7)
                    .hash(ImageHash.SHA512)
                    .entry(TlvType.SIG_PURE, (byte) 1),
                knowing(ED.bootAnchor(ImageHash.SHA512, true))))
        .hasMessageContaining("ed25519 over the image");
    assertThat(
            refusal(
                ImageForge.bare().counter(7).hash(ImageHash.SHA512),
                knowing(ED.bootAnchor(ImageHash.SHA512, false))))
        .hasMessageContaining("ed25519 over SHA-512");
  }

  @Test
  void aPureSignatureWithoutItsMarkIsRefused() {
    ImageForge unmarked =
        ImageForge.bare()
            .counter(7)
            .hash(ImageHash.SHA512)
            .keyHash(ED, ImageHash.SHA512)
            .pureSignature(ED);
    RejectedException refusal = refusal(unmarked, knowing(ED.bootAnchor(ImageHash.SHA512, true)));
    assertThat(refusal.reason()).isEqualTo(Reason.IMAGE_SIGNATURE);
    assertThat(refusal).hasMessageContaining("SIG_PURE");
    ImageForge markedZero =
        ImageForge.bare()
            .counter(7)
            .hash(ImageHash.SHA512)
            .entry(TlvType.SIG_PURE, (byte) 0)
            .keyHash(ED, ImageHash.SHA512)
            .pureSignature(ED);
    assertRefused(
        Reason.IMAGE_SIGNATURE, markedZero, knowing(ED.bootAnchor(ImageHash.SHA512, true)));
  }

  @Test
  void aPureImageThatWasChangedIsRefusedThoughItsHashWasMended() {
    byte[] image = pure().bytes();
    image[0x210] ^= 1;
    McubootHeader header = catchHeader(image);
    int hashAt = (int) (header.headerBytes() + header.payloadBytes() + 12 + 8);
    byte[] signed = Arrays.copyOf(image, hashAt - 8);
    byte[] mended = Digest.digest("SHA-512").digest(signed);
    System.arraycopy(mended, 0, image, hashAt, mended.length);
    assertThat(
            refusal(ByteSource.of(image), knowing(ED.bootAnchor(ImageHash.SHA512, true)), 7)
                .reason())
        .isEqualTo(Reason.IMAGE_SIGNATURE);
  }

  private static McubootHeader catchHeader(byte[] image) {
    try {
      return McubootHeader.read(image);
    } catch (RejectedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Larger than any default: a device whose slot has room for it must be able to update. */
  @Test
  void aPureImageIsBoundedByTheSlotAndByNothingSmaller() {
    int payloadBytes = 65 * 1024 * 1024;
    byte[] image =
        ImageForge.bare()
            .payload(new byte[0])
            .counter(7)
            .hash(ImageHash.SHA512)
            .entry(TlvType.SIG_PURE, (byte) 1)
            .keyHash(ED, ImageHash.SHA512)
            .entry(TlvType.ED25519, new byte[64])
            .bytes();
    for (int i = 0; i < 4; i++) {
      image[12 + i] = (byte) (payloadBytes >> (8 * i));
    }
    MessageDigest sha512 = Digest.digest("SHA-512");
    sha512.update(image, 0, 0x200);
    sha512.update(new byte[payloadBytes]);
    sha512.update(image, 0x200, 12);
    System.arraycopy(sha512.digest(), 0, image, 0x200 + 12 + 8, 64);
    ByteSource source =
        ByteSource.concat(
            List.of(
                ByteSource.of(Arrays.copyOf(image, 0x200)),
                ByteSource.of(new byte[payloadBytes]),
                ByteSource.of(Arrays.copyOfRange(image, 0x200, image.length))));
    BootAnchor anchor = ED.bootAnchor(ImageHash.SHA512, true);
    // Read whole, and only then refused: the signature is all zeroes.
    assertThat(refusal(source, roomFor(128 * 1024 * 1024, anchor), 7).reason())
        .isEqualTo(Reason.IMAGE_SIGNATURE);
    assertThat(refusal(source, roomFor(payloadBytes, anchor), 7).reason())
        .isEqualTo(Reason.IMAGE_TOO_LARGE);
  }

  private static Bootloader roomFor(long slotBytes, BootAnchor... anchors) {
    return new Bootloader(
        "b", List.of(anchors), List.of(), true, true, true, KeyTlv.KEYHASH, slotBytes);
  }
}
