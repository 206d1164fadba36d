package dev.otasigner.verifier.policy;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.mcuboot.AssembleOptions;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestBuild;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.testing.TestKey;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BootloaderComponentTests {
  private static final Profile FACTORY = TestFleet.factoryProfile().read();
  private static final TestKey OLD = TestFleet.OLD_IMAGE_KEY;
  private static final TestKey P384 = TestKey.of(SignatureSuite.ECDSA_P384_SHA384);
  private static final TestKey P256 = TestKey.of(SignatureSuite.ECDSA_P256_SHA256);
  private static final Bootloader NEXT = TestFleet.bootloader("boot-2", P384.bootAnchor());

  private final DeviceState device = TestFleet.device();

  private static TestBuild bringing(Bootloader next) {
    return TestBuild.of("34.0").image("p384", P384).brings(next, OLD);
  }

  private RejectedException refused(Made build) {
    return refused(build.candidate());
  }

  private RejectedException refused(Candidate candidate) {
    return assertRefused(
        Reason.BOOTLOADER_COMPONENT, () -> UpgradePolicy.judge(device, FACTORY, candidate));
  }

  private static Candidate with(Made build, Optional<ByteSource> component) {
    Candidate c = build.candidate();
    return new Candidate(
        c.listing(), c.variant(), c.manifestEnvelope(), c.image(), c.brought(), component);
  }

  private static Bootloader changed(long slotBytes, boolean allowList) {
    return new Bootloader(
        NEXT.id(),
        NEXT.anchors(),
        List.of(),
        allowList,
        NEXT.rollbackProtection(),
        NEXT.updatable(),
        NEXT.keyTlv(),
        slotBytes);
  }

  @Test
  void aComponentThatThePresentAnchorsBootIsInstalled() throws Exception {
    Accepted accepted = UpgradePolicy.judge(device, FACTORY, bringing(NEXT).make().candidate());
    assertThat(accepted.after().bootloader()).isEqualTo(NEXT);
  }

  @Test
  void aComponentByAKeyThePresentBootloaderDoesNotKnowIsRefused() {
    assertThat(refused(TestBuild.of("34.0").image("p384", P384).brings(NEXT, P256).make()))
        .hasMessageContaining("boot-2");
  }

  @Test
  void aComponentThatVouchesForItselfIsRefused() {
    Made build = TestBuild.of("34.0").image("p384", P384).brings(NEXT, P384).make();
    assertThat(refused(build).reason()).isEqualTo(Reason.BOOTLOADER_COMPONENT);
  }

  @Test
  void anAbsentComponentIsRefused() {
    assertThat(refused(with(bringing(NEXT).make(), Optional.empty())))
        .hasMessageContaining("its file is absent");
  }

  @Test
  void aComponentThatTheManifestDoesNotBringIsRefused() {
    Made plain = TestBuild.of("34.0").make();
    byte[] component = bringing(NEXT).make().component().orElseThrow();
    assertThat(refused(with(plain, Optional.of(ByteSource.of(component)))))
        .hasMessageContaining("does not bring");
  }

  @Test
  void anotherComponentThanTheManifestsIsRefused() {
    byte[] other =
        bringing(TestFleet.bootloader("boot-2", P384.bootAnchor(), OLD.bootAnchor()))
            .make()
            .component()
            .orElseThrow();
    refused(with(bringing(NEXT).make(), Optional.of(ByteSource.of(other))));
  }

  // Signed by the right key, of the same name, anchors and length: an old one that is played back.
  @Test
  void aComponentThatOnlyItsDigestTellsApartIsRefused() {
    Bootloader lax = protecting(false, true);
    byte[] old = bringing(protecting(true, false)).make().component().orElseThrow();
    Made build = bringing(lax).make();
    assertThat(build.component().orElseThrow()).hasSameSizeAs(old);
    RejectedException refusal = refused(with(build, Optional.of(ByteSource.of(old))));
    assertThat(refusal.reason()).isEqualTo(Reason.BOOTLOADER_COMPONENT);
    assertThat(refusal).hasMessageContaining("digest");
  }

  private static Bootloader protecting(boolean allowList, boolean rollbackProtection) {
    return new Bootloader(
        NEXT.id(),
        NEXT.anchors(),
        List.of(),
        allowList,
        rollbackProtection,
        NEXT.updatable(),
        NEXT.keyTlv(),
        NEXT.slotBytes());
  }

  @Test
  void aComponentOfAnotherLengthThanStatedIsRefused() {
    assertThat(refused(bringing(NEXT).editManifest(m -> stating(m, NEXT.id(), 1)).make()))
        .hasMessageContaining("length");
  }

  @Test
  void aComponentWithOneOtherBitIsRefused() {
    Made build = bringing(NEXT).make();
    byte[] component = build.component().orElseThrow().clone();
    component[component.length / 2] ^= 1;
    refused(with(build, Optional.of(ByteSource.of(component))));
  }

  @Test
  void aComponentOverItsLimitIsRefused() {
    refused(
        with(
            bringing(NEXT).make(),
            Optional.of(ByteSource.of(new byte[BootloaderComponent.MAX_BYTES + 1]))));
  }

  @Test
  void aComponentWithOtherAnchorsThanStatedIsRefused() {
    refused(
        bringing(NEXT)
            .editManifest(m -> stating(m, "boot-2", List.of(P384.bootAnchor(), OLD.bootAnchor())))
            .make());
  }

  @Test
  void aComponentWithAnotherNameThanStatedIsRefused() {
    refused(
        bringing(NEXT).editManifest(m -> stating(m, "boot-3", List.of(P384.bootAnchor()))).make());
  }

  private static Manifest stating(Manifest m, String id, List<BootAnchor> anchors) {
    Manifest.BootloaderComponent b = m.bootloader().orElseThrow();
    return stating(m, new Manifest.BootloaderComponent(id, b.lengthBytes(), b.sha256(), anchors));
  }

  private static Manifest stating(Manifest m, String id, long more) {
    Manifest.BootloaderComponent b = m.bootloader().orElseThrow();
    return stating(
        m, new Manifest.BootloaderComponent(id, b.lengthBytes() + more, b.sha256(), b.anchors()));
  }

  private static Manifest stating(Manifest m, Manifest.BootloaderComponent component) {
    return new Manifest(
        m.product(),
        m.hardware(),
        m.version(),
        m.securityCounter(),
        m.format(),
        m.built(),
        m.variants(),
        m.profile(),
        m.from(),
        m.requires(),
        Optional.of(component));
  }

  @Test
  void aComponentThatDividesTheFlashOtherwiseIsRefused() {
    assertThat(refused(bringing(changed(0x40000, true)).make())).hasMessageContaining("slot size");
  }

  /** An old component of the same key would take the protection away again. */
  @Test
  void aComponentThatChecksLessIsRefused() {
    Bootloader unlisted = changed(TestFleet.SLOT_BYTES, false);
    assertThat(refused(bringing(unlisted).make())).hasMessageContaining("checks less");
    Bootloader unprotected =
        new Bootloader(
            NEXT.id(),
            NEXT.anchors(),
            List.of(),
            NEXT.allowList(),
            false,
            NEXT.updatable(),
            NEXT.keyTlv(),
            NEXT.slotBytes());
    assertThat(refused(bringing(unprotected).make())).hasMessageContaining("checks less");
  }

  @Test
  void aComponentMayCheckMore() throws Exception {
    Bootloader present =
        new Bootloader(
            device.bootloader().id(),
            device.bootloader().anchors(),
            List.of(),
            false,
            false,
            true,
            device.bootloader().keyTlv(),
            device.bootloader().slotBytes());
    assertThat(
            UpgradePolicy.judge(
                    TestFleet.device(present, FACTORY), FACTORY, bringing(NEXT).make().candidate())
                .after()
                .bootloader())
        .isEqualTo(NEXT);
  }

  @Test
  void aComponentThatIsNoBootloaderIsRefused() {
    refused(
        bringing(NEXT).editComponent(c -> component(ByteSource.of(new byte[] {'{', '}'}))).make());
  }

  @Test
  void anchorsOnTrialAreNotCarried() {
    Bootloader onTrial = onTrial(NEXT, OLD);
    assertThatIllegalArgumentException().isThrownBy(() -> BootloaderComponent.payload(onTrial));
    ByteSource smuggled = ByteSource.of(onTrial.toJson().canonicalBytes());
    assertThat(refused(bringing(NEXT).editComponent(c -> component(smuggled)).make()))
        .hasMessageContaining("anchors on trial");
  }

  private static Bootloader onTrial(Bootloader b, TestKey trial) {
    return new Bootloader(
        b.id(),
        b.anchors(),
        List.of(trial.bootAnchor()),
        b.allowList(),
        b.rollbackProtection(),
        b.updatable(),
        b.keyTlv(),
        b.slotBytes());
  }

  private static byte[] component(ByteSource payload) {
    return TestBuild.assemble(
        payload,
        AssembleOptions.of(TestFleet.version("34.0")).padHeader().securityCounter(5).build(),
        List.of(OLD));
  }

  @Test
  void anImageThatTheNewBootloaderWouldNotBootAloneIsRefused() {
    // Claimed for P-384, signed by the old key only: boots on trial, and never again once
    // confirmed.
    Made build =
        TestBuild.of("34.0")
            .image("p384", OLD)
            .brings(NEXT, OLD)
            .editManifest(BootloaderComponentTests::claimingP384)
            .make();
    RejectedException refusal =
        assertRefused(
            Reason.IMAGE_HASH, () -> UpgradePolicy.judge(device, FACTORY, build.candidate()));
    assertThat(refusal).hasMessageContaining("under the new bootloader alone");
  }

  private static Manifest claimingP384(Manifest m) {
    Manifest.Variant v = m.variants().get(0);
    return new Manifest(
        m.product(),
        m.hardware(),
        m.version(),
        m.securityCounter(),
        m.format(),
        m.built(),
        List.of(
            new Manifest.Variant(
                v.name(),
                v.lengthBytes(),
                v.sha256(),
                P384.suite(),
                P384.bootAnchor().hash(),
                false,
                List.of(P384.keyId()))),
        m.profile(),
        m.from(),
        m.requires(),
        m.bootloader());
  }

  @Test
  void anchorsStillOnTrialDoNotBootAnImage() {
    DeviceState trying = TestFleet.device(onTrial(TestFleet.factoryBootloader(), P256), FACTORY);
    Made build = TestBuild.of("34.0").image("p256", P256).make();
    assertRefused(Reason.NO_VARIANT, () -> UpgradePolicy.judge(trying, FACTORY, build.candidate()));
  }

  @Test
  void anchorsStillOnTrialDoNotInstallAComponent() {
    DeviceState trying = TestFleet.device(onTrial(TestFleet.factoryBootloader(), P256), FACTORY);
    Made build = TestBuild.of("34.0").image("p384", P384).brings(NEXT, P256).make();
    assertRefused(
        Reason.BOOTLOADER_COMPONENT, () -> UpgradePolicy.judge(trying, FACTORY, build.candidate()));
  }
}
