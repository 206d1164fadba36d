package dev.otasigner.verifier.mcuboot;

import static dev.otasigner.verifier.mcuboot.TestBoot.SLOT_BYTES;
import static dev.otasigner.verifier.mcuboot.TestBoot.assertRefused;
import static dev.otasigner.verifier.mcuboot.TestBoot.judge;
import static dev.otasigner.verifier.mcuboot.TestBoot.knowing;
import static dev.otasigner.verifier.mcuboot.TestBoot.lax;
import static dev.otasigner.verifier.mcuboot.TestBoot.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.testing.TestKey;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BootCheckTests {
  private static final TestKey A = TestKey.of(SignatureSuite.ECDSA_P256_SHA256, "a");
  private static final TestKey RSA = TestKey.of(SignatureSuite.RSA_PSS_2048_SHA256);
  private static final ImageHash SHA256 = ImageHash.SHA256;

  @ParameterizedTest
  @EnumSource(ImageKeyType.class)
  void aSoundImageOfEveryKeyTypeBoots(ImageKeyType type) throws Exception {
    TestKey key = TestKey.of(type.suite());
    BootedImage booted = judge(ImageForge.sound(key), knowing(key.bootAnchor()));
    assertThat(booted.signedBy()).isEqualTo(key.key());
    assertThat(booted.version()).hasToString("1.2.3+45");
    assertThat(booted.securityCounter()).hasValue(7);
    assertThat(booted.hash()).isEqualTo(type.hashes().get(0));
  }

  @Test
  void aChangedPayloadIsRefusedAtItsHash() {
    byte[] image = ImageForge.sound(A).bytes();
    image[0x210] ^= 1;
    RejectedException refusal = refusal(ByteSource.of(image), knowing(A.bootAnchor()), 7);
    assertThat(refusal.reason()).isEqualTo(Reason.IMAGE_HASH);
    assertThat(refusal.offset()).isEqualTo(0x200 + 1000 + 12 + 4);
  }

  @Test
  void everyHashMustBeRightHoweverManyThereAre() throws Exception {
    judge(
        ImageForge.bare().counter(7).hash(SHA256).hash(SHA256).signer(A, SHA256),
        knowing(A.bootAnchor()));
    assertRefused(
        Reason.IMAGE_HASH,
        ImageForge.sound(A).entry(TlvType.SHA256, new byte[32]),
        knowing(A.bootAnchor()));
  }

  @Test
  void anImageWithoutTheBootloadersHashIsRefused() {
    ImageForge image = ImageForge.bare().counter(7).signer(A, SHA256);
    assertRefused(Reason.IMAGE_HASH, image, knowing(A.bootAnchor()));
  }

  @Test
  void anUnprotectedTlvOutsideTheListIsRefusedByTheAllowList() throws Exception {
    ImageForge image = ImageForge.sound(A).entry(0xa5, (byte) 1);
    assertRefused(Reason.IMAGE_TLV_NOT_ALLOWED, image, knowing(A.bootAnchor()));
    judge(image, lax(A.bootAnchor()));
    judge(ImageForge.sound(A).covered(0xa5, (byte) 1), knowing(A.bootAnchor()));
  }

  /** The C code tells the areas apart by where a value begins; found by forging images for it. */
  @Test
  void anEmptyEntryAtTheEndOfTheProtectedAreaFallsUnderTheAllowList() throws Exception {
    ImageForge last = ImageForge.bare().counter(7).covered(0xa0).hash(SHA256).signer(A, SHA256);
    assertRefused(Reason.IMAGE_TLV_NOT_ALLOWED, last, knowing(A.bootAnchor()));
    judge(last, lax(A.bootAnchor()));
    ImageForge first = ImageForge.bare().covered(0xa0).counter(7).hash(SHA256).signer(A, SHA256);
    judge(first, knowing(A.bootAnchor()));
  }

  @Test
  void aLowerSecurityCounterIsRefusedByRollbackProtection() throws Exception {
    ByteSource image = ImageForge.sound(A).source();
    assertThat(refusal(image, knowing(A.bootAnchor()), 8).reason())
        .isEqualTo(Reason.SECURITY_COUNTER_TOO_LOW);
    BootCheck.judge(image, knowing(A.bootAnchor()), 7);
    BootCheck.judge(image, knowing(A.bootAnchor()), -1);
    BootCheck.judge(image, lax(A.bootAnchor()), 8);
  }

  @Test
  void countersAreUnsigned() throws Exception {
    ImageForge image =
        ImageForge.bare()
            .covered(TlvType.SEC_CNT, (byte) 0, (byte) 0, (byte) 0, (byte) 0x80)
            .hash(SHA256)
            .signer(A, SHA256);
    assertThat(judge(image, knowing(A.bootAnchor())).securityCounter()).hasValue(0x8000_0000L);
  }

  @Test
  void aMissingCounterIsRefusedByRollbackProtection() throws Exception {
    ImageForge image = ImageForge.bare().hash(SHA256).signer(A, SHA256);
    assertRefused(Reason.IMAGE_COUNTER, image, knowing(A.bootAnchor()));
    judge(image, lax(A.bootAnchor()));
  }

  @Test
  void anUnprotectedCounterIsRefused() {
    ImageForge image =
        ImageForge.bare()
            .hash(SHA256)
            .entry(TlvType.SEC_CNT, (byte) 9, (byte) 0, (byte) 0, (byte) 0)
            .signer(A, SHA256);
    assertRefused(Reason.IMAGE_COUNTER, image, lax(A.bootAnchor()));
  }

  @Test
  void aSecondCounterIsRefused() {
    ImageForge image = ImageForge.bare().counter(9).counter(9).hash(SHA256).signer(A, SHA256);
    assertRefused(Reason.IMAGE_COUNTER, image, lax(A.bootAnchor()));
  }

  @Test
  void aCounterThatIsNotFourBytesIsRefused() {
    ImageForge image =
        ImageForge.bare().covered(TlvType.SEC_CNT, new byte[8]).hash(SHA256).signer(A, SHA256);
    assertRefused(Reason.IMAGE_COUNTER, image, lax(A.bootAnchor()));
  }

  @Test
  void anImageFlaggedAsNotBootableIsRefused() {
    assertRefused(
        Reason.IMAGE_NOT_BOOTABLE,
        ImageForge.bare()
            .flags(McubootHeader.NON_BOOTABLE)
            .counter(7)
            .hash(SHA256)
            .signer(A, SHA256),
        knowing(A.bootAnchor()));
  }

  @Test
  void anEncryptedImageIsRefusedByName() {
    for (int flag : new int[] {McubootHeader.ENC_AES128, McubootHeader.ENC_AES256}) {
      RejectedException refusal =
          refusal(
              ImageForge.bare().flags(flag).counter(7).hash(SHA256).signer(A, SHA256),
              knowing(A.bootAnchor()));
      assertThat(refusal.reason()).isEqualTo(Reason.IMAGE_ENCRYPTED);
      assertThat(refusal.offset()).isEqualTo(16);
    }
  }

  @Test
  void aCompressedImageIsRefusedByName() {
    assertRefused(
        Reason.IMAGE_FORMAT,
        ImageForge.bare().flags(McubootHeader.LZMA2).counter(7).hash(SHA256).signer(A, SHA256),
        knowing(A.bootAnchor()));
  }

  @Test
  void anImageThatWouldRunIntoTheTrailerIsRefused() throws Exception {
    int room = SLOT_BYTES - SlotTrailer.RESERVED_BYTES;
    int around = ImageForge.sound(RSA).payload(new byte[0]).bytes().length;
    judge(ImageForge.sound(RSA).payload(new byte[room - around]), knowing(RSA.bootAnchor()));
    assertRefused(
        Reason.IMAGE_TOO_LARGE,
        ImageForge.sound(RSA).payload(new byte[room - around + 1]),
        knowing(RSA.bootAnchor()));
  }

  @Test
  void aFileLongerThanTheSlotIsRefused() {
    byte[] erased = new byte[SLOT_BYTES];
    Arrays.fill(erased, (byte) 0xff);
    assertRefused(
        Reason.IMAGE_TOO_LARGE, ImageForge.sound(A).behind(erased), knowing(A.bootAnchor()));
  }

  @Test
  void appendedBytesAreRefused() throws Exception {
    for (byte appended : new byte[] {0, 1, 0x41, (byte) 0xfe}) {
      RejectedException refusal =
          refusal(ImageForge.sound(RSA).behind(appended), knowing(RSA.bootAnchor()));
      assertThat(refusal.reason()).isEqualTo(Reason.IMAGE_TRAILING_BYTES);
      assertThat(refusal.offset()).isEqualTo(ImageForge.sound(RSA).bytes().length);
    }
    judge(ImageForge.sound(RSA).behind((byte) 0xff, (byte) 0xff), knowing(RSA.bootAnchor()));
  }

  @Test
  void aTrailerMustStandAtTheEndOfTheSlot() throws Exception {
    byte[] trailer = SlotTrailer.toBytes(3120, 8, (byte) 0xff, true);
    int image = ImageForge.sound(RSA).bytes().length;
    byte[] behind = new byte[SLOT_BYTES - image];
    Arrays.fill(behind, (byte) 0xff);
    System.arraycopy(trailer, 0, behind, behind.length - trailer.length, trailer.length);
    judge(ImageForge.sound(RSA).behind(behind), knowing(RSA.bootAnchor()));
    assertRefused(
        Reason.IMAGE_TRAILING_BYTES,
        ImageForge.sound(RSA).behind(trailer),
        knowing(RSA.bootAnchor()));
  }

  @Test
  void entriesAreReadInTheProtectedAreaToo() throws Exception {
    ImageForge image =
        ImageForge.bare()
            .counter(7)
            .covered(TlvType.KEYHASH, ImageForge.keyHashOf(A, SHA256))
            .hash(SHA256)
            .signature(A, SHA256);
    judge(image, knowing(A.bootAnchor()));
  }
}
