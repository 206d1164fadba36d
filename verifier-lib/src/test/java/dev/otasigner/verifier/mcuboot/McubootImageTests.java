package dev.otasigner.verifier.mcuboot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.testing.TestKey;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class McubootImageTests {
  private static final TestKey KEY = TestKey.of(SignatureSuite.ED25519);

  /** Header 0x200, payload 1000, protected area of 12, then hash, name and signature. */
  private static final byte[] SOUND = ImageForge.sound(KEY).bytes();

  private static final int PROTECTED_AT = 0x200 + 1000;
  private static final int UNPROTECTED_AT = PROTECTED_AT + 12;

  private static RejectedException refusal(byte[] image) {
    return catchThrowableOfType(
        RejectedException.class, () -> McubootImage.read(ByteSource.of(image)));
  }

  private static void assertRefused(byte[] image, Reason reason, long offset) {
    RejectedException refusal = refusal(image);
    assertThat(refusal.reason()).isEqualTo(reason);
    assertThat(refusal.offset()).isEqualTo(offset);
  }

  /** The sound image with these bytes put at an offset. */
  private static byte[] with(int offset, int... bytes) {
    byte[] image = SOUND.clone();
    for (int i = 0; i < bytes.length; i++) {
      image[offset + i] = (byte) bytes[i];
    }
    return image;
  }

  @Test
  void aSoundImageIsReadToItsEnd() throws Exception {
    McubootImage image = McubootImage.read(ByteSource.of(SOUND));
    assertThat(image.endOffset()).isEqualTo(SOUND.length);
    assertThat(image.signedBytes()).isEqualTo(UNPROTECTED_AT);
    assertThat(image.tlvs())
        .extracting(Tlv::type)
        .containsExactly(TlvType.SEC_CNT, TlvType.SHA256, TlvType.KEYHASH, TlvType.ED25519);
    assertThat(image.tlvs().get(1).offset()).isEqualTo(UNPROTECTED_AT + 4);
    assertThat(image.securityCounter()).hasValue(7);
    assertThat(image.header().toBytes()).isEqualTo(Arrays.copyOf(SOUND, 32));
  }

  @Test
  void anEmptyFileIsNoImage() {
    assertRefused(new byte[0], Reason.IMAGE_FORMAT, 0);
    assertRefused(Arrays.copyOf(SOUND, 31), Reason.IMAGE_FORMAT, 0);
  }

  @Test
  void anotherMagicIsNoImage() {
    assertRefused(with(0, 0x3c), Reason.IMAGE_FORMAT, 0);
  }

  @Test
  void aHeaderShorterThanItselfIsRefused() {
    assertRefused(with(8, 31, 0), Reason.MALFORMED, 8);
  }

  @Test
  void aPayloadPastTheEndOfTheFileIsRefused() {
    assertRefused(with(12, 0xff, 0xff, 0), Reason.MALFORMED, 12);
  }

  @Test
  void sizesThatDoNotFitThirtyTwoBitsAreRefused() {
    assertRefused(with(12, 0xff, 0xff, 0xff, 0xff), Reason.MALFORMED, 12);
  }

  @Test
  void aFileThatEndsWithThePayloadIsRefused() {
    assertRefused(Arrays.copyOf(SOUND, PROTECTED_AT), Reason.MALFORMED, PROTECTED_AT);
    assertRefused(Arrays.copyOf(SOUND, UNPROTECTED_AT), Reason.MALFORMED, UNPROTECTED_AT);
  }

  @Test
  void aFileThatEndsWithinItsTlvsIsRefused() {
    assertRefused(Arrays.copyOf(SOUND, SOUND.length - 1), Reason.MALFORMED, UNPROTECTED_AT + 2);
  }

  @Test
  void aProtectedAreaOfAnotherLengthThanTheHeaderSaysIsRefused() {
    assertRefused(with(10, 11, 0), Reason.MALFORMED, PROTECTED_AT + 2);
    assertRefused(with(PROTECTED_AT + 2, 16, 0), Reason.MALFORMED, PROTECTED_AT + 2);
  }

  @Test
  void aProtectedAreaThatTheHeaderDoesNotKnowOfIsRefused() {
    assertRefused(with(10, 0, 0), Reason.MALFORMED, PROTECTED_AT);
  }

  @Test
  void aMissingProtectedAreaIsRefused() {
    byte[] image = ImageForge.bare().hash(ImageHash.SHA256).bytes();
    image[10] = 12;
    assertRefused(image, Reason.MALFORMED, PROTECTED_AT);
  }

  @Test
  void anotherMagicOfTheUnprotectedAreaIsRefused() {
    assertRefused(with(UNPROTECTED_AT, 0x06), Reason.MALFORMED, UNPROTECTED_AT);
  }

  @Test
  void anAreaShorterThanItsOwnHeaderIsRefused() {
    assertRefused(with(UNPROTECTED_AT + 2, 3, 0), Reason.MALFORMED, UNPROTECTED_AT + 2);
  }

  @Test
  void anEntryPastItsAreaIsRefused() {
    assertRefused(with(PROTECTED_AT + 6, 5, 0), Reason.MALFORMED, PROTECTED_AT + 4);
    assertRefused(with(UNPROTECTED_AT + 6, 0xff, 0xff), Reason.MALFORMED, UNPROTECTED_AT + 4);
  }

  @Test
  void bytesThatAreNoEntryAreRefused() {
    // One byte less in the only entry leaves one that can be none.
    assertRefused(with(PROTECTED_AT + 6, 3, 0), Reason.MALFORMED, PROTECTED_AT + 11);
  }

  @Test
  void emptyAreasAreRead() throws Exception {
    byte[] image = ImageForge.bare().bytes();
    assertThat(McubootImage.read(ByteSource.of(image)).tlvs()).isEmpty();
  }

  @Test
  void noChangeOfAByteEverEndsInAnythingButARefusal() {
    SplittableRandom random = new SplittableRandom(7);
    int accepted = 0;
    for (int i = 0; i < 3000; i++) {
      byte[] image = SOUND.clone();
      int at =
          random.nextBoolean()
              ? random.nextInt(32)
              : PROTECTED_AT + random.nextInt(image.length - PROTECTED_AT);
      image[at] ^= (byte) (1 << random.nextInt(8));
      if (random.nextInt(4) == 0) {
        image = Arrays.copyOf(image, random.nextInt(image.length + 10));
      }
      byte[] changed = image;
      try {
        TrustCheck.judge(
            ByteSource.of(changed), List.of(KEY.key()), TrustCheck.Demand.ANY, OptionalLong.of(7));
        accepted++;
      } catch (RejectedException e) {
        assertThat(e.reason()).isNotNull();
      } catch (IOException e) {
        throw new AssertionError("trouble instead of a refusal", e);
      }
    }
    assertThat(accepted).isZero();
  }

  /** Gives the first bytes the first time and the second ones ever after. */
  private static ByteSource twoFaced(byte[] first, byte[] then) {
    return new ByteSource() {
      private boolean opened;

      @Override
      public long lengthBytes() {
        return first.length;
      }

      @Override
      public InputStream open() {
        byte[] bytes = opened ? then : first;
        opened = true;
        return new ByteArrayInputStream(bytes);
      }
    };
  }

  private static void assertChanged(byte[] first, byte[] then) {
    assertChanged(twoFaced(first, then));
  }

  private static void assertChanged(ByteSource source) {
    assertThatThrownBy(
            () ->
                TrustCheck.judge(
                    source, List.of(KEY.key()), TrustCheck.Demand.ANY, OptionalLong.empty()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("changed");
  }

  /** A source that says how long it is, and shows something else. */
  private static ByteSource ofStatedLength(long lengthBytes, Supplier<InputStream> shown) {
    return new ByteSource() {
      @Override
      public long lengthBytes() {
        return lengthBytes;
      }

      @Override
      public InputStream open() {
        return shown.get();
      }
    };
  }

  /** A download that is still being written when somebody asks. */
  @Test
  void anImageThatGrowsWhileItsStructureIsReadIsNotJudged() {
    for (int length = PROTECTED_AT; length < SOUND.length; length++) {
      assertChanged(ofStatedLength(length, () -> new ByteArrayInputStream(SOUND)));
    }
  }

  @Test
  void anImageThatNeverEndsIsReadNoFurtherThanItWasLong() throws Exception {
    InputStream endless = new ByteArrayInputStream(new byte[1 << 20]);
    assertChanged(
        ofStatedLength(
            SOUND.length, () -> new SequenceInputStream(new ByteArrayInputStream(SOUND), endless)));
    assertThat(endless.available()).isPositive();
  }

  @Test
  void anImageThatChangesBetweenReadingsIsNotJudged() {
    assertChanged(with(20, 9), SOUND);
    assertChanged(with(SOUND.length - 70, 9), SOUND);
    assertChanged(SOUND, Arrays.copyOf(SOUND, SOUND.length + 1));
    byte[] erased = Arrays.copyOf(SOUND, SOUND.length + 2);
    erased[SOUND.length] = (byte) 0xff;
    erased[SOUND.length + 1] = (byte) 0xff;
    assertChanged(erased, Arrays.copyOf(erased, SOUND.length + 1));
  }

  @Test
  void aPureImageOverTheDefaultLimitIsRefusedBeforeItIsRead() {
    int region = TrustCheck.DEFAULT_PURE_BYTES;
    byte[] around =
        ImageForge.bare()
            .payload(new byte[0])
            .hash(ImageHash.SHA512)
            .entry(TlvType.SIG_PURE, (byte) 1)
            .keyHash(KEY, ImageHash.SHA512)
            .pureSignature(KEY)
            .bytes();
    byte[] head = Arrays.copyOf(around, 0x200);
    for (int i = 0; i < 4; i++) {
      head[12 + i] = (byte) (region >> (8 * i));
    }
    ByteSource image =
        ByteSource.concat(
            List.of(
                ByteSource.of(head),
                zeroes(region),
                ByteSource.of(Arrays.copyOfRange(around, 0x200, around.length))));
    assertThat(
            catchThrowableOfType(
                    RejectedException.class,
                    () ->
                        TrustCheck.judge(
                            image, List.of(KEY.key()), TrustCheck.Demand.ANY, OptionalLong.empty()))
                .reason())
        .isEqualTo(Reason.LIMIT_EXCEEDED);
  }

  private static ByteSource zeroes(int length) {
    return new ByteSource() {
      @Override
      public long lengthBytes() {
        return length;
      }

      @Override
      public InputStream open() {
        return new InputStream() {
          private int left = length;

          @Override
          public int read() {
            return left-- > 0 ? 0 : -1;
          }

          @Override
          public int read(byte[] buffer, int offset, int wanted) {
            if (left <= 0) {
              return -1;
            }
            int count = Math.min(left, wanted);
            Arrays.fill(buffer, offset, offset + count, (byte) 0);
            left -= count;
            return count;
          }
        };
      }
    };
  }

  @Test
  void theDocumentNamesVersionFlagsSignersAndEveryTlv() throws Exception {
    byte[] bytes =
        ImageForge.bare()
            .flags(McubootHeader.PIC | 0x4000)
            .counter(7)
            .covered(
                TlvType.DEPENDENCY,
                (byte) 1,
                (byte) 0,
                (byte) 0,
                (byte) 0,
                (byte) 2,
                (byte) 0,
                (byte) 1,
                (byte) 0,
                (byte) 5,
                (byte) 0,
                (byte) 0,
                (byte) 0)
            .hash(ImageHash.SHA256)
            .signer(KEY, ImageHash.SHA256)
            .bytes();
    Json.Obj json = McubootImage.read(ByteSource.of(bytes)).toJson();
    String text = new String(json.canonicalBytes(), UTF_8);
    assertThat(text)
        .contains("\"version\":\"1.2.3+45\"")
        .contains("\"flags\":[\"PIC\",\"0x4000\"]")
        .contains("\"reading\":\"7\"")
        .contains("\"reading\":\"image 1 at least 2.0.1+5\"")
        .contains("\"signature\":\"ED25519\"")
        .contains("\"namedBy\":\"KEYHASH\"")
        .contains("\"area\":\"protected\"");
  }

  @Test
  void typesHaveNames() {
    assertThat(TlvType.name(TlvType.SEC_CNT)).isEqualTo("SEC_CNT");
    assertThat(TlvType.name(0x4da1)).isEqualTo("vendor 0x4da1");
    assertThat(TlvType.name(0x99)).isEqualTo("0x0099");
    assertThat(TlvType.isVendor(0xffff)).isFalse();
    assertThat(TlvType.isVendor(0x0190)).isFalse();
  }

  @Test
  void theSuitesOfSignaturesAreToldFromTheirTypeAndTheHashBesideThem() throws Exception {
    TestKey rsa = TestKey.of(SignatureSuite.RSA_PSS_2048_SHA256);
    TestKey p256 = TestKey.of(SignatureSuite.ECDSA_P256_SHA256);
    TestKey p384 = TestKey.of(SignatureSuite.ECDSA_P384_SHA384);
    assertThat(suites(ImageForge.bare().hash(BootAnchor.ImageHash.SHA256))).isEmpty();
    assertThat(suites(ImageForge.bare().badSignature(p256))).isEmpty();
    ImageForge both = ImageForge.bare().hash(BootAnchor.ImageHash.SHA256);
    assertThat(suites(both.badSignature(p256).badSignature(rsa)))
        .containsExactlyInAnyOrder(rsa.suite(), p256.suite());
    assertThat(suites(ImageForge.bare().hash(BootAnchor.ImageHash.SHA384).badSignature(p384)))
        .containsExactly(p384.suite());
  }

  private static Set<SignatureSuite> suites(ImageForge image) throws Exception {
    return McubootImage.read(image.source()).signatureSuites();
  }
}
