package dev.otasigner.service.signing;

import static dev.otasigner.service.signing.TestFleet.PRODUCT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeyState;
import dev.otasigner.service.OnBothDatabases;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.policy.Accepted;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;

@OnBothDatabases
class SigningCycleTests extends SigningFixture {

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
    assertThat(builds().newest(PRODUCT, Optional.empty(), 10)).isEmpty();
  }

  @Test
  void aBuildThatEveryDeviceRefusesIsNotReleased() throws Exception {
    Profile strict = fleet.profile("main", List.of(443), "TLSv1.3", MANIFEST, NEXT_MANIFEST);
    fleet.device("d1", "34.11", 1, bootloader, profile);
    fleet.device("d2", "34.11", 1, fleet.bootloader("bl-2", true, IMAGE_384), strict);
    // Each device is satisfied by half: the first by the manifest, the second by the image.
    SigningRequest request = sign(spec("34.12", 1).put("imageKeys", names("image-384")));
    assertThat(request.state()).isEqualTo(RequestState.FAILED);
    assertThat(builds().newest(PRODUCT, Optional.empty(), 10)).isEmpty();
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

  /** Two that were let in at once: the one with the lower counter comes second. */
  @Test
  void aBuildThatWasOvertakenIsNotReleased() throws Exception {
    sign(spec("34.10", 7));
    SigningCycle cycle = cycle();
    SigningRequest first = cycle.receive(PRODUCT, "user:alice", "a", read(spec("34.12", 7)));
    RequestSpec meanwhile = read(spec("34.11", 8));
    keys.beforeSigning =
        () -> {
          keys.beforeSigning = () -> {};
          SigningRequest second = cycle.receive(PRODUCT, "user:bob", "b", meanwhile);
          cycle.advance(second.id());
        };
    SigningRequest late = cycle.advance(first.id());
    assertThat(late.state()).isEqualTo(RequestState.FAILED);
    assertThat(refusal(late)).isEqualTo("counter-too-low");
  }

  /** Whether it was overtaken would else be looked at before the other one is there. */
  @Test
  void aBuildIsNotReleasedWhileAnotherOneOfTheProductIs() throws Exception {
    JdbcClient.create(database)
        .sql("insert into fleet_product (name, policy, created) values (?, '{}', now())")
        .param(PRODUCT)
        .update();
    try (Connection other = database.getConnection()) {
      other.setAutoCommit(false);
      try (Statement statement = other.createStatement()) {
        statement.executeQuery("select name from fleet_product for update").close();
      }
      assertThatThrownBy(() -> sign(spec("34.12", 1)))
          .isInstanceOf(DataAccessException.class)
          .hasMessageContaining("fleet_product");
      assertThat(builds().newest(PRODUCT, Optional.empty(), 10)).isEmpty();
      other.rollback();
    }
    cycle().resume();
    assertThat(builds().newest(PRODUCT, Optional.empty(), 10)).hasSize(1);
  }

  @Test
  void aDiskInTroubleDoesNotUseUpTheAttempts() throws Exception {
    keys.beforeSigning =
        () -> {
          throw new UncheckedIOException(new IOException("no room"));
        };
    SigningCycle cycle = cycle();
    SigningRequest request = cycle.receive(PRODUCT, "user:alice", null, read(spec("34.12", 1)));
    for (int i = 0; i < 7; i++) {
      assertThatThrownBy(() -> cycle.advance(request.id()))
          .isInstanceOf(UncheckedIOException.class);
    }
    keys.beforeSigning = () -> {};
    assertThat(cycle.advance(request.id()).state()).isEqualTo(RequestState.READY);
  }

  /** The manifest's key refuses after the image's has signed: that one was used. */
  @Test
  void whatAKeySignedIsRecordedAlsoWhenNothingComesOfIt() throws Exception {
    keys.refusing = "manifest";
    assertThat(sign(spec("34.12", 1)).state()).isEqualTo(RequestState.FAILED);
    assertThat(keys.recorded).containsExactly("image");
    keys.refusing = "";
    sign(spec("34.14", 1));
    assertThat(keys.recorded).containsExactly("image", "image", "manifest");
  }

  @Test
  void whatNeedsApprovalsWaitsForThem() throws Exception {
    keys.minApprovals = 2;
    SigningRequest request = sign(spec("34.12", 1));
    assertThat(request.state()).isEqualTo(RequestState.AWAITING_APPROVAL);
    assertThat(keys.uses).isEmpty();
    assertThat(request.digest()).isPresent();
  }

  /** Of those that are received together and taken further one by one. */
  private SigningRequest signInTwoCalls(Json.Builder spec) throws Exception {
    SigningCycle cycle = cycle();
    return cycle.advance(cycle.receive(PRODUCT, "user:alice", null, read(spec)).id());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void killedBetweenAnyTwoStepsItGoesOnAtTheNextStart(boolean atOnce) throws Exception {
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
      assertThatThrownBy(
              () -> {
                if (atOnce) {
                  sign(spec("34.12", 1));
                } else {
                  signInTwoCalls(spec("34.12", 1));
                }
              })
          .isInstanceOf(Halted.class);
      boolean released = halt >= steps.indexOf("signing.signed") + 1;
      assertThat(builds().newest(PRODUCT, Optional.empty(), 10))
          .as("after %s", steps.get(halt - 1))
          .hasSize(released ? 1 : 0);

      haltAfter = Integer.MAX_VALUE;
      cycle().resume();
      SigningRequest request = requests.findAll().get(0);
      assertThat(request.state()).isEqualTo(RequestState.READY);
      assertThat(builds().newest(PRODUCT, Optional.empty(), 10)).hasSize(1);
      // The intent is durable with the judgement, where nobody's word is needed in between, and
      // the request itself with both, where it is taken as far as it goes at once.
      boolean interrupted = halt >= (atOnce ? 1 : 2) && halt <= 5;
      assertThat(attempts.findByKeyRequestOrderByKeyNumber(request.id()))
          .extracting(SigningAttempt::outcome)
          .containsExactlyElementsOf(
              interrupted
                  ? List.of(SigningAttempt.Outcome.INTERRUPTED, SigningAttempt.Outcome.SIGNED)
                  : List.of(SigningAttempt.Outcome.SIGNED));
    }
  }

  /** What is needed to judge is away: the request is there all the same, and is judged later. */
  @Test
  void aRequestThatCanNotBeJudgedNowIsReceived() throws Exception {
    FleetFacts away =
        new TestFleet() {
          @Override
          public List<Manifest.Hardware> hardware(String product) {
            throw new IllegalStateException("the database is away");
          }
        };
    RequestSpec spec = read(spec("34.12", 1));
    assertThatThrownBy(() -> cycle(away).take(PRODUCT, "user:alice", null, spec))
        .isInstanceOf(IllegalStateException.class);
    assertThat(requests.findAll().get(0).state()).isEqualTo(RequestState.RECEIVED);
    cycle().resume();
    assertThat(requests.findAll().get(0).state()).isEqualTo(RequestState.READY);
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
        .containsExactlyInAnyOrder(RequestState.INTENT_DURABLE, RequestState.READY);
  }

  @Test
  void twoRequestsForOneVersionMakeOneBuild() throws Exception {
    SigningCycle cycle = cycle();
    RequestSpec spec = read(spec("34.12", 1));
    SigningRequest first = cycle.receive(PRODUCT, "user:alice", "a", spec);
    haltAfter = passed.size() + 4;
    assertThatThrownBy(() -> cycle.advance(first.id())).isInstanceOf(Halted.class);
    haltAfter = Integer.MAX_VALUE;
    SigningRequest second = cycle().receive(PRODUCT, "user:bob", "b", spec);
    assertThat(cycle().advance(second.id()).state()).isEqualTo(RequestState.READY);
    SigningRequest late = cycle().advance(first.id());
    assertThat(late.state()).isEqualTo(RequestState.FAILED);
    assertThat(refusal(late)).isEqualTo("version-taken");
    assertThat(builds().newest(PRODUCT, Optional.empty(), 10)).hasSize(1);
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
}
