package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A worker whose directory came back from a backup. */
@SuppressWarnings("NullAway.Init")
class WorkerRestoredTests {
  private static final SigningInput MANIFEST = Contents.manifest("sensor");

  @TempDir Path directory;
  private final FakeToken token = new FakeToken();
  private final MovingClock clock = new MovingClock();
  private Instant before;
  private TokenKey key;
  private TokenWorker worker;

  @BeforeEach
  void restore() throws IOException {
    worker = TokenWorker.open(directory, token, clock);
    key = worker.create(new KeySpec("k", SignatureSuite.ECDSA_P256_SHA256, KeyPurpose.MANIFEST));
    worker.sign(request(MANIFEST, Optional.of(clock.instant())));
    before = clock.instant();
    clock.advance(Duration.ofHours(1));
    worker.close();
    Restored.mark(directory, clock.instant(), Set.of());
    worker = TokenWorker.open(directory, token, clock);
  }

  @AfterEach
  void close() {
    worker.close();
  }

  private WorkerRequest request(SigningInput input, Optional<Instant> created) {
    Json.Builder document =
        Json.object()
            .put("requester", "bob")
            .put("keyIds", Json.strings(List.of(key.keyId().hex())))
            .put("manifest", Digest.of(new byte[] {1}))
            .put("policy", Digest.of(new byte[] {2}));
    created.ifPresent(at -> document.put("created", at));
    Bytes canonical = Bytes.copyOf(document.build().canonicalBytes());
    return new WorkerRequest(
        Digest.of(canonical), Optional.of(canonical), key.keyId(), input, List.of());
  }

  private RefusalCode refusalOf(WorkerRequest request) {
    Refused refused = catchThrowableOfType(Refused.class, () -> worker.sign(request));
    assertThat(refused).as("a refusal").isNotNull();
    return refused.code();
  }

  /** It may have been signed after the backup, which the journal that came back does not know. */
  @Test
  void aRequestFromBeforeTheRestoreIsNotSignedASecondTime() {
    assertThat(refusalOf(request(Contents.manifest("other"), Optional.of(before))))
        .isEqualTo(RefusalCode.BEFORE_RESTORE);
  }

  @Test
  void aRequestThatDoesNotSayWhenItWasMadeIsNotSigned() {
    assertThat(refusalOf(request(Contents.manifest("other"), Optional.empty())))
        .isEqualTo(RefusalCode.BEFORE_RESTORE);
  }

  @Test
  void aRequestMadeSinceIsSigned() {
    assertThat(worker.sign(request(Contents.manifest("other"), Optional.of(clock.instant()))))
        .isNotNull();
  }

  @Test
  void aRequestThatTheJournalKnowsGetsTheSignatureOfThen() {
    assertThat(worker.sign(request(MANIFEST, Optional.of(before)))).isNotNull();
    assertThat(token.signatures).isEqualTo(1);
  }

  /** Without a document nothing tells when it was made, nor that it is the same request. */
  @Test
  void aRequestWithoutDocumentUnderAnotherNameThanItsContentIsNotSigned() {
    Digest name = Digest.of(new byte[] {3});
    assertThat(refusalOf(WorkerRequest.unattended(name, key.keyId(), MANIFEST)))
        .isEqualTo(RefusalCode.BEFORE_RESTORE);
  }

  /** As the catalogue's roles are: the same bytes are the same request, whenever. */
  @Test
  void aRequestThatIsNamedByItsContentIsSigned() {
    Digest content = Digest.of(MANIFEST.bytes());
    assertThat(worker.sign(WorkerRequest.unattended(content, key.keyId(), MANIFEST))).isNotNull();
  }

  @Test
  void aDocumentThatIsNotTheRequestsDoesNotVouchForIt() {
    WorkerRequest since = request(MANIFEST, Optional.of(clock.instant()));
    WorkerRequest borrowed =
        new WorkerRequest(
            Digest.of(new byte[] {4}), since.document(), key.keyId(), MANIFEST, List.of());
    assertThat(refusalOf(borrowed)).isEqualTo(RefusalCode.BEFORE_RESTORE);
  }

  @Test
  void keysThatSignUnattendedGoOn() {
    TokenKey timestamp =
        worker.create(new KeySpec("t", SignatureSuite.ED25519, KeyPurpose.TIMESTAMP));
    assertThat(
            worker.sign(
                WorkerRequest.unattended(
                    Digest.of(new byte[] {5}), timestamp.keyId(), Contents.role("timestamp"))))
        .isNotNull();
  }
}
