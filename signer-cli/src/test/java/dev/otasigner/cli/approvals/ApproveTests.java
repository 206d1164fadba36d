package dev.otasigner.cli.approvals;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.keys.approval.Approval;
import dev.otasigner.keys.approval.Approval.Decision;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.testing.TestKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code signer approvals approve} against a service that may lie. */
@SuppressWarnings("NullAway.Init")
class ApproveTests {
  private static final String LINE = "line\nproduct " + '\u202e' + "x";

  @TempDir private Path directory;
  private ApproverDesk desk;
  private FakeRequests service;

  @BeforeEach
  void serviceAndKey() throws Exception {
    desk = new ApproverDesk(directory);
    service = desk.service;
  }

  @AfterEach
  void stop() {
    service.close();
  }

  @Test
  void theYesIsSignedByTheApproversKeyOverTheRequest() throws Exception {
    assertThat(desk.approve("yes", "--reason", "looked at")).as(desk.err).isZero();
    Approval word = desk.handedIn();
    assertThat(word.request())
        .isEqualTo(Digest.of(new Json.Obj(service.document).canonicalBytes()));
    assertThat(word.policy()).isEqualTo(Digest.of(FakeRequests.policy(1).canonicalBytes()));
    assertThat(word.requester()).isEqualTo("user:rita");
    assertThat(word.approver()).isEqualTo("alice");
    assertThat(word.decision()).isEqualTo(Decision.APPROVE);
    assertThat(word.reason()).contains("looked at");
    assertThat(word.notAfter())
        .isBetween(
            Instant.now().plus(23, ChronoUnit.HOURS), Instant.now().plus(24, ChronoUnit.HOURS));
    assertThat(desk.out).contains("which is ready");
  }

  @Test
  void whoApprovesIsShownWhatIsSigned() {
    service.approvals.add(
        Json.object()
            .put("approver", "bob")
            .put("decision", "approve")
            .put("notAfter", Instant.now().plusSeconds(600))
            .build());
    assertThat(desk.approve("yes")).as(desk.err).isZero();
    assertThat(desk.out)
        .contains("build             thermostat 34.12.0+0")
        .contains("security counter  2")
        .contains("by user:rita at ")
        .contains("board (revisions a, b)")
        .contains("34.0.0+0 to 34.11.0+0")
        .contains("modem 2.0.0+0 or newer")
        .contains("12 bytes, SHA-256 " + Digest.of(service.payload))
        .contains("image-2026 (image, ecdsa-p256-sha256)")
        .contains("last build        34.11.0+0")
        .contains("CHANGED from 1 to 2")
        .contains("unchanged, " + Digest.of(new byte[] {1}))
        .contains("CHANGED from board (revisions a) to board (revisions a, b)")
        .contains("policy            even major versions only")
        .contains("the security counter rises by at most 1")
        .contains("no emergency requests")
        .contains("1 of 2: bob until ")
        .contains("none is brought")
        .contains(
            "image             sha256, hash sha256, by key "
                + FakeRequests.IMAGE.keyId().abbreviated());
  }

  @Test
  void anotherPolicyThanTheOneThatIsBoundIsNotShown() {
    service.told.put("policy", FakeRequests.policy(9));
    assertThat(desk.approve("yes")).isEqualTo(1);
    assertThat(desk.err).contains("the policy is not the one that would be signed");
  }

  @Test
  void aPolicyThatWasNotKeptIsSaidToBeMissing() {
    service.told.remove("policy");
    assertThat(desk.approve("yes")).as(desk.err).isZero();
    assertThat(desk.out).contains("was not kept by the release that took the request");
  }

  @Test
  void anEmergencyIsToldFirstWithWhatItBreaks() {
    Json.Obj broken =
        Json.object()
            .put("code", "counter-step-too-large")
            .put("detail", "security counter 9 is more than 1 above 1")
            .build();
    service.document.put(
        "emergency",
        Json.object()
            .put("reason", "CVE-2026-1234 is exploited")
            .put("waived", List.of(broken))
            .build());
    assertThat(desk.approve("yes")).as(desk.err).isZero();
    assertThat(desk.out)
        .contains("EMERGENCY         CVE-2026-1234 is exploited")
        .contains("(counter-step-too-large) security counter 9 is more than 1 above 1");
    assertThat(desk.out.indexOf("EMERGENCY")).isLessThan(desk.out.indexOf("build  "));
  }

  @Test
  void everyRuleOfAPolicyIsShownInWords() {
    Json.Obj policy =
        Json.object()
            .put("evenMajorsOnly", true)
            .put("stableChannels", Json.strings(List.of("stable")))
            .put("maxCounterStep", 3)
            .put("timestampDays", 5)
            .put("formats", Json.strings(List.of("mcuboot")))
            .put("hardware", Json.strings(List.of("board")))
            .put("requesters", Json.strings(List.of("api-key:*")))
            .put("approvals", 2)
            .put("emergencyApprovals", 3)
            .put(
                "keys",
                List.of(
                    Json.object()
                        .put("purpose", "image")
                        .put("from", "2027-01-01T00:00:00Z")
                        .put("minStrengthBits", 128)
                        .put("suites", Json.strings(List.of("ml-dsa-65")))
                        .build()))
            .put("later", "unheard of")
            .build();
    service.told.put("policy", policy);
    service.document.put("policy", new Json.Str(Digest.of(policy.canonicalBytes()).hex()));
    assertThat(desk.approve("yes")).as(desk.err).isZero();
    assertThat(desk.out)
        .contains("odd major versions never in channel stable")
        .contains("rises by at most 3")
        .contains("images of format mcuboot")
        .contains("only for hardware board")
        .contains("asked for by api-key:*")
        .contains(
            "image keys since 2027-01-01T00:00:00Z have at least 128 bits of strength, and include"
                + " one of ml-dsa-65")
        .contains("approved by 2 people")
        .contains("in an emergency approved by 3 people")
        .contains("at most 5 days")
        .contains("later: ")
        .contains("unheard of");
  }

  @Test
  void aRequestThatStillWaitsIsExitCodeFour() {
    service.stateAfter = "awaiting-approval";
    assertThat(desk.approve("yes")).as(desk.err).isEqualTo(4);
    assertThat(desk.out).contains("1 of 2 approvals");
  }

  @Test
  void aRequestThatFailsOnSigningIsExitCodeOne() {
    service.stateAfter = "failed";
    assertThat(desk.approve("yes")).isEqualTo(1);
    assertThat(desk.err).contains("approved, and then request " + FakeRequests.ID + " failed");
  }

  @Test
  void theCodeOfTheWorkersRefusalIsTold() {
    service.problem =
        "{\"type\":\"urn:ota:problem:approval-missing\",\"title\":\"t\",\"status\":409,"
            + "\"detail\":\"the requester approves an own request\",\"code\":\"self-approval\"}";
    assertThat(desk.approve("yes")).isEqualTo(1);
    assertThat(desk.err).contains("refused (self-approval): the requester approves an own request");
  }

  @Test
  void aDocumentOfAnotherDigestIsRefused() {
    service.told.put("digest", new Json.Str(Digest.of(new byte[] {7}).hex()));
    desk.refused("the request's digest is not the one that would be signed");
  }

  @Test
  void aDraftThatTheDocumentDoesNotNameIsRefused() {
    service.document.put("manifest", new Json.Str(Digest.of(new byte[] {7}).hex()));
    desk.refused("the manifest is not the one that would be signed");
  }

  @Test
  void aDocumentOfAnotherRequestIsRefused() {
    service.document.put("id", new Json.Str("655b9863-d19f-49c3-891d-dd2e8f7ebc37"));
    desk.refused("the request is not the one that would be signed");
  }

  @Test
  void aDraftOfAnotherProductIsRefused() {
    service.draft.put("product", new Json.Str("boiler"));
    desk.refused("the product is not the one that would be signed");
  }

  @Test
  void aDraftForOtherHardwareIsRefused() {
    service.document.put("hardware", Json.strings(List.of("board", "oven")));
    desk.refused("the hardware is not the one that would be signed");
  }

  @Test
  void aMemberThatCannotBeShownIsRefused() {
    service.draft.put("unlock", new Json.Bool(true));
    desk.refused("a member that this program does not know: draft.unlock");
  }

  private void servePayload(String text) {
    service.answers.put(
        "/api/v1/requests/" + FakeRequests.ID + "/payload", text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void aPayloadOfOtherBytesIsRefused() {
    servePayload("machine c0de");
    desk.refused("and the request is about " + Digest.of(service.payload));
  }

  @Test
  void aLongerPayloadIsRefused() {
    servePayload("machine code and more");
    desk.refused("longer than the 12 bytes of the request");
  }

  @Test
  void aShorterPayloadIsRefused() {
    servePayload("machine");
    desk.refused("the payload has 7 bytes, and 12 are expected");
  }

  @Test
  void aSecondFileIsRefused() {
    Json one =
        Json.object()
            .put("sha256", Digest.of(service.payload))
            .put("length", service.payload.length)
            .put("kind", "payload")
            .build();
    service.document.put("payloads", new Json.Arr(List.of(one, one)));
    desk.refused("the request names 2 files");
  }

  /** The image keys would sign another payload than the one that is shown. */
  @Test
  void anImageOfAnotherPayloadIsRefused() throws Exception {
    service.toBeSigned.set(
        0,
        FakeRequests.signedBy(
            new byte[] {1}, FakeRequests.options().padHeader().build(), FakeRequests.IMAGE));
    desk.refused("no image of this payload, version and counter");
  }

  @Test
  void anotherImageBesideTheOneOfThePayloadIsRefused() {
    service.toBeSigned.add(Digest.of(new byte[] {7}));
    desk.refused("besides what the manifest names");
  }

  @Test
  void aMemberOfAnImageThatCannotBeShownIsRefused() {
    Map<String, Json> image =
        new LinkedHashMap<>(FakeRequests.image(ImageHash.SHA256, false).members());
    image.put("encrypted", new Json.Bool(true));
    service.draft.put("variants", new Json.Arr(List.of(new Json.Obj(image))));
    desk.refused("a member that this program does not know: draft.variants[0].encrypted");
  }

  @Test
  void aBootloaderOfOtherKeysThanTheManifestsIsRefused() {
    service.bringsBootloader(
        FakeRequests.IMAGE, TestKey.of(SignatureSuite.ECDSA_P256_SHA256, "another"));
    desk.refused("thermostat has no bootloader loader-2 with the keys of the manifest");
  }

  @Test
  void aRequestThatWaitsForNobodyIsRefused() {
    service.told.put("state", new Json.Str("ready"));
    desk.refused("is ready, and waits for nobody");
  }

  @Test
  void withoutATerminalNobodyIsTakenToAgree() {
    assertThat(desk.approve(null)).isEqualTo(2);
    assertThat(desk.err).contains("no terminal to ask for your yes");
    assertThat(service.handedIn).isEmpty();
  }

  @Test
  void whatIsNotAskedForOnATerminalIsSaidByAnOption() {
    assertThat(desk.approve(null, "--yes")).as(desk.err).isZero();
    assertThat(desk.questions).isEmpty();
    assertThat(service.handedIn).isPresent();
  }

  @Test
  void anyAnswerButYesSignsNothing() {
    assertThat(desk.approve("y")).isEqualTo(1);
    assertThat(service.handedIn).isEmpty();
  }

  @Test
  void theKeyIsNotReadBeforeTheYes() throws IOException {
    Files.delete(directory.resolve("alice.pem"));
    assertThat(desk.approve("no")).isEqualTo(1);
    assertThat(desk.err).contains("not confirmed");
    assertThat(desk.approve("yes")).isEqualTo(2);
    assertThat(desk.err).contains("alice.pem: no such file");
  }

  @Test
  void jsonHidesWhatIsSignedAndGoesWithYesOnly() {
    assertThat(desk.approve("yes", "--json")).isEqualTo(2);
    assertThat(desk.approve(null, "--json", "--yes")).as(desk.err).isZero();
    assertThat(desk.out).startsWith("{").contains("\"ready\"");
  }

  /** A requester of this name would otherwise write lines of the display. */
  @Test
  void noTextOfTheServiceStartsALineOrHidesAnything() {
    service.document.put("requester", new Json.Str(LINE));
    assertThat(desk.approve("yes")).as(desk.err).isZero();
    assertThat(desk.out).contains("by line\\u{a}product \\u{202e}x at").doesNotContain("\nproduct");
  }

  @Test
  void noWordOutlivesThirtyDaysOfItsRequest() throws Exception {
    Instant created = Instant.now().truncatedTo(ChronoUnit.SECONDS).minus(29, ChronoUnit.DAYS);
    service.document.putAll(Json.object().put("created", created).build().members());
    assertThat(desk.approve("yes", "--valid", "7d")).as(desk.err).isZero();
    assertThat(desk.handedIn().notAfter()).isEqualTo(created.plus(Approval.LONGEST));
  }

  @Test
  void aRequestOfAMonthAgoIsRefused() {
    Instant created = Instant.now().truncatedTo(ChronoUnit.SECONDS).minus(31, ChronoUnit.DAYS);
    service.document.putAll(Json.object().put("created", created).build().members());
    desk.refused("the request is too old");
  }

  @Test
  void aSpanThatIsNoneIsRefused() {
    assertThat(desk.approve("yes", "--valid", "1y")).isEqualTo(2);
    assertThat(desk.err).contains("--valid 1y: such as 90m, 24h or 7d");
  }

  @Test
  void whoApprovedTakesItBack() throws Exception {
    service.stateAfter = "awaiting-approval";
    assertThat(
            desk.signer(
                "yes",
                "approvals",
                "revoke",
                FakeRequests.ID,
                "--key",
                "alice.pem",
                "--as",
                "alice"))
        .as(desk.err)
        .isZero();
    assertThat(desk.handedIn().decision()).isEqualTo(Decision.REVOKE);
    assertThat(desk.questions).containsExactly("take your approval back? type yes: ");
  }
}
