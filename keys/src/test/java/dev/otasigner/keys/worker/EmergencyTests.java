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
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A request that breaks rules of its product takes one more approval than its keys' rules say. */
@SuppressWarnings("NullAway.Init")
class EmergencyTests {
  private static final TestKey ALICE = TestKey.of(SignatureSuite.ED25519, "alice");
  private static final TestKey BOB = TestKey.of(SignatureSuite.ED25519, "bob");
  private static final Digest POLICY = Digest.of(new byte[] {1});
  private static final SigningInput IMAGE = SigningInput.hash(new byte[32], "SHA-256");

  @TempDir Path directory;
  private final MovingClock clock = new MovingClock();
  private Worker worker;
  private TokenKey key;

  private void open(int minApprovals) {
    new WorkerConfiguration(
            Optional.empty(),
            List.of(new Approver("alice", ALICE.key()), new Approver("bob", BOB.key())),
            Map.of(),
            Map.of(
                KeyPurpose.IMAGE, new WorkerConfiguration.Default(minApprovals, Optional.empty())),
            Set.of())
        .write(directory.resolve(TokenWorker.CONFIGURATION));
    worker = TokenWorker.open(directory, new FakeToken(), clock);
    key = worker.create(new KeySpec("image", SignatureSuite.ECDSA_P256_SHA256, KeyPurpose.IMAGE));
  }

  @AfterEach
  void close() {
    worker.close();
  }

  private Bytes document(boolean emergency) {
    Json.Builder json =
        Json.object()
            .put("requester", "dave")
            .put("keyIds", Json.strings(List.of(key.keyId().hex())))
            .put("manifest", Digest.of(new byte[] {2}))
            .put("toBeSigned", Json.strings(List.of(Digest.of(IMAGE.bytes()).hex())))
            .put("policy", POLICY)
            .put("created", clock.instant());
    if (emergency) {
      json.put("emergency", Json.object().put("reason", "it burns").build());
    }
    return Bytes.copyOf(json.build().canonicalBytes());
  }

  private Bytes sign(Bytes document, TestKey... approvers) {
    List<Bytes> approvals = new ArrayList<>();
    for (TestKey approver : approvers) {
      Approval approval =
          new Approval(
              Digest.of(document),
              POLICY,
              "dave",
              approver == ALICE ? "alice" : "bob",
              Decision.APPROVE,
              clock.instant().plus(Duration.ofHours(1)),
              Bytes.copyOf(new byte[Approval.NONCE_BYTES]),
              Optional.empty());
      Bytes payload = Bytes.copyOf(approval.toJson().textBytes());
      Envelope envelope = new Envelope(Approval.PAYLOAD_TYPE, payload, List.of());
      approvals.add(Bytes.copyOf(approver.sign(envelope).toBytes()));
    }
    return worker.sign(
        new WorkerRequest(
            Digest.of(document), Optional.of(document), key.keyId(), IMAGE, approvals));
  }

  private void assertTooFew(Bytes document, TestKey... approvers) {
    Refused refused = catchThrowableOfType(Refused.class, () -> sign(document, approvers));
    assertThat(refused).as("a refusal").isNotNull();
    assertThat(refused.code()).isEqualTo(RefusalCode.APPROVALS_MISSING);
  }

  @Test
  void anEmergencyTakesOneMoreApproval() {
    open(1);
    assertThat(sign(document(false), ALICE).length()).isPositive();
    assertTooFew(document(true), ALICE);
    assertThat(sign(document(true), ALICE, BOB).length()).isPositive();
  }

  @Test
  void aKeyThatSignsUnattendedDoesNotInAnEmergency() {
    open(0);
    assertThat(sign(document(false)).length()).isPositive();
    assertTooFew(document(true));
    assertThat(sign(document(true), BOB).length()).isPositive();
  }
}
