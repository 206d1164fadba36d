package dev.otasigner.service.signing;

import static dev.otasigner.service.signing.TestFleet.PRODUCT;
import static dev.otasigner.verifier.crypto.SignatureSuite.ECDSA_P384_SHA384;
import static dev.otasigner.verifier.crypto.SignatureSuite.ED25519;
import static dev.otasigner.verifier.crypto.SignatureSuite.ML_DSA_65;
import static dev.otasigner.verifier.crypto.SignatureSuite.RSA_PSS_2048_SHA256;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeyState;
import dev.otasigner.service.TemporaryData;
import dev.otasigner.service.access.Actor;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.policy.Accepted;
import dev.otasigner.verifier.testing.TestKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.data.jpa.test.autoconfigure.DataJpaTest;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.support.TransactionTemplate;

@DataJpaTest
@Transactional(propagation = Propagation.NOT_SUPPORTED)
class SigningCycleTests {
  private static final Instant NOW = Instant.parse("2026-11-22T12:00:00Z");
  private static final TestKey IMAGE = TestKey.of(RSA_PSS_2048_SHA256, "image");
  private static final TestKey IMAGE_384 = TestKey.of(ECDSA_P384_SHA384, "image");
  private static final TestKey MANIFEST = TestKey.of(ED25519, "manifest");
  private static final TestKey NEXT_MANIFEST = TestKey.of(ML_DSA_65, "manifest");

  /** What a halted machine looks like from the inside. */
  private static final class Halted extends Error {
    private static final long serialVersionUID = 1L;
  }

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) {
    TemporaryData.register(registry);
  }

  @Autowired private SigningRequestStore requests;
  @Autowired private SigningAttemptStore attempts;
  @Autowired private RequestApprovalStore approvals;
  @Autowired private BuildStore buildStore;
  @Autowired private PlatformTransactionManager transactions;
  @TempDir private Path directory;

  private final TestFleet fleet = new TestFleet();
  private final TestSigningKeys keys = new TestSigningKeys();
  private final List<String> audited = new ArrayList<>();
  private final List<String> passed = new ArrayList<>();
  private int haltAfter = Integer.MAX_VALUE;
  private boolean stumbling;
  private Bootloader bootloader = fleet.bootloader("bl-1", true, IMAGE);
  private Profile profile = fleet.profile("main", List.of(443), "TLSv1.3", MANIFEST);

  @BeforeEach
  void emptyDatabase() {
    attempts.deleteAll();
    requests.deleteAll();
    buildStore.deleteAll();
    keys.add("image", KeyPurpose.IMAGE, KeyState.ACTIVE, IMAGE);
    keys.add("image-384", KeyPurpose.IMAGE, KeyState.ACTIVE, IMAGE_384);
    keys.add("manifest", KeyPurpose.MANIFEST, KeyState.ACTIVE, MANIFEST);
    keys.add("next", KeyPurpose.MANIFEST, KeyState.ACTIVE, NEXT_MANIFEST);
  }

  @Test
  void aBuildIsSignedAndAcceptedByTheDevicesOwnCode() throws Exception {
    fleet.device("d1", "34.11", 1, bootloader, profile);
    SigningRequest request = sign(spec("34.12", 1));

    assertThat(request.state()).as(request.toJson().toString()).isEqualTo(RequestState.READY);
    Build build = builds().find(PRODUCT, TestFleet.version("34.12")).orElseThrow();
    Accepted accepted =
        new PopulationJudgement(fleet).judge(fleet.devices.get(0), builds().files(build));
    assertThat(accepted.after().running().version()).isEqualTo(TestFleet.version("34.12"));
    assertThat(accepted.after().running().manifest()).isEqualTo(build.manifest());
    assertThat(keys.uses).containsExactly("image", "manifest");
  }

  @Test
  void theFirstBuildIsJudgedAsTheFactoryWould() throws Exception {
    assertThat(sign(spec("34.11", 7)).state()).isEqualTo(RequestState.READY);
  }

  @Test
  void theFactoryRefusesABuildThatNoBootloaderBoots() throws Exception {
    SigningRequest request = sign(spec("34.11", 7).put("imageKeys", names("image-384")));
    assertThat(request.state()).isEqualTo(RequestState.FAILED);
    assertThat(refusal(request)).isEqualTo("no-variant");
    assertThat(builds().of(PRODUCT)).isEmpty();
  }

  @Test
  void aBuildThatEveryDeviceRefusesIsNotReleased() throws Exception {
    Profile strict = fleet.profile("main", List.of(443), "TLSv1.3", MANIFEST, NEXT_MANIFEST);
    fleet.device("d1", "34.11", 1, bootloader, profile);
    fleet.device("d2", "34.11", 1, fleet.bootloader("bl-2", true, IMAGE_384), strict);
    // Each device is satisfied by half: the first by the manifest, the second by the image.
    SigningRequest request = sign(spec("34.12", 1).put("imageKeys", names("image-384")));
    assertThat(request.state()).isEqualTo(RequestState.FAILED);
    assertThat(builds().of(PRODUCT)).isEmpty();
  }

  @Test
  void keysWithAnotherHashMakeAnotherImageFile() throws Exception {
    fleet.device("d1", "34.11", 1, bootloader, profile);
    fleet.device("d2", "34.11", 1, fleet.bootloader("bl-2", true, IMAGE_384), profile);
    assertThat(sign(spec("34.12", 1).put("imageKeys", names("image", "image-384"))).state())
        .isEqualTo(RequestState.READY);
    Build build = builds().find(PRODUCT, TestFleet.version("34.12")).orElseThrow();
    assertThat(builds().manifest(build).variants())
        .extracting(Manifest.Variant::name)
        .containsExactly("sha256", "sha384");
    for (int i = 0; i < 2; i++) {
      new PopulationJudgement(fleet).judge(fleet.devices.get(i), builds().files(build));
    }
  }

  @Test
  void aBridgeBringsTheBootloaderThatIsNamed() throws Exception {
    fleet.device("d1", "34.11", 1, bootloader, profile);
    fleet.bootloader("bl-2", true, IMAGE);
    Json.Builder spec = spec("36.14", 1).put("bootloader", object("id", "bl-2"));
    SigningRequest request = sign(spec);
    assertThat(request.state()).as(request.toJson().toString()).isEqualTo(RequestState.READY);
    Build build = builds().find(PRODUCT, TestFleet.version("36.14")).orElseThrow();
    Accepted accepted =
        new PopulationJudgement(fleet).judge(fleet.devices.get(0), builds().files(build));
    assertThat(accepted.after().bootloader().id()).isEqualTo("bl-2");
    assertThat(keys.uses).containsExactly("image", "image", "manifest");
  }

  @Test
  void anOpaqueImageIsVouchedForByItsManifestAlone() throws Exception {
    TestFleet linux = new TestFleet();
    Profile own = linux.profile("main", List.of(443), "TLSv1.3", MANIFEST);
    Json.Builder spec =
        spec("34.12", 1)
            .put("format", "opaque")
            .put("imageKeys", names())
            .put("profile", own.digest());
    SigningCycle cycle = cycle(linux);
    SigningRequest request =
        cycle.advance(cycle.receive(PRODUCT, "user:alice", null, read(spec)).id());
    assertThat(request.state()).as(request.toJson().toString()).isEqualTo(RequestState.READY);
    assertThat(keys.uses).containsExactly("manifest");
  }

  @Test
  void theSameIdempotencyKeyGivesTheSameAnswer() throws Exception {
    SigningCycle cycle = cycle();
    RequestSpec spec = read(spec("34.11", 7));
    SigningRequest first = cycle.receive(PRODUCT, "user:alice", "k1", spec);
    cycle.advance(first.id());
    SigningRequest again = cycle.receive(PRODUCT, "user:alice", "k1", spec);
    assertThat(again.id()).isEqualTo(first.id());
    assertThat(cycle.advance(again.id()).state()).isEqualTo(RequestState.READY);
    assertThat(keys.uses).hasSize(2);
    assertThat(cycle.receive(PRODUCT, "user:bob", "k1", spec).id()).isNotEqualTo(first.id());
  }

  @Test
  void anIdempotencyKeyOfAnotherRequestIsAConflict() throws Exception {
    SigningCycle cycle = cycle();
    cycle.receive(PRODUCT, "user:alice", "k1", read(spec("34.11", 7)));
    RequestSpec other = read(spec("34.12", 7));
    assertThatThrownBy(() -> cycle.receive(PRODUCT, "user:alice", "k1", other))
        .isInstanceOfSatisfying(
            SignerException.class, e -> assertThat(e.type()).isEqualTo(ProblemType.CONFLICT));
  }

  @Test
  void everyReasonIsToldAtOnceAndNoKeyIsTouched() throws Exception {
    fleet.policy = new FleetFacts.Policy(true, 1, fleet.policy.timestampLifetime());
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
    fleet.policy = new FleetFacts.Policy(true, 1, fleet.policy.timestampLifetime());
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
    fleet.lineages = SigningCycleTests::untrusted;
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
    fleet.lineages = SigningCycleTests::untrusted;
    assertThatThrownBy(() -> judgement.requireTakeable(PRODUCT, builds().files(build)))
        .isInstanceOfSatisfying(
            RejectedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.PROFILE_UNFIT))
        .hasMessageContaining("lineage " + lineage);
    assertThat(judgement.refusal(fleet.devices.get(0), builds().files(build))).isPresent();
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

  @Test
  void aPayloadThatFitsNoSlotIsRefused() throws Exception {
    assertRefused(spec("34.12", 1).put("payload", store(new byte[1 << 20])), "image-too-large");
  }

  @Test
  void aKeyRetiredBetweenJudgementAndSigningFailsTheRequest() throws Exception {
    haltAfter = 2;
    assertThatThrownBy(() -> sign(spec("34.12", 1))).isInstanceOf(Halted.class);
    haltAfter = Integer.MAX_VALUE;
    keys.add("image", KeyPurpose.IMAGE, KeyState.DEACTIVATED, IMAGE);
    cycle().resume();
    SigningRequest request = requests.findAll().get(0);
    assertThat(request.state()).isEqualTo(RequestState.FAILED);
    assertThat(refusal(request)).isEqualTo("key-not-active");
    assertThat(keys.uses).isEmpty();
  }

  @Test
  void aTokenThatDoesNotAnswerLeavesTheRequestToBeResumed() throws Exception {
    keys.unavailable = true;
    assertThatThrownBy(() -> sign(spec("34.12", 1)))
        .isInstanceOfSatisfying(
            SignerException.class,
            e -> assertThat(e.type()).isEqualTo(ProblemType.TOKEN_UNAVAILABLE));
    for (int i = 0; i < 10; i++) {
      cycle().resume();
    }
    keys.unavailable = false;
    cycle().resume();
    assertThat(requests.findAll().get(0).state()).isEqualTo(RequestState.READY);
  }

  @Test
  void whatNeedsApprovalsWaitsForThem() throws Exception {
    keys.minApprovals = 2;
    SigningRequest request = sign(spec("34.12", 1));
    assertThat(request.state()).isEqualTo(RequestState.AWAITING_APPROVAL);
    assertThat(keys.uses).isEmpty();
    assertThat(request.digest()).isPresent();
  }

  @Test
  void killedBetweenAnyTwoStepsItGoesOnAtTheNextStart() throws Exception {
    sign(spec("34.10", 1));
    List<String> steps = List.copyOf(passed);
    assertThat(steps)
        .containsExactly(
            "signing.received",
            "signing.judged",
            "signing.approved",
            "signing.intent-durable",
            "signing.stored",
            "signing.signed",
            "signing.accepted",
            "signing.ready");
    for (int halt = 1; halt <= steps.size(); halt++) {
      emptyDatabase();
      passed.clear();
      haltAfter = halt;
      assertThatThrownBy(() -> sign(spec("34.12", 1))).isInstanceOf(Halted.class);
      boolean released = halt == steps.size();
      assertThat(builds().of(PRODUCT))
          .as("after %s", steps.get(halt - 1))
          .hasSize(released ? 1 : 0);

      haltAfter = Integer.MAX_VALUE;
      cycle().resume();
      SigningRequest request = requests.findAll().get(0);
      assertThat(request.state()).isEqualTo(RequestState.READY);
      assertThat(builds().of(PRODUCT)).hasSize(1);
      boolean interrupted = halt == 4 || halt == 5;
      assertThat(attempts.findByKeyRequestOrderByKeyNumber(request.id()))
          .extracting(SigningAttempt::outcome)
          .containsExactlyElementsOf(
              interrupted
                  ? List.of(SigningAttempt.Outcome.INTERRUPTED, SigningAttempt.Outcome.SIGNED)
                  : List.of(SigningAttempt.Outcome.SIGNED));
    }
  }

  @Test
  void aRequestThatStopsTheServiceEachTimeIsGivenUp() throws Exception {
    haltAfter = 4;
    assertThatThrownBy(() -> sign(spec("34.12", 1))).isInstanceOf(Halted.class);
    for (int i = 0; i < 4; i++) {
      passed.clear();
      haltAfter = 1;
      assertThatThrownBy(() -> cycle().resume()).isInstanceOf(Halted.class);
    }
    haltAfter = Integer.MAX_VALUE;
    cycle().resume();
    assertThat(requests.findAll().get(0).state()).isEqualTo(RequestState.FAILED);
    assertThat(keys.uses).isEmpty();
  }

  @Test
  void aRequestInTroubleThatNobodyForesawHoldsUpNoOther() throws Exception {
    SigningCycle cycle = cycle();
    cycle.receive(PRODUCT, "user:alice", "a", read(spec("34.12", 1)));
    cycle.receive(PRODUCT, "user:alice", "b", read(spec("34.14", 1)));
    stumbling = true;
    cycle.resume();
    assertThat(requests.findAll())
        .extracting(SigningRequest::state)
        .containsExactlyInAnyOrder(RequestState.JUDGED, RequestState.READY);
  }

  @Test
  void twoRequestsForOneVersionMakeOneBuild() throws Exception {
    SigningCycle cycle = cycle();
    RequestSpec spec = read(spec("34.12", 1));
    SigningRequest first = cycle.receive(PRODUCT, "user:alice", "a", spec);
    haltAfter = passed.size() + 6;
    assertThatThrownBy(() -> cycle.advance(first.id())).isInstanceOf(Halted.class);
    haltAfter = Integer.MAX_VALUE;
    SigningRequest second = cycle().receive(PRODUCT, "user:bob", "b", spec);
    assertThat(cycle().advance(second.id()).state()).isEqualTo(RequestState.READY);
    SigningRequest late = cycle().advance(first.id());
    assertThat(late.state()).isEqualTo(RequestState.FAILED);
    assertThat(refusal(late)).isEqualTo("version-taken");
    assertThat(builds().of(PRODUCT)).hasSize(1);
  }

  @Test
  void everyTransitionIsInTheAuditLog() throws Exception {
    sign(spec("34.12", 1));
    assertThat(audited)
        .containsExactly(
            "request.received",
            "request.judged",
            "request.approved",
            "request.intent-durable",
            "request.signed",
            "request.accepted",
            "request.ready");
  }

  private void assertRefused(Json.Builder spec, String reason) throws Exception {
    int used = keys.uses.size();
    SigningRequest request = sign(spec);
    assertThat(request.state()).isEqualTo(RequestState.REFUSED);
    assertThat(reasons(request)).containsExactly(reason);
    assertThat(keys.uses).as("no key is touched").hasSize(used);
  }

  private SigningRequest sign(Json.Builder spec) throws Exception {
    SigningCycle cycle = cycle();
    return cycle.advance(cycle.receive(PRODUCT, "user:alice", null, read(spec)).id());
  }

  private SigningCycle cycle() throws IOException {
    return cycle(fleet);
  }

  /** A cycle as after a start: it knows the directory, the database and the keyring. */
  private SigningCycle cycle(FleetFacts facts) throws IOException {
    RequestLedger ledger =
        new RequestLedger(
            new TransactionTemplate(transactions), requests, attempts, buildStore, new Audit());
    return new SigningCycle(
        ledger,
        new RequestApprovals(approvals, keys, new TransactionTemplate(transactions), new Audit()),
        facts,
        keys,
        new Builds(buildStore, payloads(), facts),
        payloads(),
        name -> {
          passed.add(name);
          if (stumbling) {
            stumbling = false;
            throw new IllegalStateException("nobody foresaw this");
          }
          if (passed.size() == haltAfter) {
            throw new Halted();
          }
        },
        Clock.fixed(NOW, ZoneOffset.UTC));
  }

  private PayloadStore payloads() throws IOException {
    return new PayloadStore(directory, 1 << 24);
  }

  private Builds builds() throws IOException {
    return new Builds(buildStore, payloads(), fleet);
  }

  private Digest store(byte[] payload) throws IOException {
    return payloads().store(payload).sha256();
  }

  private Json.Builder spec(String version, long counter) throws IOException {
    byte[] payload = ("payload of " + version).repeat(1000).getBytes(StandardCharsets.UTF_8);
    return Json.object()
        .put("version", version)
        .put("securityCounter", counter)
        .put("hardware", List.of(hardware("gw", "a")))
        .put("format", "mcuboot")
        .put("payload", store(payload))
        .put("imageKeys", names("image"))
        .put("manifestKeys", names("manifest"))
        .put("profile", profile.digest());
  }

  private static RequestSpec read(Json.Builder spec) throws RejectedException {
    return RequestSpec.read(new Fields(spec.build(), ""));
  }

  private static Json names(String... names) {
    return Json.strings(Arrays.asList(names));
  }

  private static Json.Obj hardware(String id, String revision) {
    return Json.object().put("id", id).put("revisions", names(revision)).build();
  }

  private static Json.Obj object(String name, String value) {
    return Json.object().put(name, value).build();
  }

  private static List<String> reasons(SigningRequest request) throws RejectedException {
    List<String> codes = new ArrayList<>();
    for (Fields reason : new Fields(request.toJson(), "").objects("reasons", 100)) {
      codes.add(reason.string("code"));
    }
    return codes;
  }

  private static String refusal(SigningRequest request) throws RejectedException {
    return new Fields(request.toJson(), "").object("refusal").string("reason");
  }

  private final class Audit implements AuditLog {
    @Override
    public void record(Actor actor, String action, String subject, Map<String, String> details) {
      audited.add(action);
    }

    @Override
    public byte[] checkpoint() {
      throw new UnsupportedOperationException();
    }
  }
}
