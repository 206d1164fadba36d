package dev.otasigner.service.signing;

import static dev.otasigner.service.signing.TestFleet.PRODUCT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeyState;
import dev.otasigner.keys.approval.Approval;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a request is refused for before any key is touched. */
class RequestPolicyTests extends SigningFixture {

  @Test
  void everyReasonIsToldAtOnceAndNoKeyIsTouched() throws Exception {
    fleet.policy = TestFleet.policyOf("{\"evenMajorsOnly\":true}");
    fleet.device("d1", "34.11", 3, bootloader, profile);
    Json.Builder spec =
        spec("33.1", 9)
            .put("payload", "ab".repeat(32))
            .put("imageKeys", names("manifest"))
            .put("manifestKeys", names("nobody"))
            .put("profile", "cd".repeat(32))
            .put("hardware", List.of(hardware("gw", "z"), hardware("other", "a")));
    SigningRequest request = sign(spec);
    assertThat(request.state()).isEqualTo(RequestState.REFUSED);
    assertThat(reasons(request))
        .containsExactlyInAnyOrder(
            "payload-missing",
            "revision-unknown",
            "hardware-unknown",
            "version-odd-major",
            "version-not-newer",
            "counter-step-too-large",
            "profile-unknown",
            "key-purpose",
            "key-unknown");
    assertThat(keys.uses).isEmpty();
  }

  @Test
  void aPayloadThatWasNotUploadedIsRefused() throws Exception {
    assertRefused(spec("34.12", 1).put("payload", "ab".repeat(32)), "payload-missing");
  }

  @Test
  void anEmptyPayloadIsRefused() throws Exception {
    assertRefused(spec("34.12", 1).put("payload", store(new byte[0])), "payload-format");
  }

  @Test
  void aFinishedImageIsNoPayload() throws Exception {
    byte[] image = new byte[64];
    System.arraycopy(new byte[] {0x3d, (byte) 0xb8, (byte) 0xf3, (byte) 0x96}, 0, image, 0, 4);
    assertRefused(spec("34.12", 1).put("payload", store(image)), "payload-format");
  }

  @Test
  void unknownHardwareIsRefused() throws Exception {
    assertRefused(
        spec("34.12", 1).put("hardware", List.of(hardware("other", "a"))), "hardware-unknown");
  }

  @Test
  void anUnknownRevisionIsRefused() throws Exception {
    assertRefused(
        spec("34.12", 1).put("hardware", List.of(hardware("gw", "z"))), "revision-unknown");
  }

  @Test
  void anOddMajorIsRefusedWhereReleasesAreEven() throws Exception {
    fleet.policy = TestFleet.policyOf("{\"evenMajorsOnly\":true}");
    assertRefused(spec("35.1", 1), "version-odd-major");
    assertThat(sign(spec("36.1", 1)).state()).isEqualTo(RequestState.READY);
  }

  @Test
  void aVersionIsMadeOnce() throws Exception {
    sign(spec("34.12", 1));
    assertRefused(spec("34.12", 1), "version-taken");
  }

  @Test
  void aVersionBelowTheNewestOfItsLineIsRefused() throws Exception {
    sign(spec("34.12", 1));
    assertRefused(spec("34.11", 1), "version-not-newer");
    assertThat(sign(spec("36.1", 1)).state()).isEqualTo(RequestState.READY);
  }

  @Test
  void aVersionThatNoDeviceCouldTakeIsRefused() throws Exception {
    fleet.device("d1", "34.11", 1, bootloader, profile);
    assertRefused(spec("34.11", 1), "version-not-newer");
  }

  @Test
  void theCounterNeverFalls() throws Exception {
    sign(spec("34.11", 7));
    assertRefused(spec("34.12", 6), "counter-too-low");
  }

  @Test
  void theCounterDoesNotJump() throws Exception {
    sign(spec("34.11", 7));
    assertRefused(spec("34.12", 9), "counter-step-too-large");
    assertThat(sign(spec("34.12", 8)).state()).isEqualTo(RequestState.READY);
  }

  @Test
  void aKeyThatIsNotActiveIsRefused() throws Exception {
    keys.add("image", KeyPurpose.IMAGE, KeyState.DEACTIVATED, IMAGE);
    assertRefused(spec("34.12", 1), "key-not-active");
  }

  @Test
  void aKeyOfAnotherPurposeIsRefused() throws Exception {
    assertRefused(spec("34.12", 1).put("imageKeys", names("manifest")), "key-purpose");
  }

  @Test
  void aKeyThatNoBootloaderChecksIsRefused() throws Exception {
    keys.add("odd", KeyPurpose.IMAGE, KeyState.ACTIVE, NEXT_MANIFEST);
    assertRefused(spec("34.12", 1).put("imageKeys", names("odd")), "key-suite");
  }

  @Test
  void anImageWithoutKeysIsRefused() throws Exception {
    assertRefused(spec("34.12", 1).put("imageKeys", names()), "keys-missing");
  }

  @Test
  void aManifestWithoutKeysIsRefused() throws Exception {
    assertRefused(spec("34.12", 1).put("manifestKeys", names()), "keys-missing");
  }

  @Test
  void anUnknownProfileIsRefused() throws Exception {
    assertRefused(spec("34.12", 1).put("profile", "cd".repeat(32)), "profile-unknown");
  }

  @Test
  void aProfileThatStrandsEveryDeviceIsRefused() throws Exception {
    Profile deaf = fleet.profile("main", List.of(), "TLSv1.3", MANIFEST);
    assertRefused(spec("34.12", 1).put("profile", deaf.digest()), "profile-unfit");
  }

  @Test
  void aProfileThatCannotTrustItsLineageIsRefusedBeforeAnyKeyIsTouched() throws Exception {
    fleet.device("d1", "34.11", 1, bootloader, profile);
    fleet.lineages = RequestPolicyTests::untrusted;
    assertRefused(spec("34.12", 1), "profile-unfit");
  }

  /** The same lineage and a new one: of the one the device has the metadata, of the other we do. */
  @ParameterizedTest
  @ValueSource(strings = {"main", "second"})
  void aBuildWhoseLineageItsProfileCannotTrustIsTakenByNobody(String lineage) throws Exception {
    fleet.device("d1", "34.11", 1, bootloader, profile);
    Profile brought = fleet.profile(lineage, List.of(443), "TLSv1.3", MANIFEST);
    sign(spec("34.12", 1).put("profile", brought.digest()));
    Build build = builds().find(PRODUCT, TestFleet.version("34.12")).orElseThrow();
    PopulationJudgement judgement = new PopulationJudgement(fleet);
    judgement.requireTakeable(PRODUCT, builds().files(build));
    fleet.lineages = RequestPolicyTests::untrusted;
    assertThatThrownBy(() -> judgement.requireTakeable(PRODUCT, builds().files(build)))
        .isInstanceOfSatisfying(
            RejectedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.PROFILE_UNFIT))
        .hasMessageContaining("lineage " + lineage);
    assertThat(judgement.of(builds().files(build)).refusal(fleet.devices.get(0))).isPresent();
  }

  private static void untrusted(Profile brought) throws RejectedException {
    throw new RejectedException(Reason.BELOW_THRESHOLD, "root of " + brought.lineage().name());
  }

  @Test
  void manifestKeysThatSatisfyNoDeviceAreRefusedBeforeTheySign() throws Exception {
    fleet.device("d1", "34.11", 1, bootloader, profile);
    assertRefused(spec("34.12", 1).put("manifestKeys", names("next")), "manifest-rule-not-met");
  }

  @Test
  void anUnknownBootloaderIsRefused() throws Exception {
    assertRefused(
        spec("34.12", 1).put("bootloader", object("id", "nothing")), "bootloader-unknown");
  }

  @Test
  void aComponentForFixedBootloadersIsRefused() throws Exception {
    fleet.device("d1", "34.11", 1, fleet.bootloader("fixed", false, IMAGE), profile);
    assertRefused(spec("34.12", 1).put("bootloader", object("id", "bl-1")), "bootloader-fixed");
  }

  /** They leave it alone, and others may come that need it. */
  @Test
  void aComponentThatFixedDevicesHaveIsNotRefused() throws Exception {
    fleet.device("d1", "34.11", 1, fleet.bootloader("fixed", false, IMAGE), profile);
    SigningRequest request = sign(spec("34.12", 1).put("bootloader", object("id", "fixed")));
    assertThat(request.state()).as(request.toString()).isEqualTo(RequestState.READY);
  }

  @Test
  void aPayloadThatFitsNoSlotIsRefused() throws Exception {
    assertRefused(spec("34.12", 1).put("payload", store(new byte[1 << 20])), "image-too-large");
  }

  @Test
  void aFormatThatTheMakerDoesNotShipIsRefused() throws Exception {
    fleet.policy = TestFleet.policyOf("{\"formats\":[\"opaque\"]}");
    assertRefused(spec("34.12", 1), "format-not-allowed");
    fleet.policy = TestFleet.policyOf("{\"formats\":[\"opaque\",\"mcuboot\"]}");
    assertThat(sign(spec("34.12", 1)).state()).isEqualTo(RequestState.READY);
  }

  @Test
  void hardwareThatTheMakerDoesNotShipForIsRefused() throws Exception {
    fleet.policy = TestFleet.policyOf("{\"hardware\":[\"old\"]}");
    assertRefused(spec("34.12", 1), "hardware-not-allowed");
    fleet.policy = TestFleet.policyOf("{\"hardware\":[\"old\",\"gw\"]}");
    assertThat(sign(spec("34.12", 1)).state()).isEqualTo(RequestState.READY);
  }

  @Test
  void whoMayNotRequestIsRefused() throws Exception {
    fleet.policy = TestFleet.policyOf("{\"requesters\":[\"api-key:*\",\"user:alic\"]}");
    assertRefused(spec("34.12", 1), "requester-not-allowed");
    fleet.policy = TestFleet.policyOf("{\"requesters\":[\"user:alice\"]}");
    assertThat(sign(spec("34.12", 1)).state()).isEqualTo(RequestState.READY);
    fleet.policy = TestFleet.policyOf("{\"requesters\":[\"user:*\"]}");
    assertThat(sign(spec("34.14", 1)).state()).isEqualTo(RequestState.READY);
  }

  @Test
  void oddMajorsAreSignedWhereOnlyStableChannelsShunThem() throws Exception {
    fleet.policy = TestFleet.policyOf("{\"evenMajorsOnly\":true,\"stableChannels\":[\"stable\"]}");
    assertThat(sign(spec("35.1", 1)).state()).isEqualTo(RequestState.READY);
  }

  @Test
  void aKeyThatIsTooWeakIsRefusedFromTheDayOn() throws Exception {
    fleet.policy =
        TestFleet.policyOf(
            "{\"keys\":[{\"purpose\":\"image\",\"from\":\"2026-11-22T12:00:01Z\","
                + "\"minStrengthBits\":128}]}");
    assertThat(sign(spec("34.12", 1)).state()).isEqualTo(RequestState.READY);
    now = NOW.plusSeconds(1);
    assertRefused(spec("34.14", 1), "strength-too-low");
    assertRefused(
        spec("34.14", 1).put("imageKeys", names("image", "image-384")), "strength-too-low");
  }

  @Test
  void aSuiteThatIsMissingIsRefusedFromTheDayOn() throws Exception {
    fleet.policy =
        TestFleet.policyOf(
            "{\"keys\":[{\"purpose\":\"manifest\",\"from\":\"2026-11-22T12:00:01Z\","
                + "\"suites\":[\"ml-dsa-65\",\"ml-dsa-87\"]}]}");
    assertThat(sign(spec("34.12", 1)).state()).isEqualTo(RequestState.READY);
    now = NOW.plusSeconds(1);
    assertRefused(spec("34.14", 1), "suite-required");
    profile = fleet.profile("main", List.of(443), "TLSv1.3", MANIFEST, NEXT_MANIFEST);
    assertThat(sign(spec("34.14", 1).put("manifestKeys", names("manifest", "next"))).state())
        .isEqualTo(RequestState.READY);
  }

  @Test
  void anEmergencyThatTheMakerDoesNotKnowIsRefused() throws Exception {
    assertRefused(spec("34.12", 1).put("emergency", "it burns"), "emergency-not-allowed");
  }

  /** What would harm a device is refused, however urgent it is. */
  @Test
  void anEmergencyBreaksTheMakersOwnRulesOnly() throws Exception {
    sign(spec("34.11", 7));
    fleet.policy = TestFleet.policyOf("{\"emergencyApprovals\":1}");
    assertRefused(spec("34.12", 6).put("emergency", "it burns"), "counter-too-low");
    SigningRequest waiting = sign(spec("34.12", 9).put("emergency", "it burns"));
    assertThat(waiting.state()).isEqualTo(RequestState.AWAITING_APPROVAL);
    Fields emergency =
        new Fields((Json.Obj) waiting.documentJson().orElseThrow(), "").object("emergency");
    assertThat(emergency.string("reason")).isEqualTo("it burns");
    assertThat(emergency.objects("waived", 9).get(0).string("code"))
        .isEqualTo("counter-step-too-large");
  }

  /** The policy became stricter after people had approved. */
  @Test
  void aRuleThatNobodyApprovedOfBreakingFailsTheRequest() throws Exception {
    fleet.policy = TestFleet.policyOf("{\"emergencyApprovals\":1}");
    SigningRequest waiting = sign(spec("34.12", 1).put("emergency", "it burns"));
    keys.takesEveryApproval = true;
    approvals.save(approvalOf(waiting));
    fleet.policy = TestFleet.policyOf("{\"emergencyApprovals\":1,\"requesters\":[\"user:bob\"]}");
    SigningRequest failed = cycle().advance(waiting.id());
    assertThat(failed.state()).isEqualTo(RequestState.FAILED);
    assertThat(refusal(failed)).isEqualTo("requester-not-allowed");
    assertThat(keys.uses).isEmpty();
  }

  @Test
  void aPolicyMayAskForMoreApprovalsThanTheWorkers() throws Exception {
    fleet.policy = TestFleet.policyOf("{\"approvals\":1}");
    assertThat(sign(spec("34.12", 1)).state()).isEqualTo(RequestState.AWAITING_APPROVAL);
    assertThat(keys.uses).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"maxCounterStep\":-1}",
        "{\"timestampDays\":0}",
        "{\"timestampDays\":91}",
        "{\"approvals\":17}",
        "{\"approvals\":2,\"emergencyApprovals\":2}",
        "{\"formats\":[\"zip\"]}",
        "{\"hardware\":[\"../etc\"]}",
        "{\"stableChannels\":[\"A\"]}",
        "{\"requesters\":[\"alice\"]}",
        "{\"evenMajorOnly\":true}",
        "{\"keys\":[{\"purpose\":\"image\",\"from\":\"2027-01-01T00:00:00Z\"}]}",
        "{\"keys\":[{\"purpose\":\"root\",\"from\":\"2027-01-01T00:00:00Z\",\"minStrengthBits\":9}]}",
        "{\"keys\":[{\"purpose\":\"image\",\"from\":\"2027\",\"minStrengthBits\":9}]}",
        "{\"keys\":[{\"purpose\":\"image\",\"from\":\"2027-01-01T00:00:00Z\",\"suites\":[\"md5\"]}]}",
        "{\"keys\":[{\"purpose\":\"image\",\"from\":\"2027-01-01T00:00:00Z\",\"min\":9}]}"
      })
  void aPolicyThatIsNoneIsRefused(String json) {
    assertThatThrownBy(() -> TestFleet.policyOf(json)).hasCauseInstanceOf(RejectedException.class);
  }

  @Test
  void aPolicyIsReadAsItIsWritten() throws Exception {
    String json =
        "{\"approvals\":2,\"emergencyApprovals\":3,\"evenMajorsOnly\":true,"
            + "\"formats\":[\"mcuboot\"],\"hardware\":[\"gw\"],\"keys\":[{"
            + "\"from\":\"2027-01-01T00:00:00Z\",\"minStrengthBits\":128,"
            + "\"purpose\":\"image\",\"suites\":[\"ml-dsa-65\"]}],\"maxCounterStep\":3,"
            + "\"requesters\":[\"user:*\"],\"stableChannels\":[\"stable\"],"
            + "\"timestampDays\":5}";
    assertThat(new String(TestFleet.policyOf(json).toJson().canonicalBytes(), UTF_8))
        .isEqualTo(json);
    assertThat(new String(TestFleet.policyOf("{}").toJson().canonicalBytes(), UTF_8))
        .isEqualTo("{\"evenMajorsOnly\":false,\"maxCounterStep\":1,\"timestampDays\":7}");
  }

  private static RequestApproval approvalOf(SigningRequest request) {
    Approval word =
        new Approval(
            request.digest().orElseThrow(),
            request.digest().orElseThrow(),
            "user:alice",
            "bob",
            Approval.Decision.APPROVE,
            NOW.plusSeconds(60),
            Bytes.copyOf(new byte[Approval.NONCE_BYTES]),
            Optional.empty());
    Bytes envelope = Bytes.copyOf(word.toJson().textBytes());
    return new RequestApproval(request.id(), word, IMAGE.keyId(), envelope, NOW);
  }
}
