package dev.otasigner.service.signing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.keys.DurableFile;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.approval.Approval;
import dev.otasigner.keys.approval.Approval.Decision;
import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.MovingClock;
import dev.otasigner.service.TemporaryData;
import dev.otasigner.service.catalogue.ServiceFixture;
import dev.otasigner.service.catalogue.Story;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.testing.TestKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/**
 * Two people have to approve each use of an image or manifest key: from the request over HTTP to
 * the worker that checks their signatures by its own file.
 */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(ServiceFixture.class)
class ApprovalApiTests {
  private static final TestKey ALICE = TestKey.of(SignatureSuite.ED25519, "alice");
  private static final TestKey BOB = TestKey.of(SignatureSuite.ECDSA_P256_SHA256, "bob");
  private static final TestKey CAROL = TestKey.of(SignatureSuite.ML_DSA_65, "carol");
  private static final TestKey MALLORY = TestKey.of(SignatureSuite.ED25519, "mallory");

  private static Admin admin = Admin.anonymous(0);
  private static boolean signedIn;
  private static int count;

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private MovingClock clock;
  @Autowired private SigningCycle cycle;
  @Autowired private RevocationsRetold retold;
  @Autowired private JdbcClient jdbc;
  @Autowired private WaitingRequestEndings endings;

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) {
    configure(TemporaryData.register(registry).resolve("worker"));
    signedIn = false;
  }

  private static void configure(Path worker) {
    List<Json> defaults = new ArrayList<>();
    for (KeyPurpose purpose : KeyPurpose.values()) {
      boolean approved = purpose == KeyPurpose.IMAGE || purpose == KeyPurpose.MANIFEST;
      if (purpose != KeyPurpose.APPROVAL) {
        defaults.add(
            Json.object()
                .put("purpose", purpose.code())
                .put("minApprovals", approved ? 2 : 0)
                .build());
      }
    }
    List<Json> approvers = new ArrayList<>();
    Map.of("alice", ALICE, "bob", BOB, "carol", CAROL)
        .forEach(
            (person, key) ->
                approvers.add(
                    Json.object()
                        .put("person", person)
                        .put("suite", key.key().suite().code())
                        .putBase64("spki", key.key().spki())
                        .build()));
    Json.Obj json =
        Json.object()
            .put("schema", 1)
            .put("approvers", approvers)
            .put("rules", List.of())
            .put("defaults", defaults)
            .build();
    try {
      DurableFile.createDirectories(worker);
      DurableFile.replace(worker.resolve("worker.json"), json.textBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @BeforeEach
  void signIn() {
    if (!signedIn) {
      admin = Admin.withEveryRole(port, printed.password());
      signedIn = true;
    }
    clock.reset();
  }

  /** A request that waits. */
  private Waiting waiting() {
    Story story = new Story(admin, "p" + ++count);
    Answer request =
        story.request("34.12", story.legacyProfile(8443), "image", "manifest", "").expect(202);
    assertThat(request.string("state")).isEqualTo("awaiting-approval");
    return new Waiting(story, request.string("id"));
  }

  /** One that waits in a product with this policy. */
  private Waiting waiting(String policy, String more) {
    Story story = new Story(admin, "p" + ++count);
    admin.put(story.base + "/policy", policy).expect(200);
    Answer request =
        story.request("34.12", story.legacyProfile(8443), "image", "manifest", more).expect(202);
    return new Waiting(story, request.string("id"));
  }

  /** A request, and what people say of it. */
  private final class Waiting {
    final Story story;
    final String path;

    Waiting(Story story, String id) {
      this.story = story;
      this.path = "/api/v1/requests/" + id;
    }

    Fields shown() {
      return admin.get(path).expect(200).json();
    }

    String state() throws Exception {
      return shown().string("state");
    }

    Approval word(String approver, Decision decision) throws Exception {
      Fields document = shown().object("document");
      byte[] nonce = new byte[Approval.NONCE_BYTES];
      new SecureRandom().nextBytes(nonce);
      return new Approval(
          Digest.of(new Json.Obj(document.members()).canonicalBytes()),
          document.digest("policy"),
          document.string("requester"),
          approver,
          decision,
          clock.instant().truncatedTo(ChronoUnit.SECONDS).plus(Duration.ofHours(4)),
          Bytes.copyOf(nonce),
          Optional.empty());
    }

    Answer approve(String approver, TestKey key) throws Exception {
      return handIn(word(approver, Decision.APPROVE), key);
    }

    Answer handIn(Approval word, TestKey key) {
      return handIn(sealed(word, key));
    }

    Answer handIn(Bytes envelope) {
      return admin.post(path + "/approvals", Json.object().putBase64("envelope", envelope).build());
    }
  }

  private static Bytes sealed(Approval word, TestKey key) {
    Envelope envelope =
        new Envelope(Approval.PAYLOAD_TYPE, Bytes.copyOf(word.toJson().textBytes()), List.of());
    return Bytes.copyOf(key.sign(envelope).toBytes());
  }

  @Test
  void withTheSecondApprovalTheBuildIsSigned() throws Exception {
    Waiting request = waiting();
    assertThat(request.shown().integer("approvalsNeeded", 0, 9)).isEqualTo(2);
    assertThat(request.shown().object("draft").string("version")).isEqualTo("34.12.0+0");
    assertThat(request.shown().object("document").strings("toBeSigned", 9)).hasSize(1);
    assertThat(admin.get("/api/v1/requests").expect(200).text())
        .contains(request.path.substring(17));

    assertThat(request.approve("alice", ALICE).expect(200).string("state"))
        .isEqualTo("awaiting-approval");
    assertThat(request.approve("carol", CAROL).expect(200).string("state")).isEqualTo("ready");

    assertThat(admin.get(request.story.base + "/builds/34.12").expect(200).status()).isEqualTo(200);
    assertThat(request.shown().objects("approvals", 9))
        .map(word -> word.string("approver"))
        .containsExactly("alice", "carol");
    assertThat(admin.get("/api/v1/requests").expect(200).text())
        .doesNotContain(request.path.substring(17));
    assertThat(request.approve("bob", BOB).expectProblem(409, "conflict").text())
        .contains("is ready");
  }

  /** Two are enough for the worker; the product's own policy may ask for more. */
  @Test
  void aPolicyMayAskForMoreThanTheWorker() throws Exception {
    Waiting request = waiting("{'approvals':3}", "");
    assertThat(request.shown().integer("approvalsNeeded", 0, 9)).isEqualTo(3);
    request.approve("alice", ALICE).expect(200);
    assertThat(request.approve("bob", BOB).expect(200).string("state"))
        .isEqualTo("awaiting-approval");
    assertThat(request.approve("carol", CAROL).expect(200).string("state")).isEqualTo("ready");
  }

  @Test
  void anEmergencyTakesMoreApprovalsAndSaysWhatItBreaks() throws Exception {
    Waiting request =
        waiting("{'emergencyApprovals':1,'requesters':['api-key:ci']}", ",'emergency':'it burns'");
    Fields shown = request.shown();
    assertThat(shown.integer("approvalsNeeded", 0, 9))
        .as("one more than the worker's")
        .isEqualTo(3);
    assertThat(shown.object("document").object("emergency").string("reason")).isEqualTo("it burns");
    assertThat(shown.object("document").object("emergency").objects("waived", 9))
        .map(rule -> rule.string("code"))
        .containsExactly("requester-not-allowed");
    assertThat(Digest.of(shown.object("policy").json().canonicalBytes()))
        .isEqualTo(shown.object("document").digest("policy"));
    request.approve("alice", ALICE).expect(200);
    request.approve("bob", BOB).expect(200);
    assertThat(request.state()).isEqualTo("awaiting-approval");
    assertThat(request.approve("carol", CAROL).expect(200).string("state")).isEqualTo("ready");
    assertThat(admin.get("/api/v1/audit/export").expect(200).text()).contains("it burns");
  }

  /** What waits is judged by today's policy once more before a key is used. */
  @Test
  void aPolicyThatGetsStricterHoldsForWhatWaits() throws Exception {
    Waiting request = waiting();
    request.approve("alice", ALICE).expect(200);
    admin
        .put(request.story.base + "/policy", "{'maxCounterStep':1,'formats':['opaque']}")
        .expect(200);
    request.approve("bob", BOB).expect(200);
    assertThat(request.state()).isEqualTo("failed");
    assertThat(request.shown().object("refusal").string("reason")).isEqualTo("format-not-allowed");
  }

  private static void refused(Answer answer, String code) {
    assertThat(answer.expectProblem(409, "approval-missing").string("code")).isEqualTo(code);
  }

  /** The worker takes her word: it knows no API keys. */
  @Test
  void whoeverMadeAnApiKeyDoesNotApproveWhatItAskedFor() throws Exception {
    Admin alice = admin.newUser(port, "alice", "approver,pipeline");
    String secret =
        alice
            .post("/api/v1/api-keys", "{'name':'alices','roles':['pipeline'],'days':1}")
            .expect(201)
            .string("secret");
    Story story = new Story(admin, "p" + ++count);
    String profile = story.legacyProfile(8443);
    Answer request =
        story.as(admin.withToken(secret)).request("34.12", profile, "image", "manifest", "");
    Waiting waiting = new Waiting(story, request.expect(202).string("id"));
    assertThat(waiting.shown().string("requester")).isEqualTo("api-key:alices");

    refused(waiting.approve("alice", ALICE), "self-approval");
    alice
        .get("/api/v1/api-keys")
        .expect(200)
        .texts("id")
        .forEach(id -> alice.delete("/api/v1/api-keys/" + id).expect(204));
    refused(waiting.approve("alice", ALICE), "self-approval");

    waiting.approve("bob", BOB).expect(200);
    assertThat(waiting.approve("carol", CAROL).expect(200).string("state")).isEqualTo("ready");
  }

  /** One bad word is told to whoever handed it in, and holds up nobody else's. */
  @Test
  void whatTheWorkerDoesNotTakeIsNotKept() throws Exception {
    Waiting request = waiting();
    Waiting other = waiting();
    Approval word = request.word("alice", Decision.APPROVE);

    refused(request.handIn(word, MALLORY), "approver-unknown");
    refused(request.handIn(word, BOB), "approval-invalid");
    refused(other.handIn(word, ALICE), "approval-other-request");
    refused(
        request.handIn(
            new Approval(
                word.request(),
                word.policy(),
                word.requester(),
                "alice",
                Decision.APPROVE,
                word.notAfter().plus(Duration.ofDays(40)),
                word.nonce(),
                Optional.empty()),
            ALICE),
        "approval-too-long");
    String changed = new String(sealed(word, ALICE).toByteArray(), StandardCharsets.UTF_8);
    int at = changed.indexOf("\"sig\":\"") + 12;
    char another = changed.charAt(at) == 'A' ? 'B' : 'A';
    refused(
        request.handIn(
            Bytes.copyOf(
                (changed.substring(0, at) + another + changed.substring(at + 1))
                    .getBytes(StandardCharsets.UTF_8))),
        "approval-invalid");
    clock.advance(Duration.ofHours(5));
    refused(request.handIn(word, ALICE), "approval-expired");

    assertThat(request.shown().objects("approvals", 9)).isEmpty();
    request.approve("alice", ALICE).expect(200);
    assertThat(request.approve("bob", BOB).expect(200).string("state")).isEqualTo("ready");
  }

  @Test
  void onePersonApprovesOnceAndMayTakeItBack() throws Exception {
    Waiting request = waiting();
    request.approve("alice", ALICE).expect(200);
    assertThat(request.approve("alice", ALICE).expectProblem(409, "conflict").text())
        .contains("approved this request already");
    request.handIn(request.word("bob", Decision.REVOKE), BOB).expectProblem(409, "conflict");
    request.handIn(request.word("alice", Decision.REVOKE), ALICE).expect(200);
    assertThat(request.approve("bob", BOB).expect(200).string("state"))
        .isEqualTo("awaiting-approval");
    assertThat(request.approve("alice", ALICE).expect(200).string("state")).isEqualTo("ready");
    request.handIn(request.word("alice", Decision.REVOKE), ALICE).expectProblem(409, "conflict");
  }

  /** A retry, or anybody who has the bytes, gives no word back that was taken back. */
  @Test
  void aWordThatWasTakenBackIsNotHandedInAgain() throws Exception {
    Waiting request = waiting();
    Approval word = request.word("alice", Decision.APPROVE);
    Bytes envelope = sealed(word, ALICE);
    request.handIn(envelope).expect(200);
    request.handIn(request.word("alice", Decision.REVOKE), ALICE).expect(200);
    refused(request.handIn(envelope), "approval-taken-back");
    byte[] spaced =
        (new String(envelope.toByteArray(), StandardCharsets.UTF_8) + "\n")
            .getBytes(StandardCharsets.UTF_8);
    assertThat(request.handIn(Bytes.copyOf(spaced)).status()).isNotEqualTo(200);
    assertThat(request.approve("bob", BOB).expect(200).string("state"))
        .isEqualTo("awaiting-approval");
  }

  /** Whoever writes to the database makes the service forget, and not the worker. */
  @Test
  void aWordThatWasTakenBackIsRefusedByTheWorkerWhateverTheDatabaseSays() throws Exception {
    Waiting request = waiting();
    request.approve("alice", ALICE).expect(200);
    request.handIn(request.word("alice", Decision.REVOKE), ALICE).expect(200);
    assertThat(forgetRevocation(request)).isEqualTo(1);
    assertThat(request.shown().objects("approvals", 9)).hasSize(1);
    assertThat(request.approve("bob", BOB).expect(200).string("state"))
        .isEqualTo("awaiting-approval");
    assertThat(request.approve("carol", CAROL).expect(200).string("state")).isEqualTo("ready");
  }

  private int forgetRevocation(Waiting request) {
    UUID id = UUID.fromString(request.path.substring("/api/v1/requests/".length()));
    jdbc.sql("delete from request_approval where request = ? and decision = 'REVOKE'")
        .param(id)
        .update();
    return jdbc.sql("update request_approval set taken_back = null where request = ?")
        .param(id)
        .update();
  }

  /** One that came back from a backup does not know what was taken back since. */
  @Test
  void aWorkerIsToldAgainAtTheStartWhatWasTakenBack() throws Exception {
    Waiting request = waiting();
    request.approve("alice", ALICE).expect(200);
    jdbc.sql("update request_approval set taken_back = received where request = ?")
        .param(UUID.fromString(request.path.substring("/api/v1/requests/".length())))
        .update();
    retold.onReady();
    assertThat(forgetRevocation(request)).isEqualTo(1);
    assertThat(request.approve("bob", BOB).expect(200).string("state"))
        .isEqualTo("awaiting-approval");
  }

  /** One administrator does not let go what people were to approve. */
  @Test
  void aLooserPolicyDoesNotLetGoWhatWaits() throws Exception {
    Waiting request = waiting("{'approvals':3}", "");
    admin.put(request.story.base + "/policy", "{}").expect(200);
    request.approve("alice", ALICE).expect(200);
    assertThat(request.approve("bob", BOB).expect(200).string("state"))
        .isEqualTo("awaiting-approval");
    assertThat(request.shown().integer("approvalsNeeded", 0, 9)).isEqualTo(3);
    assertThat(request.approve("carol", CAROL).expect(200).string("state")).isEqualTo("ready");
  }

  /** A request does not grow for ever; whoever plays with it can be answered by a rejection. */
  @Test
  void noMoreWordsAreKeptThanAWorkerTakes() throws Exception {
    Waiting request = waiting();
    for (int i = 0; i < 32; i++) {
      request.approve("alice", ALICE).expect(200);
      request.handIn(request.word("alice", Decision.REVOKE), ALICE).expect(200);
    }
    assertThat(request.approve("alice", ALICE).expectProblem(409, "conflict").text())
        .contains("too many words");
    assertThat(request.state()).isEqualTo("awaiting-approval");
  }

  @Test
  void anEnvelopeThatIsTooLongIsRefused() {
    Waiting request = waiting();
    request
        .handIn(Bytes.copyOf(new byte[RequestApprovals.MAX_ENVELOPE_BYTES + 1]))
        .expectProblem(400, "bad-request");
  }

  @Test
  void anApprovalThatLapsedMeanwhileDoesNotCount() throws Exception {
    Waiting request = waiting();
    request.approve("alice", ALICE).expect(200);
    clock.advance(Duration.ofHours(5));
    assertThat(request.approve("bob", BOB).expect(200).string("state"))
        .isEqualTo("awaiting-approval");
    assertThat(request.approve("alice", ALICE).expect(200).string("state")).isEqualTo("ready");
  }

  @Test
  void anApprovalThatWaitsForOthersEndsBeforeItsRequest() throws Exception {
    Waiting request = waiting();
    String id = request.shown().string("id");
    request.approve("alice", ALICE).expect(200);
    assertThat(endings.endings())
        .filteredOn(ending -> ending.what().endsWith(id))
        .satisfiesExactly(
            ending -> assertThat(ending.what()).isEqualTo("waiting request " + id),
            ending -> {
              assertThat(ending.what()).isEqualTo("approval by alice of request " + id);
              assertThat(ending.at()).isBefore(clock.instant().plus(Duration.ofHours(4)));
              assertThat(ending.ahead()).isBetween(Duration.ofMinutes(59), Duration.ofHours(1));
            });
    clock.advance(Duration.ofHours(5));
    assertThat(endings.endings())
        .filteredOn(ending -> ending.what().endsWith(id))
        .as("what has lapsed ends no more")
        .hasSize(1);
    assertThat(admin.get("/actuator/prometheus").text())
        .as("it is counted now")
        .containsPattern("(?m)^signer_approvals_lapsed [1-9]");
  }

  @Test
  void nobodyApprovesARequestOfAMonthAgo() throws Exception {
    Waiting request = waiting();
    clock.advance(Approval.LONGEST.plusDays(1));
    cycle.resume();
    clock.reset();
    assertThat(request.state()).isEqualTo("failed");
    assertThat(request.shown().object("refusal").string("reason")).isEqualTo("approvals-lapsed");
    assertThat(admin.get("/actuator/prometheus").text())
        .containsPattern("(?m)^signer_requests_lapsed_total [1-9]");
  }

  @Test
  void aRejectedRequestIsOver() throws Exception {
    Waiting request = waiting();
    request.approve("alice", ALICE).expect(200);
    admin.post(request.path + "/reject", "{'reason':' '}").expectProblem(400, "bad-request");
    Answer over = admin.post(request.path + "/reject", "{'reason':'wrong branch'}").expect(200);
    assertThat(over.string("state")).isEqualTo("failed");
    assertThat(over.text()).contains("wrong branch");
    request.approve("bob", BOB).expectProblem(409, "conflict");
    admin.post(request.path + "/reject", "{'reason':'once more'}").expectProblem(409, "conflict");
  }

  /** Whoever comes second finds it signed; nobody signs it twice. */
  @Test
  void approversWhoComeAtOnceSignOnce() throws Exception {
    Waiting request = waiting();
    request.approve("alice", ALICE).expect(200);
    Bytes bobs = sealed(request.word("bob", Decision.APPROVE), BOB);
    Bytes carols = sealed(request.word("carol", Decision.APPROVE), CAROL);
    CompletableFuture<Answer> first = CompletableFuture.supplyAsync(() -> request.handIn(bobs));
    CompletableFuture<Answer> second = CompletableFuture.supplyAsync(() -> request.handIn(carols));
    List<Integer> answers = List.of(first.get().status(), second.get().status());
    assertThat(answers).containsExactlyInAnyOrder(200, 409);
    assertThat(request.state()).isEqualTo("ready");
    assertThat(request.shown().integer("attempts", 0, 99)).isEqualTo(1);
  }

  @Test
  void anApproverReadsThePayloadThatWillBeSigned() throws Exception {
    Waiting request = waiting();
    Answer payload = admin.get(request.path + "/payload").expect(200);
    assertThat(Digest.of(payload.body()).hex())
        .isEqualTo(
            request.shown().object("document").objects("payloads", 9).get(0).string("sha256"));
  }

  @Test
  void whatIsNoApprovalIsRefused() {
    Waiting request = waiting();
    admin.post(request.path + "/approvals", "{}").expectProblem(400, "bad-request");
    admin.post(request.path + "/approvals", "{'envelope':'!'}").expectProblem(400, "bad-request");
    refused(
        request.handIn(Bytes.copyOf("{}".getBytes(StandardCharsets.UTF_8))), "approval-invalid");
    admin
        .post("/api/v1/requests/no-uuid/approvals", "{'envelope':'e30='}")
        .expectProblem(404, "not-found");
  }
}
