package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.keys.approval.Approval;
import dev.otasigner.keys.approval.Approval.Decision;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.testing.TestKey;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An approval that was taken back is worth nothing to the worker, whoever hands it in again. */
@SuppressWarnings("NullAway.Init")
class WorkerRevocationTests {
  private static final TestKey ALICE = TestKey.of(SignatureSuite.ED25519, "alice");
  private static final TestKey EVE = TestKey.of(SignatureSuite.ED25519, "eve");
  private static final Digest POLICY = Digest.of(new byte[] {1});
  private static final SigningInput IMAGE = SigningInput.hash(new byte[32], "SHA-256");

  @TempDir Path directory;
  private final FakeToken token = new FakeToken();
  private final MovingClock clock = new MovingClock();
  private Worker worker;
  private TokenKey image;

  @BeforeEach
  void open() {
    new WorkerConfiguration(
            Optional.empty(),
            List.of(new Approver("alice", ALICE.key())),
            Map.of(),
            Map.of(KeyPurpose.IMAGE, new WorkerConfiguration.Default(1, Optional.empty())),
            Set.of())
        .write(directory.resolve(TokenWorker.CONFIGURATION));
    worker = TokenWorker.open(directory, token, clock);
    image = worker.create(new KeySpec("image", SignatureSuite.ECDSA_P256_SHA256, KeyPurpose.IMAGE));
  }

  @AfterEach
  void close() {
    worker.close();
  }

  private void restart() {
    worker.close();
    worker = TokenWorker.open(directory, token, clock);
  }

  private Bytes document(int number) {
    return Bytes.copyOf(
        Json.object()
            .put("id", "1f0e6d2e-6f0e-4a55-8a4b-1c1c8a3b8b1" + number)
            .put("requester", "dave")
            .put("keyIds", Json.strings(List.of(image.keyId().hex())))
            .put("manifest", POLICY)
            .put("policy", POLICY)
            .put("created", clock.instant())
            .put("toBeSigned", Json.strings(List.of(Digest.of(IMAGE.bytes()).hex())))
            .build()
            .canonicalBytes());
  }

  private Bytes word(Bytes document, Decision decision, int nonce, TestKey key) {
    byte[] random = new byte[Approval.NONCE_BYTES];
    random[0] = (byte) nonce;
    Approval approval =
        new Approval(
            Digest.of(document),
            POLICY,
            "dave",
            "alice",
            decision,
            clock.instant().plus(Duration.ofHours(1)),
            Bytes.copyOf(random),
            Optional.empty());
    Envelope envelope =
        new Envelope(Approval.PAYLOAD_TYPE, Bytes.copyOf(approval.toJson().textBytes()), List.of());
    return Bytes.copyOf(key.sign(envelope).toBytes());
  }

  private Bytes yes(Bytes document) {
    return word(document, Decision.APPROVE, 1, ALICE);
  }

  private Bytes sign(Bytes document, Bytes approval) {
    return worker.sign(
        new WorkerRequest(
            Digest.of(document), Optional.of(document), image.keyId(), IMAGE, List.of(approval)));
  }

  private RefusalCode refusal(Bytes document, Bytes approval) {
    Refused refused = catchThrowableOfType(Refused.class, () -> sign(document, approval));
    assertThat(refused).as("a refusal").isNotNull();
    assertThat(token.signatures).as("the token was not asked").isZero();
    return refused.code();
  }

  private RefusalCode notRevoked(Bytes approval) {
    Refused refused = catchThrowableOfType(Refused.class, () -> worker.revoke(approval));
    assertThat(refused).as("a refusal").isNotNull();
    return refused.code();
  }

  @Test
  void anApprovalThatWasTakenBackIsRefused() {
    Bytes document = document(0);
    worker.revoke(yes(document));
    assertThat(refusal(document, yes(document))).isEqualTo(RefusalCode.APPROVAL_TAKEN_BACK);
    Refused judged =
        catchThrowableOfType(Refused.class, () -> worker.requireApproval(document, yes(document)));
    assertThat(judged.code()).isEqualTo(RefusalCode.APPROVAL_TAKEN_BACK);
  }

  @Test
  void itIsRefusedAfterARestart() {
    Bytes document = document(0);
    worker.revoke(yes(document));
    restart();
    assertThat(refusal(document, yes(document))).isEqualTo(RefusalCode.APPROVAL_TAKEN_BACK);
    restart();
    assertThat(refusal(document, yes(document))).isEqualTo(RefusalCode.APPROVAL_TAKEN_BACK);
  }

  /** Revocations stand in the one chain of records, before and after uses of keys. */
  @Test
  void usesOfKeysGoOnBesideIt() {
    Bytes first = document(0);
    Bytes second = document(1);
    Bytes third = document(2);
    sign(first, yes(first));
    worker.revoke(yes(second));
    sign(third, yes(third));
    restart();
    assertThat(catchThrowableOfType(Refused.class, () -> sign(second, yes(second))).code())
        .isEqualTo(RefusalCode.APPROVAL_TAKEN_BACK);
    assertThat(sign(first, yes(first))).isEqualTo(sign(first, yes(first)));
    assertThat(token.signatures).isEqualTo(2);
  }

  @Test
  void anAuditorReadsTheJournalWithIt() throws Exception {
    JournalAudit.requireInstalled();
    Path empty = Files.createFile(directory.resolve("empty.log"));
    worker.revoke(yes(document(0)));
    JournalAudit audit =
        JournalAudit.of(
            directory.resolve(TokenWorker.JOURNAL),
            empty,
            empty,
            List.of(),
            List.of(image.keyId()));
    assertThat(audit.isClean()).as("%s", audit.found().json()).isTrue();
    assertThat(audit.found().integer("intents", 0, 9)).isZero();
  }

  /** Anybody can write another envelope around what the approver signed. */
  @Test
  void inAnotherEnvelopeItIsRefusedToo() {
    Bytes document = document(0);
    worker.revoke(yes(document));
    String spaced =
        new String(yes(document).toByteArray(), StandardCharsets.UTF_8).replaceFirst("\\{", "{ ");
    Bytes other = Bytes.copyOf(spaced.getBytes(StandardCharsets.UTF_8));
    assertThat(other).isNotEqualTo(yes(document));
    assertThat(refusal(document, other)).isEqualTo(RefusalCode.APPROVAL_TAKEN_BACK);
  }

  @Test
  void aNewWordOfTheSameApproverCounts() {
    Bytes document = document(0);
    worker.revoke(yes(document));
    assertThat(sign(document, word(document, Decision.APPROVE, 2, ALICE)).length()).isPositive();
  }

  /** Nobody fills the worker's memory but by approvals that are good. */
  @Test
  void whatIsWorthNothingIsNotRemembered() throws Exception {
    Bytes document = document(0);
    byte[] before = Files.readAllBytes(directory.resolve(TokenWorker.JOURNAL));
    assertThat(notRevoked(word(document, Decision.APPROVE, 1, EVE)))
        .isEqualTo(RefusalCode.APPROVER_UNKNOWN);
    assertThat(notRevoked(word(document, Decision.REVOKE, 1, ALICE)))
        .isEqualTo(RefusalCode.APPROVAL_INVALID);
    assertThat(notRevoked(Bytes.copyOf(new byte[] {'{'}))).isEqualTo(RefusalCode.APPROVAL_INVALID);
    Bytes lapsed = yes(document);
    clock.advance(Duration.ofHours(1));
    assertThat(notRevoked(lapsed)).isEqualTo(RefusalCode.APPROVAL_EXPIRED);
    assertThat(Files.readAllBytes(directory.resolve(TokenWorker.JOURNAL))).isEqualTo(before);
  }

  @Test
  void takenBackTwiceItIsWrittenOnce() throws Exception {
    Bytes document = document(0);
    worker.revoke(yes(document));
    byte[] once = Files.readAllBytes(directory.resolve(TokenWorker.JOURNAL));
    worker.revoke(yes(document));
    assertThat(Files.readAllBytes(directory.resolve(TokenWorker.JOURNAL))).isEqualTo(once);
  }

  @Test
  void itIsAskedForOverThePipe() throws Exception {
    Bytes document = document(0);
    WorkerCall read = WorkerCall.read(new WorkerCall.Revoke(yes(document)).toJson().textBytes());
    read.ask(worker);
    assertThat(refusal(document, yes(document))).isEqualTo(RefusalCode.APPROVAL_TAKEN_BACK);
  }
}
