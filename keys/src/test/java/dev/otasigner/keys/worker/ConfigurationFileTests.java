package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.Limits;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.testing.TestKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A person edits the worker's file while the worker runs. */
@SuppressWarnings("NullAway.Init")
class ConfigurationFileTests {
  private static final Limits FIVE_A_DAY =
      new Limits(Optional.empty(), Optional.empty(), Optional.of(5L));

  @TempDir Path directory;
  private final FakeToken token = new FakeToken();
  private TokenWorker worker;
  private TokenKey key;

  @BeforeEach
  void open() {
    worker = TokenWorker.open(directory, token, new MovingClock());
    key = worker.create(new KeySpec("k", SignatureSuite.ED25519, KeyPurpose.MANIFEST));
  }

  @AfterEach
  void close() {
    worker.close();
  }

  private void edit(String from, String to) throws IOException {
    Path file = directory.resolve(TokenWorker.CONFIGURATION);
    String text = Files.readString(file);
    assertThat(text).contains(from);
    Files.writeString(file, text.replace(from, to));
  }

  private void addApprover(TestKey approver) throws IOException {
    String spki = approver.key().spki().base64();
    edit("\"approvers\": []", "\"approvers\": [{\"person\":\"eve\",\"spki\":\"" + spki + "\"}]");
  }

  private int approvers() {
    return WorkerConfiguration.read(directory.resolve(TokenWorker.CONFIGURATION))
        .approvers()
        .size();
  }

  @Test
  void anApproverWhoseKeyLiesInTheTokenIsNotTakenUp() throws IOException {
    TestKey inTheToken = TestKey.of(SignatureSuite.ED25519, "k");
    assertThat(inTheToken.keyId()).isEqualTo(key.keyId());
    addApprover(inTheToken);
    assertThatThrownBy(() -> worker.narrow(key.keyId(), FIVE_A_DAY))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("eve");
    assertThatThrownBy(
            () -> worker.create(new KeySpec("l", SignatureSuite.ED25519, KeyPurpose.MANIFEST)))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("eve");
    assertThat(token.find("l")).isEmpty();
  }

  @Test
  void anotherTokenIsNotTakenUpBeforeANewStart() throws IOException {
    edit("\"schema\": 1", "\"schema\": 1, \"token\": \"pkcs11:token=other\"");
    assertThatThrownBy(() -> worker.retire(key.keyId()))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("start it again");
  }

  @Test
  void anotherApproverIsTakenUpWithTheNextChangeAndStays() throws IOException {
    addApprover(TestKey.of(SignatureSuite.ED25519, "eve"));
    worker.narrow(key.keyId(), FIVE_A_DAY);
    assertThat(approvers()).isEqualTo(1);
    assertThat(worker.rule(key.keyId()).flatMap(Rule::quota)).contains(5L);
    assertThat(
            worker
                .sign(
                    WorkerRequest.unattended(
                        Digest.of(new byte[] {1}), key.keyId(), Contents.manifest("sensor")))
                .length())
        .isPositive();
  }
}
