package dev.otasigner.verifier.policy;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.mcuboot.AssembleOptions;
import dev.otasigner.verifier.mcuboot.SlotTrailer;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestBuild;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.testing.TestKey;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** What the image's bytes can be refused for, inside the whole judgement. */
class ImageCheckTests {
  private static final Profile FACTORY = TestFleet.factoryProfile().read();
  private static final int FLAGS_OFFSET = 16;

  private final DeviceState device = TestFleet.device();

  private void refused(Reason reason, Made build) {
    assertRefused(reason, () -> UpgradePolicy.judge(device, FACTORY, build.candidate()));
  }

  private static Candidate withImage(Made build, byte[] image) {
    return new Candidate(
        build.listing(),
        build.listing().variants().get(0),
        build.envelope(),
        ByteSource.of(image),
        build.profile(),
        Optional.empty());
  }

  private static UnaryOperator<byte[]> at(int offset, int value) {
    return image -> {
      byte[] changed = image.clone();
      changed[offset < 0 ? changed.length + offset : offset] = (byte) value;
      return changed;
    };
  }

  private static UnaryOperator<byte[]> flipped(int offset) {
    return image -> {
      int i = offset < 0 ? image.length + offset : offset;
      return at(i, image[i] ^ 1).apply(image);
    };
  }

  // length and digest

  @Test
  void anImageThatIsCutShortIsRefused() {
    Made build = TestBuild.of("34.0").make();
    byte[] image = build.image("main");
    Candidate cut = withImage(build, Arrays.copyOf(image, image.length - 1));
    assertRefused(Reason.IMAGE_LENGTH_MISMATCH, () -> UpgradePolicy.judge(device, FACTORY, cut));
  }

  @Test
  void anImageWithAByteMoreIsRefused() {
    Made build = TestBuild.of("34.0").make();
    byte[] image = build.image("main");
    Candidate longer = withImage(build, Arrays.copyOf(image, image.length + 1));
    assertRefused(Reason.IMAGE_LENGTH_MISMATCH, () -> UpgradePolicy.judge(device, FACTORY, longer));
  }

  @Test
  void anEndlessImageIsRefusedWithoutReadingOn() {
    Made build = TestBuild.of("34.0").make();
    Endless endless = new Endless();
    Candidate candidate =
        new Candidate(
            build.listing(),
            build.listing().variants().get(0),
            build.envelope(),
            endless,
            build.profile(),
            Optional.empty());
    assertRefused(
        Reason.IMAGE_LENGTH_MISMATCH, () -> UpgradePolicy.judge(device, FACTORY, candidate));
    assertThat(endless.read).isLessThan(1 << 20);
  }

  /** A source that never ends, and claims to be short. */
  private static final class Endless implements ByteSource {
    private long read;

    @Override
    public long lengthBytes() {
      return 1;
    }

    @Override
    public InputStream open() {
      return new InputStream() {
        @Override
        public int read() {
          read++;
          return 0;
        }

        @Override
        public int read(byte[] into, int offset, int length) {
          read += length;
          return length;
        }
      };
    }
  }

  @Test
  void anImageWithOneOtherBitIsRefused() {
    Made build = TestBuild.of("34.0").make();
    Candidate tampered = withImage(build, flipped(1000).apply(build.image("main")));
    assertRefused(
        Reason.IMAGE_DIGEST_MISMATCH, () -> UpgradePolicy.judge(device, FACTORY, tampered));
  }

  // would it boot: images that the manifest truly names, so that only the bootloader objects

  @Test
  void whatIsNoMcubootImageIsRefused() {
    refused(Reason.IMAGE_FORMAT, TestBuild.of("34.0").editImage(at(0, 0)).make());
  }

  @Test
  void anImageThatIsNotItsHashIsRefused() {
    refused(Reason.IMAGE_HASH, TestBuild.of("34.0").editImage(flipped(1000)).make());
  }

  @Test
  void anImageWithABrokenSignatureIsRefused() {
    refused(Reason.IMAGE_SIGNATURE, TestBuild.of("34.0").editImage(flipped(-1)).make());
  }

  @Test
  void anImageByAnotherKeyThanTheManifestClaimsIsRefused() {
    TestKey stranger = TestKey.of(SignatureSuite.RSA_PSS_2048_SHA256, "stranger");
    refused(
        Reason.IMAGE_KEY_UNKNOWN,
        TestBuild.of("34.0")
            .image("main", stranger)
            .editManifest(m -> claims(m, TestFleet.OLD_IMAGE_KEY))
            .make());
  }

  private static Manifest claims(Manifest m, TestKey key) {
    Manifest.Variant v = m.variants().get(0);
    Manifest.Variant claimed =
        new Manifest.Variant(
            v.name(),
            v.lengthBytes(),
            v.sha256(),
            v.suite(),
            v.hash(),
            v.pure(),
            List.of(key.keyId()));
    return new Manifest(
        m.product(),
        m.hardware(),
        m.version(),
        m.securityCounter(),
        m.format(),
        m.built(),
        List.of(claimed),
        m.profile(),
        m.from(),
        m.requires(),
        m.bootloader());
  }

  @Test
  void anImageWithATlvOutsideTheAllowListIsRefused() {
    refused(
        Reason.IMAGE_TLV_NOT_ALLOWED,
        TestBuild.of("34.0").editImage(ImageCheckTests::withVendorTlv).make());
  }

  /** Adds a vendor's entry of four bytes at the end of the unprotected area. */
  private static byte[] withVendorTlv(byte[] image) {
    byte[] longer = Arrays.copyOf(image, image.length + 8);
    byte[] entry = {(byte) 0xa0, 0x00, 4, 0, 1, 2, 3, 4};
    System.arraycopy(entry, 0, longer, image.length, entry.length);
    int area = indexOfUnprotectedArea(image);
    int total = (image[area + 2] & 0xff | (image[area + 3] & 0xff) << 8) + entry.length;
    longer[area + 2] = (byte) total;
    longer[area + 3] = (byte) (total >> 8);
    return longer;
  }

  private static int indexOfUnprotectedArea(byte[] image) {
    for (int i = 0x200 + 4096; i < image.length; i++) {
      if ((image[i] & 0xff) == 0x07 && (image[i + 1] & 0xff) == 0x69) {
        return i;
      }
    }
    throw new IllegalStateException("no unprotected TLV area");
  }

  @Test
  void bytesAfterTheImageAreRefused() {
    refused(
        Reason.IMAGE_TRAILING_BYTES,
        TestBuild.of("34.0").editImage(image -> Arrays.copyOf(image, image.length + 16)).make());
  }

  @Test
  void anImageFlaggedAsNotBootableIsRefused() {
    refused(
        Reason.IMAGE_NOT_BOOTABLE, TestBuild.of("34.0").editImage(at(FLAGS_OFFSET, 0x10)).make());
  }

  @Test
  void anEncryptedImageIsRefused() {
    refused(Reason.IMAGE_ENCRYPTED, TestBuild.of("34.0").editImage(at(FLAGS_OFFSET, 0x04)).make());
  }

  @Test
  void anImageWithoutASecurityCounterIsRefused() {
    TestBuild build = TestBuild.of("34.0").options(o -> withoutCounter());
    refused(Reason.IMAGE_COUNTER, build.make());
    Bootloader careless = withoutRollbackProtection(TestFleet.factoryBootloader());
    DeviceState open = TestFleet.device(careless, FACTORY);
    Candidate candidate = build.make().candidate();
    assertRefused(Reason.IMAGE_COUNTER, () -> UpgradePolicy.judge(open, FACTORY, candidate));
  }

  private static AssembleOptions.Builder withoutCounter() {
    return AssembleOptions.of(TestFleet.version("34.0")).padHeader();
  }

  private static Bootloader withoutRollbackProtection(Bootloader b) {
    return new Bootloader(
        b.id(),
        b.anchors(),
        b.trialAnchors(),
        b.allowList(),
        false,
        b.updatable(),
        b.keyTlv(),
        b.slotBytes());
  }

  @Test
  void anImageWithAnotherCounterThanTheManifestIsRefused() {
    refused(
        Reason.IMAGE_COUNTER,
        TestBuild.of("34.0").counter(6).options(o -> o.securityCounter(7)).make());
  }

  @Test
  void anImageWithALowerCounterThanTheDeviceIsRefused() {
    refused(
        Reason.SECURITY_COUNTER_TOO_LOW,
        TestBuild.of("34.0").counter(6).options(o -> o.securityCounter(4)).make());
  }

  @Test
  void anOldImageUnderANewManifestIsRefused() {
    refused(
        Reason.IMAGE_VERSION,
        TestBuild.of("34.0")
            .options(
                o ->
                    AssembleOptions.of(TestFleet.version("32.0"))
                        .padHeader()
                        .securityCounter(TestFleet.FACTORY_COUNTER))
            .make());
  }

  @Test
  void anImageThatDoesNotFitTheSlotIsRefused() throws Exception {
    Made build = TestBuild.of("34.0").make();
    Candidate candidate = build.candidate();
    // A slot that the image fills to the last byte but one of its trailer.
    int room = build.image("main").length + SlotTrailer.RESERVED_BYTES;
    DeviceState enough = TestFleet.device(withSlotOf(room), FACTORY);
    UpgradePolicy.judge(enough, FACTORY, candidate);
    DeviceState tooSmall = TestFleet.device(withSlotOf(room - 1), FACTORY);
    assertRefused(Reason.IMAGE_TOO_LARGE, () -> UpgradePolicy.judge(tooSmall, FACTORY, candidate));
  }

  private static Bootloader withSlotOf(int bytes) {
    return new Bootloader(
        "boot-1",
        List.of(TestFleet.OLD_IMAGE_KEY.bootAnchor()),
        List.of(),
        true,
        true,
        true,
        Bootloader.KeyTlv.KEYHASH,
        bytes);
  }

  // opaque images

  @Test
  void aBootloaderThatChecksNothingIsGivenOpaqueImages() throws Exception {
    DeviceState plain = TestFleet.device(TestFleet.bootloader("grub"), FACTORY);
    Made build = TestBuild.of("34.0").opaque().make();
    Accepted accepted = UpgradePolicy.judge(plain, FACTORY, build.candidate());
    assertThat(accepted.after().running().version()).isEqualTo(TestFleet.version("34.0"));
  }

  @Test
  void aBootloaderThatChecksImagesIsNeverGivenOpaqueOnes() {
    refused(Reason.NO_VARIANT, TestBuild.of("34.0").opaque().make());
  }

  @Test
  void anOpaqueImageMustFitTheSlotToo() {
    Bootloader small =
        new Bootloader(
            "grub", List.of(), List.of(), false, false, false, Bootloader.KeyTlv.KEYHASH, 4095);
    Candidate candidate = TestBuild.of("34.0").opaque().make().candidate();
    assertRefused(
        Reason.IMAGE_TOO_LARGE,
        () -> UpgradePolicy.judge(TestFleet.device(small, FACTORY), FACTORY, candidate));
  }

  @Test
  void anOpaqueImageMayFillTheSlot() throws Exception {
    Bootloader exact =
        new Bootloader(
            "grub", List.of(), List.of(), false, false, false, Bootloader.KeyTlv.KEYHASH, 4096);
    Candidate candidate = TestBuild.of("34.0").opaque().make().candidate();
    UpgradePolicy.judge(TestFleet.device(exact, FACTORY), FACTORY, candidate);
  }

  @Test
  void anOpaqueImageWithOneOtherBitIsRefused() {
    DeviceState plain = TestFleet.device(TestFleet.bootloader("grub"), FACTORY);
    Made build = TestBuild.of("34.0").opaque().make();
    Candidate tampered = withImage(build, flipped(7).apply(build.image("main")));
    assertRefused(
        Reason.IMAGE_DIGEST_MISMATCH, () -> UpgradePolicy.judge(plain, FACTORY, tampered));
  }
}
