package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeyOperationException.WrongSignature;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A key that signed wrongly stays out of service, whatever becomes of the disk and the process. */
@SuppressWarnings("NullAway.Init")
class WrongSignatureTests {
  @TempDir Path directory;
  private final FakeToken token = new FakeToken();
  private FakeDisk disk = new FakeDisk();
  private TokenWorker worker;
  private WorkerRequest wrong;
  private WorkerRequest other;

  @BeforeEach
  void twoKeys() {
    open();
    wrong = request("wrong");
    other = request("other");
  }

  private void open() {
    worker = TokenWorker.open(directory, token, new MovingClock(), () -> disk);
  }

  /** Killed: what was not forced is gone. */
  private void restart() {
    worker.close();
    disk = new FakeDisk(disk.durable());
    open();
  }

  @AfterEach
  void close() {
    worker.close();
  }

  private WorkerRequest request(String name) {
    TokenKey key = worker.create(new KeySpec(name, SignatureSuite.ED25519, KeyPurpose.MANIFEST));
    return WorkerRequest.unattended(
        Digest.of(new byte[] {1}), key.keyId(), Contents.manifest("sensor"));
  }

  /** The disk is full when the token gives the signature. */
  private void signWronglyOnAFullDisk() {
    token.beforeSigning = input -> disk.roomBytes = (int) disk.sizeBytes();
    signWrongly();
  }

  private void signWrongly() {
    token.signsWrongly = true;
    assertThatThrownBy(() -> worker.sign(wrong)).isInstanceOf(WrongSignature.class);
    token.signsWrongly = false;
    token.beforeSigning = input -> {};
  }

  private void assertOutOfService() {
    Refused refused = catchThrowableOfType(Refused.class, () -> worker.sign(wrong));
    assertThat(refused).as("a refusal").isNotNull();
    assertThat(refused.code()).isEqualTo(RefusalCode.OUT_OF_SERVICE);
    assertThat(worker.outOfService()).containsExactly(wrong.keyId());
    assertThat(worker.sign(other).length()).isPositive();
  }

  @Test
  void asLongAsItsRecordIsOwedNoKeySigns() {
    signWronglyOnAFullDisk();
    int signatures = token.signatures;
    assertThatThrownBy(() -> worker.sign(other))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("No space left");
    assertThatThrownBy(worker::probe).isInstanceOf(TokenUnavailable.class);
    assertThat(token.signatures).isEqualTo(signatures);
  }

  @Test
  void withRoomAgainItIsRecordedBeforeAnotherKeySigns() {
    signWronglyOnAFullDisk();
    disk.roomBytes = Integer.MAX_VALUE;
    worker.probe();
    assertOutOfService();
    restart();
    assertThat(worker.recovery().isClean()).isTrue();
    assertOutOfService();
  }

  @Test
  void theKeyIsOutOfServiceAfterARestartThoughItWasNeverRecorded() {
    signWronglyOnAFullDisk();
    restart();
    assertThat(worker.recovery().interrupted()).isEqualTo(1);
    assertOutOfService();
    restart();
    assertOutOfService();
  }

  @Test
  void aForceThatFailsIsNoWayBackIntoService() {
    token.beforeSigning = input -> disk.cutAt = disk.operations() + 1;
    signWrongly();
    assertThatThrownBy(() -> worker.sign(other)).isInstanceOf(TokenUnavailable.class);
    restart();
    assertOutOfService();
  }

  @Test
  void aWorkerDoesNotStartAsLongAsItCanNotRecordIt() {
    signWronglyOnAFullDisk();
    worker.close();
    disk = new FakeDisk(disk.durable());
    disk.roomBytes = (int) disk.sizeBytes();
    assertThatThrownBy(this::open).isInstanceOf(TokenUnavailable.class);
    disk.roomBytes = Integer.MAX_VALUE;
    open();
    assertOutOfService();
  }

  /** Once recorded, the mark is taken away: a crash later is no wrong signature of other keys. */
  @Test
  void aUseThatIsInterruptedLaterDoesNotTakeItsKeyOutOfService() {
    signWronglyOnAFullDisk();
    disk.roomBytes = Integer.MAX_VALUE;
    worker.probe();
    token.beforeSigning =
        input -> {
          disk.cutAt = disk.operations();
          token.gone = true;
        };
    assertThatThrownBy(() -> worker.sign(other)).isInstanceOf(TokenUnavailable.class);
    token.beforeSigning = input -> {};
    token.gone = false;
    restart();
    assertThat(worker.recovery().interrupted()).isEqualTo(1);
    assertOutOfService();
  }
}
