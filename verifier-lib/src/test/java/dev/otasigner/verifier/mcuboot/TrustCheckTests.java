package dev.otasigner.verifier.mcuboot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.Anchor;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.Bootloader.KeyTlv;
import dev.otasigner.verifier.mcuboot.TrustCheck.Demand;
import dev.otasigner.verifier.testing.Refusals;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.testing.Vectors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The table of what {@code signer verify IMAGE --trust K} answers, row by row, and its corners. */
class TrustCheckTests {
  private static final OptionalLong NONE = OptionalLong.empty();
  private static final OptionalLong FIVE = OptionalLong.of(5);
  private static final TestKey ED = TestKey.of(SignatureSuite.ED25519);
  private static final TestKey P256 = TestKey.of(SignatureSuite.ECDSA_P256_SHA256);
  private static final TestKey P384 = TestKey.of(SignatureSuite.ECDSA_P384_SHA384);

  private static @Nullable Reason reason(
      ByteSource image, List<VerificationKey> keys, Demand demand, OptionalLong stored)
      throws IOException {
    return VectorTests.reasonOf(() -> TrustCheck.judge(image, keys, demand, stored));
  }

  private static @Nullable Reason reason(ImageForge image, TestKey key) throws IOException {
    return reason(image.source(), List.of(key.key()), Demand.ANY, NONE);
  }

  private static @Nullable Reason structure(String name, OptionalLong stored) throws Exception {
    Path folder = Vectors.folder("mcuboot/structure");
    return reason(
        ByteSource.of(folder.resolve(name + ".bin")),
        List.of(VectorTests.key(folder, "keyA")),
        Demand.ANY,
        stored);
  }

  private static void assertRow(String name, @Nullable Reason without, @Nullable Reason withCounter)
      throws Exception {
    assertThat(structure(name, NONE)).as(name).isEqualTo(without);
    assertThat(structure(name, FIVE)).as(name + " --stored-counter 5").isEqualTo(withCounter);
  }

  @Test
  void anImageWithoutCounterIsRefusedOnlyWhereOneIsStored() throws Exception {
    assertRow("ok_no_prot", null, Reason.IMAGE_COUNTER);
    assertRow("seccnt_missing", null, Reason.IMAGE_COUNTER);
  }

  @Test
  void whatEveryCBuildTakesIsRefusedByTheStricterRules() throws Exception {
    assertRow("seccnt_8bytes", Reason.IMAGE_COUNTER, Reason.IMAGE_COUNTER);
    assertRow("keyhash_truncated_4", Reason.IMAGE_KEY_UNKNOWN, Reason.IMAGE_KEY_UNKNOWN);
    assertRow("flag_nonbootable", Reason.IMAGE_NOT_BOOTABLE, Reason.IMAGE_NOT_BOOTABLE);
  }

  @Test
  void whatSomeCryptoLibraryRefusesIsRefused() throws Exception {
    assertRow("sig_der_extra_zero_ints", Reason.IMAGE_SIGNATURE, Reason.IMAGE_SIGNATURE);
    assertRow("sig_trailing_byte", Reason.IMAGE_SIGNATURE, Reason.IMAGE_SIGNATURE);
  }

  @Test
  void theAllowListIsOn() throws Exception {
    assertRow("unknown_unprot_tlv", Reason.IMAGE_TLV_NOT_ALLOWED, Reason.IMAGE_TLV_NOT_ALLOWED);
    Path folder = Vectors.folder("mcuboot/signers");
    List<VerificationKey> key = List.of(VectorTests.key(folder, "ecdsa-p256"));
    for (OptionalLong stored : List.of(NONE, FIVE)) {
      assertThat(
              reason(
                  ByteSource.of(folder.resolve("vendor_tlv_unprotected_4627.bin")),
                  key,
                  Demand.ANY,
                  stored))
          .isEqualTo(Reason.IMAGE_TLV_NOT_ALLOWED);
      assertThat(
              reason(
                  ByteSource.of(folder.resolve("vendor_tlv_protected_4627.bin")),
                  key,
                  Demand.ANY,
                  stored))
          .isNull();
    }
  }

  @Test
  void whatEveryCBuildTakesIsAccepted() throws Exception {
    for (String name :
        List.of(
            "ok",
            "two_hash_tlvs_same",
            "nonzero_pad1",
            "sig_high_low_s_flipped",
            "A_bad_then_A_good")) {
      assertRow(name, null, null);
    }
  }

  @Test
  void theCounterMayEqualTheStoredOneAndMayNotBeLower() throws Exception {
    assertThat(structure("ok", OptionalLong.of(7))).isNull();
    assertThat(structure("ok", OptionalLong.of(8))).isEqualTo(Reason.SECURITY_COUNTER_TOO_LOW);
  }

  @Test
  void oneAppendedByteIsRefused() throws Exception {
    Path folder = Vectors.folder("mcuboot/structure");
    byte[] ok = Files.readAllBytes(folder.resolve("ok.bin"));
    byte[] longer = Arrays.copyOf(ok, ok.length + 1);
    for (OptionalLong stored : List.of(NONE, FIVE)) {
      assertThat(
              reason(
                  ByteSource.of(longer),
                  List.of(VectorTests.key(folder, "keyA")),
                  Demand.ANY,
                  stored))
          .isEqualTo(Reason.IMAGE_TRAILING_BYTES);
    }
  }

  @Test
  void twoHashesInOneImageServeOnlyTheBootloaderOfTheLongerOne() throws Exception {
    Path folder = Vectors.folder("mcuboot/signers");
    ByteSource image = ByteSource.of(folder.resolve("p256_p384.bin"));
    VerificationKey p256 = VectorTests.key(folder, "ecdsa-p256");
    VerificationKey p384 = VectorTests.key(folder, "ecdsa-p384");
    assertThat(reason(image, List.of(p256), Demand.ANY, NONE)).isEqualTo(Reason.IMAGE_HASH);
    assertThat(reason(image, List.of(p384), Demand.ANY, NONE)).isNull();
    assertThat(reason(image, List.of(p256, p384), Demand.ANY, NONE)).isNull();
    assertThat(reason(image, List.of(p256, p384), Demand.ALL, NONE)).isEqualTo(Reason.IMAGE_HASH);
    assertThat(reason(image, List.of(p384, p256), Demand.ALL, NONE)).isEqualTo(Reason.IMAGE_HASH);
  }

  @Test
  void aWholeKeyIsForABootloaderThatReadsWholeKeys() throws Exception {
    Path folder = Vectors.folder("mcuboot");
    ByteSource image = ByteSource.of(folder.resolve("ecdsa-p256-fullkey.signed.bin"));
    VerificationKey key = VectorTests.key(folder, "ecdsa-p256");
    assertThat(reason(image, List.of(key), Demand.ANY, NONE)).isEqualTo(Reason.IMAGE_KEY_UNKNOWN);
    Bootloader device =
        new Bootloader(
            "b",
            List.of(BootAnchor.of(new Anchor(key))),
            List.of(),
            true,
            false,
            false,
            KeyTlv.PUBKEY,
            1 << 20);
    assertThat(BootCheck.judge(image, device, -1).signedBy()).isEqualTo(key);
  }

  @Test
  void theImageSaysWhichKindOfEd25519BootloaderItIsFor() throws Exception {
    Path folder = Vectors.folder("mcuboot");
    VerificationKey key = VectorTests.key(folder, "ed25519");
    for (String name : List.of("ed25519", "ed25519-sha512", "ed25519-pure")) {
      ByteSource image = ByteSource.of(folder.resolve(name + ".signed.bin"));
      assertThat(reason(image, List.of(key), Demand.ANY, NONE)).as(name).isNull();
      for (BootAnchor anchor :
          List.of(
              new BootAnchor(new Anchor(key), ImageHash.SHA256, false),
              new BootAnchor(new Anchor(key), ImageHash.SHA512, false),
              new BootAnchor(new Anchor(key), ImageHash.SHA512, true))) {
        Bootloader device =
            new Bootloader(
                "b", List.of(anchor), List.of(), true, false, false, KeyTlv.KEYHASH, 1 << 20);
        boolean made =
            anchor.pure()
                ? name.endsWith("pure")
                : !name.endsWith("pure")
                    && name.endsWith("sha512") == (anchor.hash() == ImageHash.SHA512);
        assertThat(VectorTests.reasonOf(() -> BootCheck.judge(image, device, -1)) == null)
            .as(name + " on " + anchor.hash() + (anchor.pure() ? " pure" : ""))
            .isEqualTo(made);
      }
    }
  }

  @Test
  void aPaddedAndConfirmedImageIsAccepted() throws Exception {
    Path folder = Vectors.folder("mcuboot");
    ByteSource image = ByteSource.of(folder.resolve("ecdsa-p256-padded-confirm.signed.bin"));
    List<VerificationKey> keys = List.of(VectorTests.key(folder, "ecdsa-p256"));
    assertThat(reason(image, keys, Demand.ANY, NONE)).isNull();
    assertThat(reason(image, keys, Demand.ANY, FIVE)).isNull();
  }

  @Test
  void aTamperedImageIsRefused() throws Exception {
    byte[] image = ImageForge.sound(P256).bytes();
    image[0x300] ^= 1;
    assertThat(reason(ByteSource.of(image), List.of(P256.key()), Demand.ANY, NONE))
        .isEqualTo(Reason.IMAGE_HASH);
  }

  @Test
  void anImageForTwoKindsOfEd25519BootloaderMustServeBoth() throws Exception {
    ImageForge both =
        ImageForge.bare()
            .hash(ImageHash.SHA256)
            .hash(ImageHash.SHA512)
            .signer(ED, ImageHash.SHA512);
    assertThat(reason(both, ED)).isEqualTo(Reason.IMAGE_HASH);
  }

  @Test
  void anImageWithoutAnyHashIsRefused() throws Exception {
    assertThat(reason(ImageForge.bare().signer(ED, ImageHash.SHA256), ED))
        .isEqualTo(Reason.IMAGE_HASH);
  }

  @Test
  void aPureImageWithoutItsHashIsRefused() throws Exception {
    ImageForge image =
        ImageForge.bare()
            .entry(TlvType.SIG_PURE, (byte) 1)
            .keyHash(ED, ImageHash.SHA512)
            .pureSignature(ED);
    assertThat(reason(image, ED)).isEqualTo(Reason.IMAGE_HASH);
  }

  @Test
  void anImageFlaggedAsNotBootableIsRefused() throws Exception {
    ImageForge image =
        ImageForge.bare()
            .flags(McubootHeader.NON_BOOTABLE)
            .hash(ImageHash.SHA256)
            .signer(P256, ImageHash.SHA256);
    assertThat(reason(image, P256)).isEqualTo(Reason.IMAGE_NOT_BOOTABLE);
  }

  @Test
  void everyKeyMustBootItWhereAllAreDemanded() throws Exception {
    ImageForge image = ImageForge.sound(P256).signer(ED, ImageHash.SHA256);
    List<VerificationKey> both = List.of(P256.key(), ED.key());
    assertThat(reason(image.source(), both, Demand.ALL, NONE)).isNull();
    assertThat(reason(ImageForge.sound(P256).source(), both, Demand.ALL, NONE))
        .isEqualTo(Reason.IMAGE_KEY_UNKNOWN);
    assertThat(reason(ImageForge.sound(ED).source(), both, Demand.ALL, NONE))
        .isEqualTo(Reason.IMAGE_KEY_UNKNOWN);
    assertThat(reason(ImageForge.sound(ED).source(), both, Demand.ANY, NONE)).isNull();
  }

  @Test
  void anEncryptedImageIsNamedAsSuch() throws Exception {
    byte[] image =
        ImageForge.bare()
            .flags(McubootHeader.ENC_AES128)
            .hash(ImageHash.SHA256)
            .signer(P256, ImageHash.SHA256)
            .bytes();
    image[0x300] ^= 1;
    assertThat(reason(ByteSource.of(image), List.of(P256.key()), Demand.ANY, NONE))
        .isEqualTo(Reason.IMAGE_ENCRYPTED);
  }

  @Test
  void theRefusalThatCameNearestIsTheOneThatIsTold() throws Exception {
    byte[] tampered = ImageForge.sound(P256).bytes();
    tampered[0x300] ^= 1;
    List<VerificationKey> keys = List.of(P384.key(), ED.key(), P256.key());
    assertThat(reason(ByteSource.of(tampered), keys, Demand.ANY, NONE))
        .isEqualTo(Reason.IMAGE_HASH);
    ImageForge bad =
        ImageForge.bare().hash(ImageHash.SHA256).keyHash(P256, ImageHash.SHA256).badSignature(P256);
    assertThat(reason(bad.source(), keys, Demand.ANY, NONE)).isEqualTo(Reason.IMAGE_SIGNATURE);
  }

  @Test
  void aKeyThatNoBootloaderChecksIsRefused() throws Exception {
    TestKey key = TestKey.of(SignatureSuite.ML_DSA_44);
    assertThat(reason(ImageForge.sound(P256), key)).isEqualTo(Reason.UNSUPPORTED_ALGORITHM);
  }

  @Test
  void noKeyAtAllIsNoQuestion() {
    for (Demand demand : Demand.values()) {
      assertThatIllegalArgumentException()
          .isThrownBy(
              () -> TrustCheck.judge(ImageForge.sound(P256).source(), List.of(), demand, NONE));
    }
  }

  @Test
  void theResultNamesTheKeyThatDecided() throws IOException, RejectedException {
    BootedImage image =
        TrustCheck.judge(
            ImageForge.sound(P256).source(),
            List.of(ED.key(), P256.key()),
            Demand.ANY,
            OptionalLong.of(7));
    assertThat(image.signedBy()).isEqualTo(P256.key());
    assertThat(image.securityCounter()).hasValue(7);
  }

  @Test
  void theLimitForPureImagesIsTheCallers() throws Exception {
    TestKey key = TestKey.of(SignatureSuite.ED25519);
    ByteSource image =
        ImageForge.bare()
            .hash(ImageHash.SHA512)
            .entry(TlvType.SIG_PURE, (byte) 1)
            .keyHash(key, ImageHash.SHA512)
            .pureSignature(key)
            .source();
    long signedBytes = McubootImage.read(image).signedBytes();
    TrustCheck.judge(
        image, List.of(key.key()), TrustCheck.Demand.ANY, OptionalLong.empty(), signedBytes);
    Refusals.assertRefused(
        Reason.LIMIT_EXCEEDED,
        () ->
            TrustCheck.judge(
                image,
                List.of(key.key()),
                TrustCheck.Demand.ANY,
                OptionalLong.empty(),
                signedBytes - 1));
  }

  /** Only an Ed25519 signature can be over the image itself. */
  @Test
  void anImageOfAnotherTypeIsNotPureForItsMark() throws Exception {
    ImageForge marked =
        ImageForge.bare()
            .hash(ImageHash.SHA256)
            .entry(TlvType.SIG_PURE, (byte) 1)
            .signer(P256, ImageHash.SHA256);
    assertThat(reason(marked, P256)).isEqualTo(Reason.IMAGE_TLV_NOT_ALLOWED);
  }

  /** Else the pure signature would have to stand beside one over each hash. */
  @Test
  void aPureImageIsJudgedOverSha512Alone() throws Exception {
    ImageForge image =
        ImageForge.bare()
            .hash(ImageHash.SHA256)
            .hash(ImageHash.SHA512)
            .entry(TlvType.SIG_PURE, (byte) 1)
            .keyHash(ED, ImageHash.SHA512)
            .pureSignature(ED);
    assertThat(reason(image, ED)).isNull();
  }
}
