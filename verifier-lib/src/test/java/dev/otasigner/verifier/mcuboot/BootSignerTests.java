package dev.otasigner.verifier.mcuboot;

import static dev.otasigner.verifier.mcuboot.TestBoot.SLOT_BYTES;
import static dev.otasigner.verifier.mcuboot.TestBoot.assertRefused;
import static dev.otasigner.verifier.mcuboot.TestBoot.judge;
import static dev.otasigner.verifier.mcuboot.TestBoot.knowing;
import static dev.otasigner.verifier.mcuboot.TestBoot.refusal;
import static dev.otasigner.verifier.mcuboot.TestBoot.wholeKeys;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.Bootloader.KeyTlv;
import dev.otasigner.verifier.testing.TestKey;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which of the signatures and key names in an image a bootloader goes by. */
class BootSignerTests {
  private static final TestKey A = TestKey.of(SignatureSuite.ECDSA_P256_SHA256, "a");
  private static final TestKey B = TestKey.of(SignatureSuite.ECDSA_P256_SHA256, "b");
  private static final TestKey RSA = TestKey.of(SignatureSuite.RSA_PSS_2048_SHA256);
  private static final TestKey P384 = TestKey.of(SignatureSuite.ECDSA_P384_SHA384);
  private static final TestKey ED = TestKey.of(SignatureSuite.ED25519);
  private static final ImageHash SHA256 = ImageHash.SHA256;

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
