package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys for digests that nobody can judge. */
@SuppressWarnings("NullAway.Init")
class BareDigestTests {
  private static final Digest DIGEST = Digest.of(new byte[] {1});

  @TempDir Path directory;
  private final FakeToken token = new FakeToken();
  private final MovingClock clock = new MovingClock();
  private TokenWorker worker;

  @BeforeEach
  void open() {
    worker = TokenWorker.open(directory, token, clock);
  }

  @AfterEach
  void close() {
    worker.close();
  }

  private TokenKey create(SignatureSuite suite) {
    return worker.create(new KeySpec("k-" + suite.code(), suite, KeyPurpose.BARE_DIGEST));
  }

  private void allow(int minApprovals) throws IOException {
    worker.close();
    Path file = directory.resolve(TokenWorker.CONFIGURATION);
    String member = "{\"minApprovals\":" + minApprovals + ",\"purpose\":\"bare-digest\"},";
    String text = Files.readString(file).replaceFirst("\"defaults\"\\s*:\\s*\\[", "$0" + member);
    assertThat(text).contains(member);
    Files.writeString(file, text);
    open();
  }

  private RefusalCode refusalOf(TokenKey key, SigningInput input, Bytes... approvals) {
    WorkerRequest request =
        new WorkerRequest(DIGEST, Optional.empty(), key.keyId(), input, List.of(approvals));
    Refused refused = catchThrowableOfType(Refused.class, () -> worker.sign(request));
    assertThat(refused).as("a refusal").isNotNull();
    return refused.code();
  }

  private static SigningInput message(int bytes) {
    return SigningInput.message(new byte[bytes]);
  }

  @Test
  void byDefaultNoKeyIsMadeForThem() {
    assertThatThrownBy(() -> create(SignatureSuite.ECDSA_P256_SHA256))
        .isInstanceOf(NotSupported.class)
        .hasMessageContaining("bare-digest");
  }

  @Test
  void whereTheWorkersFileListsThemADigestIsSignedAndJournalled() throws Exception {
    allow(0);
    TokenKey key = create(SignatureSuite.ECDSA_P256_SHA256);
    SigningInput input = SigningInput.hash(DIGEST.bytes(), "SHA-256");
    Bytes signature = worker.sign(WorkerRequest.unattended(DIGEST, key.keyId(), input));
    input.verify(key.publicKey(), signature.toByteArray());
    assertThat(worker.sign(WorkerRequest.unattended(DIGEST, key.keyId(), input)))
        .as("one request has one signature")
        .isEqualTo(signature);
  }

  @Test
  void nothingButADigestOfTheSuitesLengthIsSigned() throws Exception {
    allow(0);
    TokenKey p256 = create(SignatureSuite.ECDSA_P256_SHA256);
    assertThat(refusalOf(p256, SigningInput.hash(new byte[48], "SHA-384")))
        .isEqualTo(RefusalCode.CONTENT);
    assertThat(refusalOf(p256, message(32))).isEqualTo(RefusalCode.CONTENT);
    assertThat(refusalOf(p256, Contents.manifest("sensor"))).isEqualTo(RefusalCode.CONTENT);
    TokenKey ed25519 = create(SignatureSuite.ED25519);
    for (int bytes : new int[] {0, 31, 33, 48, 65}) {
      assertThat(refusalOf(ed25519, message(bytes))).isEqualTo(RefusalCode.CONTENT);
    }
    worker.sign(WorkerRequest.unattended(DIGEST, ed25519.keyId(), message(32)));
    worker.sign(WorkerRequest.unattended(DIGEST, ed25519.keyId(), message(64)));
  }

  @Test
  void aKeyWhoseRuleAsksForApprovalsSignsNone() throws Exception {
    allow(1);
    TokenKey key = create(SignatureSuite.ECDSA_P256_SHA256);
    assertThat(refusalOf(key, SigningInput.hash(DIGEST.bytes(), "SHA-256")))
        .isEqualTo(RefusalCode.APPROVALS_MISSING);
  }

  @Test
  void anApprovalOfABareDigestIsWorthNothing() throws Exception {
    allow(0);
    TokenKey key = create(SignatureSuite.ECDSA_P256_SHA256);
    assertThat(
            refusalOf(
                key, SigningInput.hash(DIGEST.bytes(), "SHA-256"), Bytes.copyOf(new byte[] {1})))
        .isEqualTo(RefusalCode.APPROVALS_MISSING);
  }
}
