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
import dev.otasigner.keys.approval.RequestDocument;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.testing.TestKey;
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

/**
 * What a thief of the web tier can make of one manifest that people approved before its images were
 * signed.
 */
@SuppressWarnings("NullAway.Init")
class ApprovedManifestTests {
  private static final TestKey ALICE = TestKey.of(SignatureSuite.ED25519, "alice");
  private static final Digest POLICY = Digest.of(new byte[] {1});
  private static final Digest PAYLOAD = Digest.of(new byte[] {2});
  private static final Digest FOREIGN = Digest.of(new byte[] {3});

  @TempDir Path directory;
  private final FakeToken token = new FakeToken();
  private final MovingClock clock = new MovingClock();
  private Worker worker;
  private TokenKey manifest;

  @BeforeEach
  void open() {
    new WorkerConfiguration(
            Optional.empty(),
            List.of(new Approver("alice", ALICE.key())),
            Map.of(),
            Map.of(KeyPurpose.MANIFEST, new WorkerConfiguration.Default(1, Optional.empty())),
            Set.of())
        .write(directory.resolve(TokenWorker.CONFIGURATION));
    worker = TokenWorker.open(directory, token, clock);
    manifest = worker.create(new KeySpec("manifest", SignatureSuite.ED25519, KeyPurpose.MANIFEST));
  }

  @AfterEach
  void close() {
    worker.close();
  }

  /** The request for a manifest that is approved without its images. */
  private Bytes document(byte[] payload) throws RejectedException {
    Json file =
        Json.object().put("sha256", PAYLOAD).put("length", 1).put("kind", "payload").build();
    return Bytes.copyOf(
        Json.object()
            .put("requester", "dave")
            .put("keyIds", Json.strings(List.of(manifest.keyId().hex())))
            .put("manifest", RequestDocument.manifestDraft(Bytes.copyOf(payload)))
            .put("payloads", List.of(file))
            .put("policy", POLICY)
            .put("created", clock.instant())
            .build()
            .canonicalBytes());
  }

  private Bytes sign(Bytes document, byte[] payload) {
    Approval approval =
        new Approval(
            Digest.of(document),
            POLICY,
            "dave",
            "alice",
            Decision.APPROVE,
            clock.instant().plus(Duration.ofHours(1)),
            Bytes.copyOf(new byte[Approval.NONCE_BYTES]),
            Optional.empty());
    Envelope envelope =
        new Envelope(Approval.PAYLOAD_TYPE, Bytes.copyOf(approval.toJson().textBytes()), List.of());
    return worker.sign(
        new WorkerRequest(
            Digest.of(document),
            Optional.of(document),
            manifest.keyId(),
            Contents.manifestOf(payload),
            List.of(Bytes.copyOf(ALICE.sign(envelope).toBytes()))));
  }

  private void assertRefused(Bytes document, byte[] payload) {
    Refused refused = catchThrowableOfType(Refused.class, () -> sign(document, payload));
    assertThat(refused).as("a refusal").isNotNull();
    assertThat(refused.code()).isEqualTo(RefusalCode.REQUEST_MISMATCH);
  }

  /** Nothing but the manifest vouches for such an image, so nobody may put another one in. */
  @Test
  void anOpaqueImageThatNobodyApprovedIsNotSigned() throws Exception {
    Bytes document = document(Contents.opaquePayload("sensor", PAYLOAD));
    assertRefused(document, Contents.opaquePayload("sensor", FOREIGN));
    assertThat(token.signatures).isZero();
    assertThat(sign(document, Contents.opaquePayload("sensor", PAYLOAD)).length()).isPositive();
  }

  /** A bootloader that people signed once, and did not approve with this build. */
  @Test
  void aBootloaderThatNobodyApprovedIsNotFilledIn() throws Exception {
    Bytes without = document(Contents.payload("sensor", "image"));
    assertRefused(without, Contents.withBootloader("sensor", "image", "boot-1"));
    Bytes with = document(Contents.withBootloader("sensor", "image", "boot-2"));
    assertRefused(with, Contents.withBootloader("sensor", "image", "boot-1"));
    assertRefused(with, Contents.payload("sensor", "image"));
    assertThat(sign(with, Contents.withBootloader("sensor", "image", "boot-2")).length())
        .isPositive();
  }

  @Test
  void anImageThatNobodyApprovedIsNotFilledIn() throws Exception {
    Bytes document = document(Contents.payload("sensor", "image"));
    assertRefused(document, Contents.withSecondImage("sensor", "image"));
    assertThat(token.signatures).isZero();
  }

  @Test
  void oneRequestGetsOneManifest() throws Exception {
    byte[] first = Contents.payload("sensor", "first image");
    Bytes document = document(first);
    Bytes signature = sign(document, first);
    assertRefused(document, Contents.payload("sensor", "second image"));
    assertThat(sign(document, first)).as("the same one again").isEqualTo(signature);
  }

  @Test
  void oneRequestGetsOneManifestAfterARestartToo() throws Exception {
    byte[] first = Contents.payload("sensor", "first image");
    Bytes document = document(first);
    sign(document, first);
    worker.close();
    worker = TokenWorker.open(directory, token, clock);
    assertRefused(document, Contents.payload("sensor", "second image"));
  }

  @Test
  void anotherManifestIsRefusedWhileTheFirstIsBeingSigned() throws Exception {
    byte[] first = Contents.payload("sensor", "first image");
    byte[] second = Contents.payload("sensor", "second image");
    Bytes document = document(first);
    token.beforeSigning = input -> assertRefused(document, second);
    assertThat(sign(document, first).length()).isPositive();
  }

  /** A signature that failed has not left, so the images may be signed anew. */
  @Test
  void aManifestThatWasNotSignedLeavesRoomForAnother() throws Exception {
    byte[] first = Contents.payload("sensor", "first image");
    Bytes document = document(first);
    token.gone = true;
    assertThat(catchThrowableOfType(RuntimeException.class, () -> sign(document, first)))
        .isNotNull();
    token.gone = false;
    assertThat(sign(document, Contents.payload("sensor", "second image")).length()).isPositive();
  }
}
