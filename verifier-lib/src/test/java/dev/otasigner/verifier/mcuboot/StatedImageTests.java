package dev.otasigner.verifier.mcuboot;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.Bootloader.KeyTlv;
import dev.otasigner.verifier.testing.TestKey;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A file is first of all the stated one, whatever else it is. */
class StatedImageTests {
  private static final int SLOT_BYTES = 64 * 1024;
  private static final TestKey KEY = TestKey.of(SignatureSuite.ED25519);

  private final byte[] image = ImageForge.sound(KEY).bytes();
  private final Digest digest = Digest.of(image);

  private static Bootloader bootloader(int slotBytes, BootAnchor... anchors) {
    return new Bootloader(
        "b", List.of(anchors), List.of(), true, true, true, KeyTlv.KEYHASH, slotBytes);
  }

  private StatedImage read(ByteSource source) throws Exception {
    return StatedImage.read(source, image.length, digest, bootloader(SLOT_BYTES, KEY.bootAnchor()));
  }

  /** Says one length, and shows these bytes. */
  private static ByteSource announcing(long lengthBytes, byte[] bytes) {
    return new ByteSource() {
      @Override
      public long lengthBytes() {
        return lengthBytes;
      }

      @Override
      public InputStream open() throws IOException {
        return ByteSource.of(bytes).open();
      }
    };
  }

  private static byte[] flipped(byte[] bytes, int at) {
    byte[] flipped = bytes.clone();
    flipped[at] ^= 1;
    return flipped;
  }

  @Test
  void theStatedFileIsReadAndBoots() throws Exception {
    StatedImage.require(ByteSource.of(image), image.length, digest);
    StatedImage stated = read(ByteSource.of(image));
    assertThat(stated.judge(bootloader(SLOT_BYTES, KEY.bootAnchor()), 7).signedBy())
        .isEqualTo(KEY.key());
  }

  @Test
  void aFileOfAnotherLengthIsRefusedUnread() {
    ByteSource unread =
        new ByteSource() {
          @Override
          public long lengthBytes() {
            return image.length + 1L;
          }

          @Override
          public InputStream open() {
            throw new AssertionError("was opened");
          }
        };
    assertRefused(
        Reason.IMAGE_LENGTH_MISMATCH, () -> StatedImage.require(unread, image.length, digest));
    assertRefused(Reason.IMAGE_LENGTH_MISMATCH, () -> read(unread));
  }

  /** One byte too many is enough: whoever reads on may read without end. */
  @Test
  void aFileThatGoesOnBehindItsLengthIsReadNoFurther() {
    ByteSource endless =
        new ByteSource() {
          @Override
          public long lengthBytes() {
            return image.length;
          }

          @Override
          public InputStream open() {
            byte[] longer = Arrays.copyOf(image, image.length + 1);
            return new SequenceInputStream(new ByteArrayInputStream(longer), unreadable());
          }
        };
    assertRefused(
        Reason.IMAGE_LENGTH_MISMATCH, () -> StatedImage.require(endless, image.length, digest));
    assertRefused(Reason.IMAGE_LENGTH_MISMATCH, () -> read(endless));
  }

  private static InputStream unreadable() {
    return new InputStream() {
      @Override
      public int read() {
        throw new AssertionError("was read on");
      }

      @Override
      public int read(byte[] into, int from, int length) {
        return read();
      }
    };
  }

  @Test
  void aFileThatEndsBeforeItsLengthIsRefused() {
    byte[] begun = Arrays.copyOf(image, image.length - 1);
    ByteSource shorter = announcing(image.length, begun);
    assertRefused(
        Reason.IMAGE_LENGTH_MISMATCH, () -> StatedImage.require(shorter, image.length, digest));
    // Not even the digest of what there is would do.
    assertRefused(
        Reason.IMAGE_LENGTH_MISMATCH,
        () -> StatedImage.require(shorter, image.length, Digest.of(begun)));
  }

  @Test
  void aFileOfAnotherDigestIsRefused() {
    ByteSource other = ByteSource.of(flipped(image, 0x200));
    assertRefused(
        Reason.IMAGE_DIGEST_MISMATCH, () -> StatedImage.require(other, image.length, digest));
    assertRefused(Reason.IMAGE_DIGEST_MISMATCH, () -> read(other));
  }

  @Test
  void thatItIsNotTheStatedFileComesBeforeThatItIsNoImage() throws Exception {
    byte[] none = flipped(image, 0);
    assertRefused(Reason.IMAGE_DIGEST_MISMATCH, () -> read(ByteSource.of(none)));
    Bootloader bootloader = bootloader(SLOT_BYTES, KEY.bootAnchor());
    assertRefused(
        Reason.IMAGE_FORMAT,
        () -> StatedImage.read(ByteSource.of(none), none.length, Digest.of(none), bootloader));
  }

  @Test
  void anImageThatNoReadingMakesBootableIsRefusedWhenItIsRead() {
    byte[] flagged = ImageForge.bare().flags(McubootHeader.NON_BOOTABLE).bytes();
    Bootloader bootloader = bootloader(SLOT_BYTES, KEY.bootAnchor());
    assertRefused(
        Reason.IMAGE_NOT_BOOTABLE,
        () ->
            StatedImage.read(
                ByteSource.of(flagged), flagged.length, Digest.of(flagged), bootloader));
  }

  @Test
  void anImageThatFitsOneSlotIsStillRefusedForASmallerOne() throws Exception {
    StatedImage stated = read(ByteSource.of(image));
    int tooSmall = SlotTrailer.RESERVED_BYTES + image.length - 1;
    assertRefused(
        Reason.IMAGE_TOO_LARGE, () -> stated.judge(bootloader(tooSmall, KEY.bootAnchor()), 7));
    stated.judge(bootloader(tooSmall + 1, KEY.bootAnchor()), 7);
  }

  @Test
  void aBootloaderThatAsksForAnotherHashThanWasTakenIsTheCallersMistake() throws Exception {
    byte[] both = ImageForge.sound(KEY).hash(ImageHash.SHA512).bytes();
    Bootloader sha256 = bootloader(SLOT_BYTES, KEY.bootAnchor());
    StatedImage stated =
        StatedImage.read(ByteSource.of(both), both.length, Digest.of(both), sha256);
    BootAnchor sha512 = KEY.bootAnchor(ImageHash.SHA512, false);
    assertThatIllegalStateException()
        .isThrownBy(() -> stated.judge(bootloader(SLOT_BYTES, sha512), 7));
  }
}
