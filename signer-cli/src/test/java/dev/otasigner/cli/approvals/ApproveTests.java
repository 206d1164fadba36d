package dev.otasigner.cli.approvals;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.cli.CommandLines;
import dev.otasigner.cli.Terminal;
import dev.otasigner.cli.local.KeygenCommand;
import dev.otasigner.keys.approval.Approval;
import dev.otasigner.keys.approval.Approval.Decision;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.policy.BootloaderComponent;
import dev.otasigner.verifier.testing.TestKey;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code signer approvals approve} against a service that may lie. */
@SuppressWarnings("NullAway.Init")
class ApproveTests {
  private static final String LINE = "line\nproduct " + '\u202e' + "x";

  @TempDir private Path directory;
  private final List<String> questions = new ArrayList<>();
  private FakeRequests service;
  private VerificationKey key;
  private String out = "";
  private String err = "";

  @BeforeEach
  void serviceAndKey() throws Exception {
    service = new FakeRequests();
    KeyPair pair = KeygenCommand.generate("ecdsa-p256");
    Files.writeString(
        directory.resolve("alice.pem"),
        KeygenCommand.pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
    key =
        VerificationKey.of(
            SignatureSuite.ECDSA_P256_SHA256, Bytes.copyOf(pair.getPublic().getEncoded()));
  }

  @AfterEach
  void stop() {
    service.close();
  }

  private int signer(@Nullable String answer, String... arguments) {
    ByteArrayOutputStream standard = new ByteArrayOutputStream();
    ByteArrayOutputStream error = new ByteArrayOutputStream();
    Terminal terminal =
        new Terminal(
            new PrintStream(standard, true, StandardCharsets.UTF_8),
            new PrintStream(error, true, StandardCharsets.UTF_8),
            directory,
            Map.of("SIGNER_SERVICE", service.address(), "SIGNER_API_KEY", "k", "SIGNER_HOME", "h"),
            question -> {
              questions.add(question);
              return answer == null ? null : answer.toCharArray();
            });
    int code = CommandLines.run(terminal, arguments);
    out = standard.toString(StandardCharsets.UTF_8);
    err = error.toString(StandardCharsets.UTF_8);
    return code;
  }

  private int approve(@Nullable String answer, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "approvals", "approve", FakeRequests.ID, "--key", "alice.pem", "--as", "alice"));
    arguments.addAll(List.of(more));
    return signer(answer, arguments.toArray(String[]::new));
  }

  private void refused(String why) {
    assertThat(approve("yes")).as(err).isEqualTo(1);
    assertThat(err).contains(why);
    assertThat(questions).isEmpty();
    assertThat(service.handedIn).isEmpty();
  }

  private Approval handedIn() throws Exception {
    Envelope envelope = service.handedIn.orElseThrow();
    assertThat(envelope.signatures()).hasSize(1);
    assertThat(envelope.validSigners(List.of(key))).containsExactly(key.keyId());
    return Approval.read(envelope.payloadOf(Approval.PAYLOAD_TYPE).toByteArray());
  }

  @Test
  void theYesIsSignedByTheApproversKeyOverTheRequest() throws Exception {
    assertThat(approve("yes", "--reason", "looked at")).as(err).isZero();
    Approval word = handedIn();
    assertThat(word.request())
        .isEqualTo(Digest.of(new Json.Obj(service.document).canonicalBytes()));
    assertThat(word.policy()).isEqualTo(FakeRequests.policy(1));
    assertThat(word.requester()).isEqualTo("user:rita");
    assertThat(word.approver()).isEqualTo("alice");
    assertThat(word.decision()).isEqualTo(Decision.APPROVE);
    assertThat(word.reason()).contains("looked at");
    assertThat(word.notAfter())
        .isBetween(
            Instant.now().plus(23, ChronoUnit.HOURS), Instant.now().plus(24, ChronoUnit.HOURS));
    assertThat(out).contains("which is ready");
  }

  @Test
  void whoApprovesIsShownWhatIsSigned() {
    service.approvals.add(
        Json.object()
            .put("approver", "bob")
            .put("decision", "approve")
            .put("notAfter", Instant.now().plusSeconds(600))
            .build());
    assertThat(approve("yes")).as(err).isZero();
    assertThat(out)
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
        .contains("even major versions only; the security counter rises by at most 1;")
        .contains("- judged by       this policy")
        .contains("1 of 2: bob until ")
        .contains("none is brought")
        .contains(
            "image             sha256, hash sha256, by key "
                + FakeRequests.IMAGE.keyId().abbreviated());
  }

  @Test
  void anotherPolicyThanTheProductsIsPointedAt() {
    service.document.put("policy", new Json.Str(FakeRequests.policy(9).hex()));
    assertThat(approve("yes")).as(err).isZero();
    assertThat(out).contains("ANOTHER policy, of digest " + FakeRequests.policy(9));
  }

  @Test
  void aRequestThatStillWaitsIsExitCodeFour() {
    service.stateAfter = "awaiting-approval";
    assertThat(approve("yes")).as(err).isEqualTo(4);
    assertThat(out).contains("1 of 2 approvals");
  }

  @Test
  void aRequestThatFailsOnSigningIsExitCodeOne() {
    service.stateAfter = "failed";
    assertThat(approve("yes")).isEqualTo(1);
    assertThat(err).contains("approved, and then request " + FakeRequests.ID + " failed");
  }

  @Test
  void theCodeOfTheWorkersRefusalIsTold() {
    service.problem =
        "{\"type\":\"urn:ota:problem:approval-missing\",\"title\":\"t\",\"status\":409,"
            + "\"detail\":\"the requester approves an own request\",\"code\":\"self-approval\"}";
    assertThat(approve("yes")).isEqualTo(1);
    assertThat(err).contains("refused (self-approval): the requester approves an own request");
  }

  @Test
  void aDocumentOfAnotherDigestIsRefused() {
    service.told.put("digest", new Json.Str(Digest.of(new byte[] {7}).hex()));
    refused("the request's digest is not the one that would be signed");
  }

  @Test
  void aDraftThatTheDocumentDoesNotNameIsRefused() {
    service.document.put("manifest", new Json.Str(Digest.of(new byte[] {7}).hex()));
    refused("the manifest is not the one that would be signed");
  }

  @Test
  void aDocumentOfAnotherRequestIsRefused() {
    service.document.put("id", new Json.Str("655b9863-d19f-49c3-891d-dd2e8f7ebc37"));
    refused("the request is not the one that would be signed");
  }

  @Test
  void aDraftOfAnotherProductIsRefused() {
    service.draft.put("product", new Json.Str("boiler"));
    refused("the product is not the one that would be signed");
  }

  @Test
  void aDraftForOtherHardwareIsRefused() {
    service.document.put("hardware", Json.strings(List.of("board", "oven")));
    refused("the hardware is not the one that would be signed");
  }

  @Test
  void aMemberThatCannotBeShownIsRefused() {
    service.draft.put("unlock", new Json.Bool(true));
    refused("a member that this program does not know: draft.unlock");
  }

  private void servePayload(String text) {
    service.answers.put(
        "/api/v1/requests/" + FakeRequests.ID + "/payload", text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void aPayloadOfOtherBytesIsRefused() {
    servePayload("machine c0de");
    refused("and the request is about " + Digest.of(service.payload));
  }

  @Test
  void aLongerPayloadIsRefused() {
    servePayload("machine code and more");
    refused("longer than the 12 bytes of the request");
  }

  @Test
  void aShorterPayloadIsRefused() {
    servePayload("machine");
    refused("the payload has 7 bytes, and 12 are expected");
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
    refused("the request names 2 files");
  }

  /** The image keys would sign another payload than the one that is shown. */
  @Test
  void anImageOfAnotherPayloadIsRefused() throws Exception {
    service.toBeSigned.set(
        0,
        FakeRequests.signedBy(
            new byte[] {1}, FakeRequests.options().padHeader().build(), FakeRequests.IMAGE));
    refused("no image of this payload, version and counter");
  }

  @Test
  void anImageWithAnotherCounterIsRefused() throws Exception {
    service.toBeSigned.set(
        0,
        FakeRequests.signedBy(
            service.payload,
            FakeRequests.options().securityCounter(3).padHeader().build(),
            FakeRequests.IMAGE));
    refused("no image of this payload, version and counter");
  }

  @Test
  void anotherImageBesideTheOneOfThePayloadIsRefused() {
    service.toBeSigned.add(Digest.of(new byte[] {7}));
    refused("besides what the manifest names");
  }

  /** The image that devices of another hash would get is signed by nobody who was asked. */
  @Test
  void anImageThatTheManifestNamesAndNobodySignsIsRefused() {
    service.draft.put(
        "variants",
        new Json.Arr(
            List.of(
                FakeRequests.image(ImageHash.SHA256, false),
                FakeRequests.image(ImageHash.SHA512, false))));
    refused("no image of this payload");
  }

  @Test
  void aMemberOfAnImageThatCannotBeShownIsRefused() {
    Map<String, Json> image =
        new LinkedHashMap<>(FakeRequests.image(ImageHash.SHA256, false).members());
    image.put("encrypted", new Json.Bool(true));
    service.draft.put("variants", new Json.Arr(List.of(new Json.Obj(image))));
    refused("a member that this program does not know: draft.variants[0].encrypted");
  }

  @Test
  void anImageKeyHasNothingToSignInAnOpaqueBuild() {
    service.draft.put("format", new Json.Str("opaque"));
    refused("and this payload is not signed");
  }

  @Test
  void anOpaqueBuildIsApproved() {
    service.draft.put("format", new Json.Str("opaque"));
    service.toBeSigned.clear();
    assertThat(approve("yes")).as(err).isZero();
    assertThat(out).contains("the manifest alone vouches for the payload");
  }

  @Test
  void aRequestForImagesThatSignsNoneIsRefused() {
    service.toBeSigned.clear();
    refused("no image of this payload");
  }

  @Test
  void aManifestWithoutImagesIsRefused() {
    service.toBeSigned.clear();
    service.draft.put("variants", new Json.Arr(List.of()));
    refused("the manifest names no image");
  }

  @Test
  void imagesOfAnyHashAreRecognised() throws Exception {
    TestKey p384 = TestKey.of(SignatureSuite.ECDSA_P384_SHA384, "p384");
    TestKey ed25519 = TestKey.of(SignatureSuite.ED25519, "ed25519");
    service.draft.put(
        "variants",
        new Json.Arr(
            List.of(
                FakeRequests.image(ImageHash.SHA256, false),
                FakeRequests.image(ImageHash.SHA384, false),
                FakeRequests.image(ImageHash.SHA512, false),
                FakeRequests.image(ImageHash.SHA512, true))));
    service.toBeSigned.add(
        FakeRequests.signedBy(service.payload, FakeRequests.hashed(ImageHash.SHA384), p384));
    service.toBeSigned.add(
        FakeRequests.signedBy(service.payload, FakeRequests.hashed(ImageHash.SHA512), ed25519));
    service.toBeSigned.add(
        FakeRequests.signedBy(
            service.payload, FakeRequests.options().padHeader().pure().build(), ed25519));
    assertThat(approve("yes")).as(err).isZero();
    assertThat(out).contains("sha512-pure, hash sha512, signed whole, by key");
  }

  @Test
  void aHeaderOfAnotherSizeIsGiven() throws Exception {
    service.toBeSigned.set(
        0,
        FakeRequests.signedBy(
            service.payload,
            FakeRequests.options().headerBytes(0x400).padHeader().build(),
            FakeRequests.IMAGE));
    assertThat(approve("yes")).isEqualTo(1);
    assertThat(err).contains("give --header-size");
    assertThat(approve("yes", "--header-size", "0x400")).as(err).isZero();
  }

  @Test
  void aPayloadWithRoomForTheHeaderIsRecognised() throws Exception {
    service.payload = new byte[600];
    service.payload[599] = 1;
    service.toBeSigned.set(
        0,
        FakeRequests.signedBy(service.payload, FakeRequests.options().build(), FakeRequests.IMAGE));
    assertThat(approve("yes")).as(err).isZero();
  }

  /** The manifest names a bootloader with one key; the service has it with another. */
  private Bootloader bringsBootloader(TestKey named, TestKey registered) {
    service.draft.put(
        "bootloader",
        Json.object()
            .put("id", "loader-2")
            .put("anchors", BootAnchor.toJson(List.of(named.bootAnchor())))
            .build());
    Bootloader next =
        new Bootloader(
            "loader-2",
            List.of(registered.bootAnchor()),
            List.of(),
            true,
            true,
            true,
            Bootloader.KeyTlv.KEYHASH,
            1 << 20);
    service.put("/api/v1/products/thermostat/bootloaders", next.toJson());
    return next;
  }

  @Test
  void aBootloaderOfOtherKeysThanTheManifestsIsRefused() {
    bringsBootloader(FakeRequests.IMAGE, TestKey.of(SignatureSuite.ECDSA_P256_SHA256, "another"));
    refused("thermostat has no bootloader loader-2 with the keys of the manifest");
  }

  @Test
  void anotherComponentThanTheBootloadersIsRefused() {
    bringsBootloader(FakeRequests.IMAGE, FakeRequests.IMAGE);
    service.toBeSigned.add(Digest.of(new byte[] {7}));
    refused("what image keys would sign is not bootloader loader-2");
  }

  @Test
  void aBootloaderComponentIsRecognised() throws Exception {
    Bootloader next = bringsBootloader(FakeRequests.IMAGE, FakeRequests.IMAGE);
    service.toBeSigned.add(
        FakeRequests.signedBy(
            BootloaderComponent.payload(next).readAll(1 << 20),
            FakeRequests.options().padHeader().build(),
            FakeRequests.IMAGE));
    assertThat(approve("yes")).as(err).isZero();
    assertThat(out)
        .contains("loader-2, which then boots key " + FakeRequests.IMAGE.keyId().abbreviated());
  }

  @Test
  void aRequestThatWaitsForNobodyIsRefused() {
    service.told.put("state", new Json.Str("ready"));
    refused("is ready, and waits for nobody");
  }

  @Test
  void withoutATerminalNobodyIsTakenToAgree() {
    assertThat(approve(null)).isEqualTo(2);
    assertThat(err).contains("no terminal to ask for your yes");
    assertThat(service.handedIn).isEmpty();
  }

  @Test
  void whatIsNotAskedForOnATerminalIsSaidByAnOption() {
    assertThat(approve(null, "--yes")).as(err).isZero();
    assertThat(questions).isEmpty();
    assertThat(service.handedIn).isPresent();
  }

  @Test
  void anyAnswerButYesSignsNothing() {
    assertThat(approve("y")).isEqualTo(1);
    assertThat(service.handedIn).isEmpty();
  }

  @Test
  void theKeyIsNotReadBeforeTheYes() throws IOException {
    Files.delete(directory.resolve("alice.pem"));
    assertThat(approve("no")).isEqualTo(1);
    assertThat(err).contains("not confirmed");
    assertThat(approve("yes")).isEqualTo(2);
    assertThat(err).contains("alice.pem: no such file");
  }

  @Test
  void jsonHidesWhatIsSignedAndGoesWithYesOnly() {
    assertThat(approve("yes", "--json")).isEqualTo(2);
    assertThat(approve(null, "--json", "--yes")).as(err).isZero();
    assertThat(out).startsWith("{").contains("\"ready\"");
  }

  /** A requester of this name would otherwise write lines of the display. */
  @Test
  void noTextOfTheServiceStartsALineOrHidesAnything() {
    service.document.put("requester", new Json.Str(LINE));
    assertThat(approve("yes")).as(err).isZero();
    assertThat(out).contains("by line\\u{a}product \\u{202e}x at").doesNotContain("\nproduct");
  }

  @Test
  void noWordOutlivesThirtyDaysOfItsRequest() throws Exception {
    Instant created = Instant.now().truncatedTo(ChronoUnit.SECONDS).minus(29, ChronoUnit.DAYS);
    service.document.putAll(Json.object().put("created", created).build().members());
    assertThat(approve("yes", "--valid", "7d")).as(err).isZero();
    assertThat(handedIn().notAfter()).isEqualTo(created.plus(Approval.LONGEST));
  }

  @Test
  void aRequestOfAMonthAgoIsRefused() {
    Instant created = Instant.now().truncatedTo(ChronoUnit.SECONDS).minus(31, ChronoUnit.DAYS);
    service.document.putAll(Json.object().put("created", created).build().members());
    refused("the request is too old");
  }

  @Test
  void aSpanThatIsNoneIsRefused() {
    assertThat(approve("yes", "--valid", "1y")).isEqualTo(2);
    assertThat(err).contains("--valid 1y: such as 90m, 24h or 7d");
  }

  @Test
  void whoApprovedTakesItBack() throws Exception {
    service.stateAfter = "awaiting-approval";
    assertThat(
            signer(
                "yes",
                "approvals",
                "revoke",
                FakeRequests.ID,
                "--key",
                "alice.pem",
                "--as",
                "alice"))
        .as(err)
        .isZero();
    assertThat(handedIn().decision()).isEqualTo(Decision.REVOKE);
    assertThat(questions).containsExactly("take your approval back? type yes: ");
  }
}
