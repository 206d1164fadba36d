package dev.otasigner.verifier.mcuboot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BootCheckTests {
  private static final TestKey A = TestKey.of(SignatureSuite.ECDSA_P256_SHA256, "a");
  private static final TestKey B = TestKey.of(SignatureSuite.ECDSA_P256_SHA256, "b");
  private static final TestKey RSA = TestKey.of(SignatureSuite.RSA_PSS_2048_SHA256);
  private static final TestKey P384 = TestKey.of(SignatureSuite.ECDSA_P384_SHA384);
  private static final TestKey ED = TestKey.of(SignatureSuite.ED25519);
  private static final int SLOT_BYTES = 64 * 1024;
  private static final ImageHash SHA256 = ImageHash.SHA256;

  /** Everything on, and room. */
  private static Bootloader knowing(BootAnchor... anchors) {
    return new Bootloader(
        "b", List.of(anchors), List.of(), true, true, true, KeyTlv.KEYHASH, SLOT_BYTES);
  }

  private static Bootloader lax(BootAnchor... anchors) {
    return new Bootloader(
        "b", List.of(anchors), List.of(), false, false, true, KeyTlv.KEYHASH, SLOT_BYTES);
  }

  private static Bootloader wholeKeys(BootAnchor... anchors) {
    return new Bootloader(
        "b", List.of(anchors), List.of(), true, false, true, KeyTlv.PUBKEY, SLOT_BYTES);
  }

  private static BootedImage judge(ImageForge image, Bootloader bootloader) throws Exception {
    return BootCheck.judge(image.source(), bootloader, 7);
  }

  private static RejectedException refusal(ByteSource image, Bootloader bootloader, long stored) {
    return catchThrowableOfType(
        RejectedException.class, () -> BootCheck.judge(image, bootloader, stored));
  }

  private static RejectedException refusal(ImageForge image, Bootloader bootloader) {
    return refusal(image.source(), bootloader, 7);
  }

  private static void assertRefused(Reason reason, ImageForge image, Bootloader bootloader) {
    assertThat(refusal(image, bootloader)).extracting(RejectedException::reason).isEqualTo(reason);
  }

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
  void anUnknownKeyIsRefused() {
    assertRefused(Reason.IMAGE_KEY_UNKNOWN, ImageForge.sound(B), knowing(A.bootAnchor()));
  }

  @Test
  void aBootloaderWithoutAnchorsBootsNothing() {
    assertRefused(Reason.IMAGE_KEY_UNKNOWN, ImageForge.sound(A), knowing());
  }

  @Test
  void aSignatureByAKnownKeyThatDoesNotVerifyIsRefused() {
    ImageForge image = ImageForge.bare().counter(7).hash(SHA256).keyHash(A, SHA256).badSignature(A);
    assertRefused(Reason.IMAGE_SIGNATURE, image, knowing(A.bootAnchor()));
  }

  @Test
  void theSignatureOfOneKeyUnderTheNameOfAnotherIsRefused() {
    ImageForge image =
        ImageForge.bare().counter(7).hash(SHA256).keyHash(A, SHA256).signature(B, SHA256);
    assertRefused(Reason.IMAGE_SIGNATURE, image, knowing(A.bootAnchor(), B.bootAnchor()));
  }

  @Test
  void aSignatureThatNoKeyWasNamedForDoesNotCount() {
    ImageForge image = ImageForge.bare().counter(7).hash(SHA256).signature(A, SHA256);
    assertRefused(Reason.IMAGE_KEY_UNKNOWN, image, knowing(A.bootAnchor()));
  }

  @Test
  void aNameServesForOneSignatureOnly() {
    ImageForge image =
        ImageForge.bare()
            .counter(7)
            .hash(SHA256)
            .keyHash(A, SHA256)
            .keyHash(B, SHA256)
            .signature(A, SHA256);
    assertRefused(Reason.IMAGE_KEY_UNKNOWN, image, knowing(A.bootAnchor()));
    ImageForge second =
        ImageForge.bare()
            .counter(7)
            .hash(SHA256)
            .keyHash(A, SHA256)
            .badSignature(A)
            .signature(A, SHA256);
    assertRefused(Reason.IMAGE_SIGNATURE, second, knowing(A.bootAnchor()));
  }

  @Test
  void theLastSignatureOfAKnownKeyDecides() throws Exception {
    ImageForge goodAfterBad =
        ImageForge.bare()
            .counter(7)
            .hash(SHA256)
            .keyHash(A, SHA256)
            .badSignature(A)
            .signer(A, SHA256);
    judge(goodAfterBad, knowing(A.bootAnchor()));
    ImageForge badAfterGood = ImageForge.sound(A).keyHash(A, SHA256).badSignature(A);
    assertRefused(Reason.IMAGE_SIGNATURE, badAfterGood, knowing(A.bootAnchor()));
  }

  @Test
  void aBootloaderThatKnowsTwoKeysOfOneKindLooksAtTheLastOfBoth() throws Exception {
    ImageForge image = ImageForge.sound(A).keyHash(B, SHA256).badSignature(B);
    judge(image, knowing(A.bootAnchor()));
    assertRefused(Reason.IMAGE_SIGNATURE, image, knowing(A.bootAnchor(), B.bootAnchor()));
  }

  @Test
  void severalSignersBootWhereverOneOfThemIsKnown() throws Exception {
    ImageForge image = ImageForge.sound(RSA).signer(A, SHA256).signer(ED, SHA256);
    for (TestKey key : List.of(RSA, A, ED)) {
      assertThat(judge(image, knowing(key.bootAnchor())).signedBy()).isEqualTo(key.key());
    }
    judge(image, knowing(B.bootAnchor(), RSA.bootAnchor()));
    assertRefused(Reason.IMAGE_KEY_UNKNOWN, image, knowing(B.bootAnchor()));
  }

  @Test
  void anchorsOfTwoKindsAcceptWhatEitherAccepts() throws Exception {
    Bootloader both = knowing(A.bootAnchor(), P384.bootAnchor());
    judge(ImageForge.sound(A), both);
    judge(ImageForge.sound(P384), both);
    assertThat(refusal(ImageForge.sound(B), both).reason()).isEqualTo(Reason.IMAGE_KEY_UNKNOWN);
  }

  @Test
  void trialAnchorsBootToo() throws Exception {
    Bootloader onTrial =
        new Bootloader(
            "b",
            List.of(A.bootAnchor()),
            List.of(P384.bootAnchor()),
            true,
            true,
            true,
            KeyTlv.KEYHASH,
            SLOT_BYTES);
    judge(ImageForge.sound(A), onTrial);
    judge(ImageForge.sound(P384), onTrial);
  }

  @Test
  void aNameOfAnotherLengthThanTheHashIsRefused() {
    for (int length : new int[] {0, 4, 31}) {
      byte[] part = Arrays.copyOf(ImageForge.keyHashOf(A, SHA256), length);
      ImageForge image =
          ImageForge.bare()
              .counter(7)
              .hash(SHA256)
              .entry(TlvType.KEYHASH, part)
              .signature(A, SHA256);
      assertRefused(Reason.IMAGE_KEY_UNKNOWN, image, knowing(A.bootAnchor()));
      assertThat(refusal(image, knowing(A.bootAnchor())).offset()).isPositive();
    }
  }

  @Test
  void aPartOfAKnownNameIsRefusedEvenBesideAWholeOne() {
    byte[] part = Arrays.copyOf(ImageForge.keyHashOf(A, SHA256), 31);
    assertRefused(
        Reason.IMAGE_KEY_UNKNOWN,
        ImageForge.sound(A).entry(TlvType.KEYHASH, part),
        knowing(A.bootAnchor()));
    byte[] cut = Arrays.copyOf(ImageForge.keyHashOf(P384, ImageHash.SHA384), 32);
    assertRefused(
        Reason.IMAGE_KEY_UNKNOWN,
        ImageForge.sound(P384).entry(TlvType.KEYHASH, cut),
        knowing(P384.bootAnchor()));
  }

  @Test
  void aNameThatIsNoHashAtAllIsRefusedEvenBesideAWholeOne() {
    byte[] other = new byte[20];
    Arrays.fill(other, (byte) 0x5a);
    assertRefused(
        Reason.IMAGE_KEY_UNKNOWN,
        ImageForge.sound(A).entry(TlvType.KEYHASH, other),
        knowing(A.bootAnchor()));
  }

  @Test
  void aNameLongerThanTheBootloadersHashIsRefused() throws Exception {
    ImageForge image = ImageForge.sound(A).hash(ImageHash.SHA384).signer(P384, ImageHash.SHA384);
    assertRefused(Reason.IMAGE_HASH, image, knowing(A.bootAnchor()));
    judge(image, knowing(P384.bootAnchor()));
  }

  @Test
  void aSignatureOfAnImpossibleLengthIsRefusedWhateverFollows() throws Exception {
    ImageForge image =
        ImageForge.bare()
            .counter(7)
            .hash(SHA256)
            .keyHash(RSA, SHA256)
            .entry(TlvType.RSA2048_PSS, new byte[255])
            .signer(RSA, SHA256);
    assertRefused(Reason.IMAGE_SIGNATURE, image, knowing(RSA.bootAnchor()));
    ImageForge ecdsa =
        ImageForge.bare()
            .counter(7)
            .hash(SHA256)
            .keyHash(A, SHA256)
            .entry(TlvType.ECDSA_SIG, new byte[129])
            .signer(A, SHA256);
    assertRefused(Reason.IMAGE_SIGNATURE, ecdsa, knowing(A.bootAnchor()));
    ImageForge unknown =
        ImageForge.bare()
            .counter(7)
            .hash(SHA256)
            .keyHash(B, SHA256)
            .entry(TlvType.ECDSA_SIG, new byte[129])
            .signer(A, SHA256);
    judge(unknown, knowing(A.bootAnchor()));
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
  void whereKeysAreNamedWholeAHashOfTheKeyDoesNotCount() throws Exception {
    ImageForge whole = ImageForge.bare().counter(7).hash(SHA256).wholeKey(A).signature(A, SHA256);
    judge(whole, wholeKeys(A.bootAnchor()));
    assertRefused(Reason.IMAGE_KEY_UNKNOWN, whole, wholeKeys(B.bootAnchor()));
    assertRefused(Reason.IMAGE_KEY_UNKNOWN, whole, knowing(A.bootAnchor()));
    assertRefused(Reason.IMAGE_KEY_UNKNOWN, ImageForge.sound(A), wholeKeys(A.bootAnchor()));
  }

  @Test
  void aWholeKeyThatTheBootloaderCannotReadIsRefused() {
    ImageForge image =
        ImageForge.bare()
            .counter(7)
            .hash(SHA256)
            .entry(TlvType.PUBKEY, new byte[153])
            .wholeKey(A)
            .signature(A, SHA256);
    assertRefused(Reason.IMAGE_KEY_UNKNOWN, image, wholeKeys(A.bootAnchor()));
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

  /** A bootloader's buffer for them is longer than any of them. */
  @Test
  void aSignatureAsLongAsTheBufferIsPassedOverWhereAnotherFollows() throws Exception {
    ImageForge image =
        ImageForge.bare()
            .counter(7)
            .hash(SHA256)
            .keyHash(A, SHA256)
            .entry(TlvType.ECDSA_SIG, new byte[128])
            .signer(A, SHA256);
    judge(image, knowing(A.bootAnchor()));
  }
}
