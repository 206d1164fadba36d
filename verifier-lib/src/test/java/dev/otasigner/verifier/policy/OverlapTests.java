package dev.otasigner.verifier.policy;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestBuild;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.testing.TestProfile;
import org.junit.jupiter.api.Test;

/**
 * How each layer of trust changes without stranding anybody: first both, then the new alone. Every
 * test also takes the step that comes too early, which must be refused.
 */
class OverlapTests {
  private static final TestKey OLD_IMAGE = TestFleet.OLD_IMAGE_KEY;
  private static final TestKey OLD_MANIFEST = TestFleet.OLD_MANIFEST_KEY;
  private static final TestKey P256 = TestKey.of(SignatureSuite.ECDSA_P256_SHA256, "new image");
  private static final TestKey P384 = TestKey.of(SignatureSuite.ECDSA_P384_SHA384, "new image");
  private static final TestKey ED25519 = TestKey.of(SignatureSuite.ED25519, "new image");
  private static final TestKey NEW_MANIFEST =
      TestKey.of(SignatureSuite.ECDSA_P384_SHA384, "new manifest");
  private static final TestKey PQ_MANIFEST = TestKey.of(SignatureSuite.ML_DSA_87, "manifest");

  private static final Profile FACTORY = TestFleet.factoryProfile().read();

  private static DeviceState take(DeviceState device, Profile running, Made build)
      throws Exception {
    return UpgradePolicy.judge(device, running, build.candidate()).after();
  }

  private static void refused(Reason reason, DeviceState device, Profile running, Made build) {
    assertRefused(reason, () -> UpgradePolicy.judge(device, running, build.candidate()));
  }

  @Test
  void manifestKeysOverlapInTheProfileOfABridge() throws Exception {
    // 33: old | 34: signed by old, brings old-or-new | 35: signed by new, brings new alone
    Made bridge = TestBuild.of("34.0").profile(TestProfile.any(OLD_MANIFEST, NEW_MANIFEST)).make();
    Made last =
        TestBuild.of("35.0").manifestBy(NEW_MANIFEST).profile(TestProfile.any(NEW_MANIFEST)).make();
    refused(Reason.MANIFEST_RULE_NOT_MET, TestFleet.device(), FACTORY, last);
    DeviceState bridged = take(TestFleet.device(), FACTORY, bridge);
    DeviceState done = take(bridged, bridge.profile(), last);
    Made byOld = TestBuild.of("36.0").manifestBy(OLD_MANIFEST).make();
    refused(Reason.MANIFEST_RULE_NOT_MET, done, last.profile(), byOld);
  }

  @Test
  void oneManifestSignedByBothServesOldAndNewDevices() throws Exception {
    Made build =
        TestBuild.of("35.0")
            .manifestBy(OLD_MANIFEST, NEW_MANIFEST)
            .profile(TestProfile.any(NEW_MANIFEST))
            .make();
    take(TestFleet.device(), FACTORY, build);
    Profile newer = TestProfile.any(NEW_MANIFEST).read();
    take(TestFleet.device(TestFleet.factoryBootloader(), newer), newer, build);
  }

  @Test
  void aHybridProfileIsReachedThroughABridgeSignedTheOldWay() throws Exception {
    TestProfile hybrid =
        TestProfile.all(NEW_MANIFEST, PQ_MANIFEST)
            .lineage("post-quantum")
            .thresholds(1, 1)
            .minStrengthBits(192);
    Made bridge = TestBuild.of("34.0").profile(hybrid).make();
    DeviceState bridged = take(TestFleet.device(), FACTORY, bridge);
    assertThat(bridged.lineage()).isEqualTo("post-quantum");
    assertThat(bridged.rootVersion()).isEqualTo(1);
    Made both = TestBuild.of("35.0").manifestBy(NEW_MANIFEST, PQ_MANIFEST).profile(hybrid).make();
    take(bridged, bridge.profile(), both);
    Made half = TestBuild.of("35.0").manifestBy(NEW_MANIFEST).profile(hybrid).make();
    refused(Reason.MANIFEST_RULE_NOT_MET, bridged, bridge.profile(), half);
    Made asBefore = TestBuild.of("35.0").manifestBy(OLD_MANIFEST).profile(hybrid).make();
    refused(Reason.MANIFEST_RULE_NOT_MET, bridged, bridge.profile(), asBefore);
  }

  @Test
  void imageKeysBehindOneHashOverlapInOneFile() throws Exception {
    Made build = TestBuild.of("34.0").image("main", OLD_IMAGE, P256, ED25519).make();
    for (TestKey key : new TestKey[] {OLD_IMAGE, P256, ED25519}) {
      Bootloader bootloader = TestFleet.fixed(TestFleet.bootloader("b", key.bootAnchor()));
      take(TestFleet.device(bootloader, FACTORY), FACTORY, build);
    }
    Bootloader stranger = TestFleet.bootloader("b", P384.bootAnchor());
    refused(Reason.NO_VARIANT, TestFleet.device(stranger, FACTORY), FACTORY, build);
  }

  @Test
  void imageKeysWithAnotherHashOverlapInTwoVariants() throws Exception {
    Made build =
        TestBuild.of("34.0")
            .image("rsa", OLD_IMAGE)
            .image("p384", P384)
            .image("ed-sha512", ImageHash.SHA512, false, ED25519)
            .image("ed-pure", ImageHash.SHA512, true, ED25519)
            .make();
    assertChosen("rsa", build, TestFleet.factoryBootloader());
    assertChosen("p384", build, TestFleet.bootloader("b", P384.bootAnchor()));
    assertChosen(
        "ed-sha512", build, TestFleet.bootloader("b", ED25519.bootAnchor(ImageHash.SHA512, false)));
    assertChosen(
        "ed-pure", build, TestFleet.bootloader("b", ED25519.bootAnchor(ImageHash.SHA512, true)));
  }

  private static void assertChosen(String variant, Made build, Bootloader bootloader)
      throws Exception {
    DeviceState device = TestFleet.device(bootloader, FACTORY);
    Eligible eligible =
        UpgradePolicy.judgeListing(
            device, FACTORY, build.listing(), build.envelope(), build.profile());
    assertThat(eligible.file().name()).isEqualTo(variant);
    UpgradePolicy.judge(device, FACTORY, build.candidate(variant));
  }

  @Test
  void anUpdatableBootloaderMovesToNewAnchorsWithTheBuildThatBringsThem() throws Exception {
    Bootloader next = TestFleet.bootloader("boot-2", P384.bootAnchor());
    Made tooEarly = TestBuild.of("35.0").image("p384", P384).make();
    refused(Reason.NO_VARIANT, TestFleet.device(), FACTORY, tooEarly);
    Made bridge = TestBuild.of("34.0").image("p384", P384).brings(next, OLD_IMAGE).make();
    DeviceState moved = take(TestFleet.device(), FACTORY, bridge);
    assertThat(moved.bootloader()).isEqualTo(next);
    take(moved, bridge.profile(), tooEarly);
    Made byOld = TestBuild.of("36.0").image("rsa", OLD_IMAGE).make();
    refused(Reason.NO_VARIANT, moved, bridge.profile(), byOld);
  }

  @Test
  void aBuildThatBringsNewAnchorsMustBeBootedByThemAlone() {
    Bootloader next = TestFleet.bootloader("boot-2", P384.bootAnchor());
    Made build = TestBuild.of("34.0").image("rsa", OLD_IMAGE).brings(next, OLD_IMAGE).make();
    refused(Reason.NO_VARIANT, TestFleet.device(), FACTORY, build);
  }

  @Test
  void aFixedBootloaderIsServedByItsOwnKeysForEver() throws Exception {
    DeviceState fixed = TestFleet.device(TestFleet.fixed(TestFleet.factoryBootloader()), FACTORY);
    Made both = TestBuild.of("34.0").image("rsa", OLD_IMAGE).image("p384", P384).make();
    take(fixed, FACTORY, both);
    Made newOnly = TestBuild.of("34.0").image("p384", P384).make();
    refused(Reason.NO_VARIANT, fixed, FACTORY, newOnly);
  }

  @Test
  void minimumStrengthRisesOnlyAfterTheWeakKeyIsGone() throws Exception {
    Made tooEarly =
        TestBuild.of("34.0")
            .profile(TestProfile.any(OLD_MANIFEST, NEW_MANIFEST).minStrengthBits(128))
            .make();
    refused(Reason.PROFILE_UNFIT, TestFleet.device(), FACTORY, tooEarly);
    Made right =
        TestBuild.of("34.0").profile(TestProfile.any(NEW_MANIFEST).minStrengthBits(128)).make();
    DeviceState device = take(TestFleet.device(), FACTORY, right);
    Made weak = TestBuild.of("35.0").manifestBy(OLD_MANIFEST).make();
    refused(Reason.MANIFEST_RULE_NOT_MET, device, right.profile(), weak);
  }
}
