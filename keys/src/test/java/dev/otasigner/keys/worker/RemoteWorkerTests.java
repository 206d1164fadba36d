package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.KeyOperationException.NameTaken;
import dev.otasigner.keys.KeyOperationException.NoSuchKey;
import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** A worker that is a process of its own, on a SoftHSM token: it is a worker like any other. */
@SuppressWarnings("NullAway.Init")
@Timeout(value = 100, threadMode = ThreadMode.SEPARATE_THREAD)
class RemoteWorkerTests {
  private static final KeySpec SPEC =
      new KeySpec("field", SignatureSuite.ECDSA_P256_SHA256, KeyPurpose.MANIFEST);
  private static final SigningInput MANIFEST = Contents.manifest("sensor");
  private static final Digest REQUEST = Digest.of(new byte[] {1});

  @TempDir Path directory;
  private HsmDirectory hsm;
  private RemoteWorker worker;

  @BeforeEach
  void start() throws Exception {
    hsm = HsmDirectory.in(directory);
    worker = RemoteWorker.start(hsm.launch(), WorkerPatience.USUAL, news -> {});
  }

  @AfterEach
  void close() {
    if (worker != null) {
      worker.close();
    }
  }

  @Test
  void aKeyOfItsTokenSigns() throws Exception {
    TokenKey key = worker.create(SPEC);
    Bytes signature = worker.sign(WorkerRequest.unattended(REQUEST, key.keyId(), MANIFEST));
    key.publicKey().verify(MANIFEST.bytes().toByteArray(), signature.toByteArray());
    assertThat(worker.find("field")).contains(key);
    assertThat(worker.find("other")).isEmpty();
    assertThat(worker.rule(key.keyId())).map(Rule::purpose).contains(KeyPurpose.MANIFEST);
    assertThat(worker.rule(REQUEST)).isEmpty();
    assertThat(worker.outOfService()).isEmpty();
  }

  @Test
  void aHashIsSignedAsAHash() throws Exception {
    TokenKey key =
        worker.create(new KeySpec("image", SignatureSuite.RSA_PSS_2048_SHA256, KeyPurpose.IMAGE));
    byte[] hash = Digest.digest("SHA-256").digest(new byte[] {7});
    SigningInput input = SigningInput.hash(hash, "SHA-256");
    Bytes signature = worker.sign(WorkerRequest.unattended(REQUEST, key.keyId(), input));
    key.publicKey().verifyHash(hash, signature.toByteArray());
  }

  @Test
  void aRefusalComesWithItsTypeAndCode() {
    TokenKey key = worker.create(SPEC);
    assertThatThrownBy(
            () ->
                worker.sign(WorkerRequest.unattended(REQUEST, key.keyId(), Contents.role("root"))))
        .isInstanceOfSatisfying(
            Refused.class, refused -> assertThat(refused.code()).isEqualTo(RefusalCode.CONTENT));
    worker.retire(key.keyId());
    assertThatThrownBy(() -> worker.sign(WorkerRequest.unattended(REQUEST, key.keyId(), MANIFEST)))
        .isInstanceOfSatisfying(
            Refused.class, refused -> assertThat(refused.code()).isEqualTo(RefusalCode.RULE_ENDED));
    assertThatThrownBy(() -> worker.create(SPEC)).isInstanceOf(NameTaken.class);
    assertThatThrownBy(() -> worker.create(new KeySpec("ca", SPEC.suite(), KeyPurpose.DEVICE_CA)))
        .isInstanceOf(NotSupported.class)
        .hasMessageContaining("device-ca");
    assertThatThrownBy(() -> worker.destroy(REQUEST))
        .isInstanceOfSatisfying(
            NoSuchKey.class, missing -> assertThat(missing.keyId()).isEqualTo(REQUEST));
    worker.destroy(key.keyId());
    assertThat(worker.find("field")).isEmpty();
  }

  @Test
  void whatIsTooLongForAFrameIsNotSent() {
    TokenKey key = worker.create(SPEC);
    SigningInput huge = SigningInput.message(new byte[WorkerProtocol.MAX_BODY_BYTES]);
    assertThatThrownBy(() -> worker.sign(WorkerRequest.unattended(REQUEST, key.keyId(), huge)))
        .isInstanceOf(NotSupported.class);
    assertThat(worker.find("field")).as("the process lives on").isPresent();
  }

  @Test
  void aClosedWorkerAnswersNothing() {
    worker.create(SPEC);
    worker.close();
    assertThatThrownBy(() -> worker.find("field")).isInstanceOf(TokenUnavailable.class);
  }
}
