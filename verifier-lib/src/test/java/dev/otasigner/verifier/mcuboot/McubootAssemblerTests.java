package dev.otasigner.verifier.mcuboot;

import static dev.otasigner.verifier.mcuboot.TestAssembly.PAYLOAD;
import static dev.otasigner.verifier.mcuboot.TestAssembly.VERSION;
import static dev.otasigner.verifier.mcuboot.TestAssembly.assemble;
import static dev.otasigner.verifier.mcuboot.TestAssembly.knowing;
import static dev.otasigner.verifier.mcuboot.TestAssembly.options;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.testing.TestKey;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class McubootAssemblerTests {
  private static final TestKey RSA_2048 = TestKey.of(SignatureSuite.RSA_PSS_2048_SHA256);
  private static final TestKey RSA_3072 = TestKey.of(SignatureSuite.RSA_PSS_3072_SHA256);
  private static final TestKey P256 = TestKey.of(SignatureSuite.ECDSA_P256_SHA256);
  private static final TestKey P384 = TestKey.of(SignatureSuite.ECDSA_P384_SHA384);
  private static final TestKey ED = TestKey.of(SignatureSuite.ED25519);
  @TempDir Path folder;

  private static Reason refusal(AssembleOptions options, TestKey... keys) {
    return catchThrowableOfType(RejectedException.class, () -> assemble(options, keys)).reason();
  }

  @Test
  void fourSignersBehindOneHashEachBootWhereTheyAreKnown() throws Exception {
    ByteSource image = ByteSource.of(assemble(options().build(), RSA_2048, RSA_3072, P256, ED));
    assertThat(McubootImage.read(image).ofType(TlvType.SHA256)).hasSize(1);
    for (TestKey key : List.of(RSA_2048, RSA_3072, P256, ED)) {
      BootedImage booted = BootCheck.judge(image, knowing(key.bootAnchor()), 3);
      assertThat(booted.signedBy()).isEqualTo(key.key());
      assertThat(booted.version()).isEqualTo(VERSION);
      assertThat(booted.securityCounter()).hasValue(3);
      assertThat(booted.image().payload(image).readAll(PAYLOAD.length)).isEqualTo(PAYLOAD);
    }
  }

  @Test
  void pureAndSha512ImagesBootWhereTheAnchorSaysSo() throws Exception {
    ByteSource pure = ByteSource.of(assemble(options().pure().build(), ED));
    BootCheck.judge(pure, knowing(ED.bootAnchor(ImageHash.SHA512, true)), 3);
    ByteSource wide = ByteSource.of(assemble(options().hash(ImageHash.SHA512).build(), ED));
    BootCheck.judge(wide, knowing(ED.bootAnchor(ImageHash.SHA512, false)), 3);
  }

  @Test
  void keysThatNeedDifferentHashesAreRefusedInOneImage() {
    assertThat(refusal(options().build(), P256, P384)).isEqualTo(Reason.UNSUPPORTED_ALGORITHM);
    assertThat(refusal(options().hash(ImageHash.SHA512).build(), P256))
        .isEqualTo(Reason.UNSUPPORTED_ALGORITHM);
    assertThat(refusal(options().pure().build(), P256)).isEqualTo(Reason.UNSUPPORTED_ALGORITHM);
    assertThat(refusal(options().pure().hash(ImageHash.SHA256).build(), ED))
        .isEqualTo(Reason.UNSUPPORTED_ALGORITHM);
  }

  @Test
  void aKeyThatNoBootloaderChecksIsRefused() {
    TestKey key = TestKey.of(SignatureSuite.ML_DSA_65);
    assertThat(refusal(options().build(), key)).isEqualTo(Reason.UNSUPPORTED_ALGORITHM);
  }

  @Test
  void anImageWithoutASignerIsNotMade() {
    assertThatIllegalArgumentException().isThrownBy(() -> assemble(options().build()));
  }

  @Test
  void aSignatureThatDoesNotVerifyIsNotWritten() {
    ImageSigner wrong =
        new ImageSigner() {
          @Override
          public VerificationKey key() {
            return P256.key();
          }

          @Override
          public byte[] sign(SigningInput input) {
            return P256.sign("another image".getBytes(US_ASCII));
          }
        };
    Path file = folder.resolve("image.bin");
    assertThatThrownBy(
            () ->
                McubootAssembler.assemble(
                    ByteSource.of(PAYLOAD), options().build(), List.of(wrong), file))
        .isInstanceOfSatisfying(
            RejectedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.BAD_SIGNATURE));
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aFileAppearsWholeAndReplacesAnOlderOne() throws Exception {
    Path file = folder.resolve("image.bin");
    Files.writeString(file, "old");
    McubootAssembler.assemble(
        ByteSource.of(PAYLOAD), options().build(), List.of(new TestAssembly.Signer(ED)), file);
    BootCheck.judge(ByteSource.of(file), knowing(ED.bootAnchor()), 3);
    assertThat(folder.toFile().list()).containsExactly("image.bin");
  }

  @Test
  void aPayloadThatMakesRoomForTheHeaderMustBeginWithZeroes() throws Exception {
    AssembleOptions inPlace = AssembleOptions.of(VERSION).securityCounter(3).build();
    byte[] linked = new byte[0x200 + PAYLOAD.length];
    System.arraycopy(PAYLOAD, 0, linked, 0x200, PAYLOAD.length);
    ByteSource image = ByteSource.of(assemble(ByteSource.of(linked), inPlace, ED));
    BootedImage booted = BootCheck.judge(image, knowing(ED.bootAnchor()), 3);
    assertThat(booted.image().header().payloadBytes()).isEqualTo(PAYLOAD.length);
    linked[0x1ff] = 1;
    RejectedException refusal =
        catchThrowableOfType(
            RejectedException.class, () -> assemble(ByteSource.of(linked), inPlace, ED));
    assertThat(refusal.reason()).isEqualTo(Reason.MALFORMED);
    assertThat(refusal.offset()).isEqualTo(0x1ff);
    assertThatThrownBy(() -> assemble(ByteSource.of(new byte[0x1ff]), inPlace, ED))
        .isInstanceOf(RejectedException.class);
  }

  @Test
  void anImageThatDoesNotFitTheSlotWithItsTrailerIsRefused() throws Exception {
    int length = assemble(options().build(), ED).length;
    int slot = length + 128 * 3 + 4 * 8 + 16;
    assemble(options().slotBytes(slot).build(), ED);
    assertThat(refusal(options().slotBytes(slot - 1).build(), ED))
        .isEqualTo(Reason.IMAGE_TOO_LARGE);
  }

  @Test
  void aPaddedImageFillsTheSlotAndEndsWithTheMagicOfItsAlignment() throws Exception {
    for (int align : new int[] {1, 8, 16, 32}) {
      for (int erased : new int[] {0xff, 0}) {
        byte[] image =
            assemble(
                options().slotBytes(64 * 1024).align(align).erased(erased).confirm().build(), ED);
        assertThat(image).hasSize(64 * 1024);
        int imageOk = image.length - (align <= 8 ? 24 : 2 * align);
        assertThat(image[imageOk]).isEqualTo((byte) 1);
        BootCheck.judge(ByteSource.of(image), knowing(ED.bootAnchor()), 3);
      }
    }
  }

  @Test
  void aPayloadThatChangesWhileItIsReadIsNoImage() {
    ByteSource growing =
        new ByteSource() {
          @Override
          public long lengthBytes() {
            return PAYLOAD.length - 1L;
          }

          @Override
          public InputStream open() throws IOException {
            return ByteSource.of(PAYLOAD).open();
          }
        };
    assertThatThrownBy(() -> assemble(growing, options().build(), ED))
        .isInstanceOf(IOException.class);
  }

  /** Announces a length, and is never read. */
  private static ByteSource announcing(long lengthBytes) {
    return new ByteSource() {
      @Override
      public long lengthBytes() {
        return lengthBytes;
      }

      @Override
      public InputStream open() {
        throw new AssertionError("was opened");
      }
    };
  }

  private static Reason refusal(ByteSource payload, AssembleOptions options) {
    return catchThrowableOfType(RejectedException.class, () -> assemble(payload, options, ED))
        .reason();
  }

  @Test
  void anImageThatThirtyTwoBitsCannotSayIsRefusedUnread() {
    assertThat(refusal(announcing(0xffff_ffffL - 0x200 - 11), options().build()))
        .isEqualTo(Reason.IMAGE_TOO_LARGE);
    ByteSource longest = announcing(0xffff_ffffL - 0x200 - 12);
    assertThatThrownBy(() -> assemble(longest, options().build(), ED)).hasMessage("was opened");
  }

  @Test
  void aPureImageTooLargeForMemoryIsRefusedUnread() {
    long bytes = TrustCheck.DEFAULT_PURE_BYTES;
    assertThat(refusal(announcing(bytes), options().pure().build()))
        .isEqualTo(Reason.LIMIT_EXCEEDED);
    // With a known slot its size is the limit.
    assertThat(refusal(announcing(bytes), options().pure().slotBytes(bytes).build()))
        .isEqualTo(Reason.LIMIT_EXCEEDED);
    AssembleOptions roomy = options().pure().slotBytes(2 * bytes).build();
    assertThatThrownBy(() -> assemble(announcing(bytes), roomy, ED))
        .isInstanceOf(AssertionError.class)
        .hasMessage("was opened");
  }

  @Test
  void aPayloadLargerThanTheSlotIsRefusedUnread() {
    assertThat(refusal(announcing(100_000), options().slotBytes(100_000).build()))
        .isEqualTo(Reason.IMAGE_TOO_LARGE);
  }

  @Test
  void anAreaThatItsLengthFieldCannotSayIsRefused() {
    AssembleOptions.Builder options = options();
    options.protectedTlv(0xa0, new byte[60_000]).protectedTlv(0xa1, new byte[6_000]);
    assertThat(refusal(options.build(), ED)).isEqualTo(Reason.LIMIT_EXCEEDED);
  }

  @Test
  void aFileInNoDirectoryIsNotWritten() {
    for (Path file : List.of(folder.resolve("missing").resolve("image.bin"), folder.getRoot())) {
      assertThatThrownBy(
              () ->
                  McubootAssembler.assemble(
                      ByteSource.of(PAYLOAD),
                      options().build(),
                      List.of(new TestAssembly.Signer(ED)),
                      file))
          .isInstanceOf(java.nio.file.FileSystemException.class)
          .hasMessageContaining("no such directory");
    }
  }

  @Test
  void protectedEntriesStandInTheOrderOfSigningTools() throws Exception {
    AssembleOptions all =
        options()
            .protectedTlv(0xa1, new byte[] {9})
            .protectedTlv(TlvType.UUID_CID, new byte[16])
            .protectedTlv(TlvType.UUID_VID, new byte[16])
            .protectedTlv(TlvType.BOOT_RECORD, new byte[] {8})
            .dependency(2, new ImageVersion(1, 2, 3, 4))
            .build();
    McubootImage image = McubootImage.read(ByteSource.of(assemble(all, ED)));
    assertThat(image.tlvs().stream().filter(Tlv::isProtected).map(Tlv::type))
        .containsExactly(
            TlvType.SEC_CNT,
            TlvType.BOOT_RECORD,
            TlvType.DEPENDENCY,
            TlvType.UUID_VID,
            TlvType.UUID_CID,
            0xa1);
    assertThat(image.ofType(TlvType.DEPENDENCY).get(0).value().hex())
        .isEqualTo("02000000" + "01020300" + "04000000");
  }

  @Test
  void whatProtectsNothingHasNoProtectedArea() throws Exception {
    byte[] bytes = assemble(AssembleOptions.of(VERSION).padHeader().build(), ED);
    McubootImage image = McubootImage.read(ByteSource.of(bytes));
    assertThat(image.header().protectedTlvBytes()).isZero();
    assertThat(image.tlvs()).noneMatch(Tlv::isProtected);
  }

  @Test
  void theHeaderIsFilledUpWithErasedFlash() throws Exception {
    for (int erased : new int[] {0xff, 0}) {
      byte[] image = assemble(options().erased(erased).build(), ED);
      assertThat(Arrays.copyOfRange(image, McubootHeader.BYTES, 0x200)).containsOnly((byte) erased);
    }
  }

  @Test
  void anAreaAsLongAsItsLengthFieldSaysIsWrittenAndOneByteMoreIsNot() throws Exception {
    AssembleOptions.Builder full = AssembleOptions.of(VERSION).padHeader();
    full.protectedTlv(0xa0, new byte[65_535 - 4 - 4]);
    McubootImage.read(ByteSource.of(assemble(full.build(), ED)));
    AssembleOptions.Builder over = AssembleOptions.of(VERSION).padHeader();
    over.protectedTlv(0xa0, new byte[65_535 - 4 - 3]);
    assertThat(refusal(over.build(), ED)).isEqualTo(Reason.LIMIT_EXCEEDED);
  }

  @Test
  void theEndsOfEachRangeAreTaken() throws Exception {
    List<AssembleOptions.Builder> right =
        List.of(
            options().headerBytes(32),
            options().headerBytes(0xffff),
            options().securityCounter(0),
            options().securityCounter(0xffff_ffffL),
            options().erased(0),
            options().maxSectors(1),
            options().maxSectors(0xffff),
            options().slotBytes(1).pad(),
            options().dependency(0, VERSION),
            options().dependency(255, VERSION),
            options().protectedTlv(TlvType.BOOT_RECORD, new byte[1]),
            options().protectedTlv(TlvType.UUID_CID, new byte[16]),
            options().protectedTlv(0xfffe, new byte[0xffff]));
    for (AssembleOptions.Builder builder : right) {
      assertThat(builder.build().version()).isEqualTo(VERSION);
    }
    byte[] empty = assemble(ByteSource.of(new byte[0]), options().build(), ED);
    BootCheck.judge(ByteSource.of(empty), knowing(ED.bootAnchor()), 3);
  }
}
