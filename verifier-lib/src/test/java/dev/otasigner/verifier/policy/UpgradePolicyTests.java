package dev.otasigner.verifier.policy;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestBuild;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.testing.TestProfile;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * The checks up to the signatures of the manifest, each with its refusal; and what is left after.
 */
class UpgradePolicyTests {
  private static final Profile FACTORY = TestFleet.factoryProfile().read();
  private final DeviceState device = TestFleet.device();

  /** What is foretold of the device, should it take the build, is what becomes of it. */
  private Accepted judge(Made build) throws Exception {
    Accepted accepted = UpgradePolicy.judge(device, FACTORY, build.candidate());
    assertThat(
            UpgradePolicy.stateIfTaken(
                device, build.manifest(), Digest.of(build.envelope()), build.profile()))
        .isEqualTo(accepted.after());
    return accepted;
  }

  /** Asks with and without the image's bytes: both must refuse alike. */
  private RejectedException refused(Reason reason, Made build) {
    RejectedException early =
        assertRefused(
            reason,
            () ->
                UpgradePolicy.judgeListing(
                    device, FACTORY, build.listing(), build.envelope(), build.profile()));
    RejectedException late = assertRefused(reason, () -> judge(build));
    assertThat(late).hasMessage(early.getMessage());
    return late;
  }

  @Test
  void aBuildThatIsRightInEveryPointIsAccepted() throws Exception {
    Made build = TestBuild.of("34.0").make();
    Accepted accepted = judge(build);
    assertThat(accepted.manifest()).isEqualTo(build.manifest());
    assertThat(accepted.variant().name()).isEqualTo("main");
  }

  @Test
  void whatIsLeftAfterwardsIsTheConfirmedState() throws Exception {
    Instant built = Instant.parse("2026-07-01T00:00:00Z");
    Made build =
        TestBuild.of("34.0")
            .counter(6)
            .built(built)
            .profile(TestFleet.factoryProfile().minStrengthBits(100))
            .make();
    DeviceState after = judge(build).after();
    assertThat(after.running().version()).isEqualTo(TestFleet.version("34.0"));
    assertThat(after.running().manifest()).isEqualTo(Digest.of(build.envelope()));
    assertThat(after.running().profile()).isEqualTo(build.profile().digest());
    assertThat(after.securityCounter()).isEqualTo(6);
    assertThat(after.clock().floor()).isEqualTo(built);
    assertThat(after.bootloader()).isEqualTo(device.bootloader());
    assertThat(after.lineage()).isEqualTo("first");
    assertThat(after.rootVersion()).isEqualTo(device.rootVersion());
    assertThat(after.deviceId()).isEqualTo(device.deviceId());
  }

  @Test
  void theFloorOfTheClockIsNeverLowered() throws Exception {
    Made build = TestBuild.of("34.0").built(TestFleet.FACTORY_TIME.minusSeconds(1)).make();
    assertThat(judge(build).after().clock().floor()).isEqualTo(TestFleet.FACTORY_TIME);
  }

  @Test
  void aNewLineageStartsAtItsFirstRoot() throws Exception {
    Made build = TestBuild.of("34.0").profile(TestFleet.factoryProfile().lineage("second")).make();
    DeviceState after = judge(build).after();
    assertThat(after.lineage()).isEqualTo("second");
    assertThat(after.rootVersion()).isEqualTo(1);
  }

  @Test
  void acceptedTwiceIsRefusedTheSecondTime() throws Exception {
    Made build = TestBuild.of("34.0").make();
    DeviceState after = judge(build).after();
    assertRefused(
        Reason.VERSION_NOT_NEWER,
        () -> UpgradePolicy.judge(after, build.profile(), build.candidate()));
  }

  @Test
  void withoutTheImageTheChecksThatAreLeftAreNamed() throws Exception {
    Made plain = TestBuild.of("34.0").make();
    assertThat(
            UpgradePolicy.judgeListing(
                    device, FACTORY, plain.listing(), plain.envelope(), plain.profile())
                .remaining())
        .containsExactly(Check.IMAGE, Check.BOOT);
    Made bringing =
        TestBuild.of("34.0")
            .brings(
                TestFleet.bootloader("boot-2", TestFleet.OLD_IMAGE_KEY.bootAnchor()),
                TestFleet.OLD_IMAGE_KEY)
            .make();
    assertThat(
            UpgradePolicy.judgeListing(
                    device, FACTORY, bringing.listing(), bringing.envelope(), bringing.profile())
                .remaining())
        .containsExactly(Check.IMAGE, Check.BOOT, Check.BOOTLOADER);
  }

  @Test
  void theProfileMustBeTheOneTheDeviceRunsUnder() {
    Made build = TestBuild.of("34.0").make();
    Profile other = TestFleet.factoryProfile().minStrengthBits(1).read();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> UpgradePolicy.judge(device, other, build.candidate()));
  }

  // reading

  @Test
  void whatIsNoEnvelopeIsRefused() {
    Made build = TestBuild.of("34.0").make();
    Candidate broken =
        new Candidate(
            build.listing(),
            build.listing().variants().get(0),
            Bytes.copyOf(new byte[] {'{'}),
            build.candidate().image(),
            build.profile(),
            Optional.empty());
    assertRefused(Reason.MALFORMED, () -> UpgradePolicy.judge(device, FACTORY, broken));
  }

  @Test
  void anUnknownCriticalFieldIsRefused() {
    refused(
        Reason.UNSUPPORTED_CRITICAL,
        TestBuild.of("34.0").editJson(j -> with(j, "critical", criticalFuture())).make());
  }

  @Test
  void anUnknownFieldThatIsNotCriticalIsNot() throws Exception {
    Json.Str value = new Json.Str("of a time to come");
    judge(TestBuild.of("34.0").editJson(j -> with(j, "future", value)).make());
  }

  @Test
  void aManifestOfAnotherSchemaIsRefused() {
    refused(
        Reason.UNSUPPORTED_VERSION,
        TestBuild.of("34.0").editJson(j -> with(j, "schema", new Json.Num(2))).make());
  }

  private static Json criticalFuture() {
    return Json.strings(List.of("future"));
  }

  private static Json.Obj with(Json.Obj object, String name, Json value) {
    Map<String, Json> members = new LinkedHashMap<>(object.members());
    members.put(name, value);
    return new Json.Obj(members);
  }

  // the device

  @Test
  void aBuildForAnotherProductIsRefused() {
    refused(Reason.WRONG_PRODUCT, TestBuild.of("34.0").product("switch").make());
  }

  @Test
  void aBuildForOtherHardwareIsRefused() {
    refused(Reason.WRONG_HARDWARE, TestBuild.of("34.0").hardware("gw-2", "a").make());
  }

  @Test
  void aBuildForAnotherRevisionIsRefused() {
    refused(Reason.WRONG_HARDWARE, TestBuild.of("34.0").hardware("gw-1", "b", "c").make());
  }

  // the version

  @Test
  void anOlderVersionIsRefused() {
    RejectedException refusal = refused(Reason.VERSION_NOT_NEWER, TestBuild.of("32.255").make());
    assertThat(refusal).hasMessageContaining("older than the running build");
  }

  @Test
  void theRunningVersionIsRefused() {
    RejectedException refusal = refused(Reason.VERSION_NOT_NEWER, TestBuild.of("33.0").make());
    assertThat(refusal).hasMessageContaining("running already");
  }

  @Test
  void aBuildThatCannotBeTakenFromHereIsRefused() {
    refused(
        Reason.NOT_FROM_HERE,
        TestBuild.of("35.0").from("34.0", "34.255").from("1.0", "32.255").make());
  }

  @Test
  void aBuildThatCanBeTakenFromHereIsAccepted() throws Exception {
    judge(TestBuild.of("35.0").from("34.0", "34.255").from("33.0", "33.0").make());
  }

  // components and counter

  @Test
  void aComponentThatIsAbsentIsMissed() {
    refused(Reason.COMPONENT_MISSING, TestBuild.of("34.0").requires("radio", "1.0").make());
  }

  @Test
  void aComponentThatIsTooOldIsMissed() {
    RejectedException refusal =
        refused(Reason.COMPONENT_MISSING, TestBuild.of("34.0").requires("modem", "2.2").make());
    assertThat(refusal.actual()).isEqualTo("2.1.0+0");
  }

  @Test
  void aComponentThatIsNewEnoughIsTaken() throws Exception {
    judge(TestBuild.of("34.0").requires("modem", "2.1").make());
  }

  @Test
  void aLowerSecurityCounterIsRefused() {
    refused(Reason.SECURITY_COUNTER_TOO_LOW, TestBuild.of("34.0").counter(4).make());
  }

  @Test
  void anEqualSecurityCounterIsTaken() throws Exception {
    assertThat(judge(TestBuild.of("34.0").counter(5).make()).after().securityCounter())
        .isEqualTo(5);
  }

  // the manifest's signatures and the choice of an image; more in ManifestCheckTests

  @Test
  void aManifestThatNobodyTrustedHasSignedIsRefused() {
    refused(
        Reason.MANIFEST_RULE_NOT_MET,
        TestBuild.of("34.0").manifestBy(TestKey.of(SignatureSuite.ED25519)).make());
  }

  @Test
  void aBuildForOtherBootloadersIsRefused() {
    refused(
        Reason.NO_VARIANT,
        TestBuild.of("34.0").image("p384", TestKey.of(SignatureSuite.ECDSA_P384_SHA384)).make());
  }

  @Test
  void anotherVariantThanTheBootloadersOwnIsRefused() {
    Made build =
        TestBuild.of("34.0")
            .image("rsa", TestFleet.OLD_IMAGE_KEY)
            .image("p384", TestKey.of(SignatureSuite.ECDSA_P384_SHA384))
            .make();
    assertRefused(
        Reason.NO_VARIANT, () -> UpgradePolicy.judge(device, FACTORY, build.candidate("p384")));
  }

  @Test
  void aBootloaderThatCanNeverChangeRefusesANewOne() {
    DeviceState fixed = TestFleet.device(TestFleet.fixed(TestFleet.factoryBootloader()), FACTORY);
    Made build =
        TestBuild.of("34.0")
            .brings(
                TestFleet.bootloader("boot-2", TestFleet.OLD_IMAGE_KEY.bootAnchor()),
                TestFleet.OLD_IMAGE_KEY)
            .make();
    assertRefused(
        Reason.BOOTLOADER_FIXED, () -> UpgradePolicy.judge(fixed, FACTORY, build.candidate()));
  }

  /** It came with an earlier build; this one brings it for those who passed that by. */
  @Test
  void aBootloaderThatIsThereIsNotInstalledAgain() throws Exception {
    TestKey stranger = TestKey.of(SignatureSuite.ED25519);
    Bootloader second = TestFleet.bootloader("boot-2", TestFleet.OLD_IMAGE_KEY.bootAnchor());
    Made build = TestBuild.of("34.0").brings(second, stranger).make();
    for (Bootloader present : List.of(second, TestFleet.fixed(second))) {
      DeviceState there = TestFleet.device(present, FACTORY);
      assertThat(UpgradePolicy.judge(there, FACTORY, build.candidate()).after().bootloader())
          .isEqualTo(present);
      assertThat(
              UpgradePolicy.judgeListing(
                      there, FACTORY, build.listing(), build.envelope(), build.profile())
                  .remaining())
          .containsExactly(Check.IMAGE, Check.BOOT);
    }
    assertRefused(
        Reason.BOOTLOADER_COMPONENT, () -> UpgradePolicy.judge(device, FACTORY, build.candidate()));
  }

  @Test
  void aBootloaderIsThereOnlyByItsNameAndWhatItBoots() {
    Bootloader second = TestFleet.bootloader("boot-2", TestFleet.OLD_IMAGE_KEY.bootAnchor());
    Made build = TestBuild.of("34.0").brings(second, TestFleet.OLD_IMAGE_KEY).make();
    BootAnchor more = TestKey.of(SignatureSuite.ED25519).bootAnchor();
    for (Bootloader present :
        List.of(
            TestFleet.bootloader("boot-3", TestFleet.OLD_IMAGE_KEY.bootAnchor()),
            TestFleet.bootloader("boot-2", TestFleet.OLD_IMAGE_KEY.bootAnchor(), more))) {
      DeviceState fixed = TestFleet.device(TestFleet.fixed(present), FACTORY);
      assertRefused(
          Reason.BOOTLOADER_FIXED, () -> UpgradePolicy.judge(fixed, FACTORY, build.candidate()));
    }
  }

  // the order of the checks

  @Test
  void theFirstCheckThatRefusesGivesTheReason() {
    TestBuild wrongInEverything =
        TestBuild.of("1.0")
            .product("switch")
            .hardware("gw-2", "b")
            .from("34.0", "35.0")
            .requires("radio", "1.0")
            .counter(1)
            .manifestBy()
            .image("ed", TestKey.of(SignatureSuite.ED25519));
    refused(Reason.WRONG_PRODUCT, wrongInEverything.make());
    refused(Reason.WRONG_HARDWARE, wrongInEverything.product(TestFleet.PRODUCT).make());
    refused(Reason.VERSION_NOT_NEWER, wrongInEverything.hardware("gw-1", "a").make());
    TestBuild newer =
        TestBuild.of("36.0")
            .from("34.0", "35.0")
            .requires("radio", "1.0")
            .counter(1)
            .manifestBy()
            .image("ed", TestKey.of(SignatureSuite.ED25519));
    refused(Reason.NOT_FROM_HERE, newer.make());
    refused(Reason.COMPONENT_MISSING, newer.from("33.0", "33.0").make());
    DeviceState withRadio = withComponent("radio", "1.0");
    Made low = newer.make();
    assertRefused(
        Reason.SECURITY_COUNTER_TOO_LOW,
        () -> UpgradePolicy.judge(withRadio, FACTORY, low.candidate()));
    Made unsigned = newer.counter(5).make();
    assertRefused(
        Reason.MANIFEST_RULE_NOT_MET,
        () -> UpgradePolicy.judge(withRadio, FACTORY, unsigned.candidate()));
    Made foreign = newer.manifestBy(TestFleet.OLD_MANIFEST_KEY).make();
    assertRefused(
        Reason.NO_VARIANT, () -> UpgradePolicy.judge(withRadio, FACTORY, foreign.candidate()));
  }

  private DeviceState withComponent(String name, String version) {
    return new DeviceState(
        device.deviceId(),
        device.product(),
        device.hardware(),
        device.channel(),
        device.clock(),
        device.bootloader(),
        device.running(),
        Map.of(name, TestFleet.version(version)),
        device.securityCounter(),
        device.lineage(),
        device.rootVersion(),
        device.clientCert());
  }

  // the profile; more in ProfileFitTests

  @Test
  void aProfileThatWouldStrandTheDeviceIsRefused() {
    refused(
        Reason.PROFILE_UNFIT,
        TestBuild.of("34.0").profile(TestProfile.any(TestFleet.OLD_MANIFEST_KEY).servers()).make());
  }

  @Test
  void anotherProfileThanTheManifestsIsRefused() {
    Made build = TestBuild.of("34.0").make();
    Candidate candidate =
        new Candidate(
            build.listing(),
            build.listing().variants().get(0),
            build.envelope(),
            ByteSource.of(build.image("main")),
            TestFleet.factoryProfile().lineage("other").read(),
            Optional.empty());
    assertRefused(Reason.PROFILE_UNFIT, () -> UpgradePolicy.judge(device, FACTORY, candidate));
  }
}
