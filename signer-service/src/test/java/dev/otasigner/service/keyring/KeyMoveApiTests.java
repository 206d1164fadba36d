package dev.otasigner.service.keyring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.KeyState;
import dev.otasigner.keys.SoftHsmDirectory;
import dev.otasigner.keys.worker.WorkerRequest;
import dev.otasigner.service.Admin;
import dev.otasigner.service.PrintedConsole;
import dev.otasigner.service.TemporaryData;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.json.Json;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** Keys of the service's own token go into SoftHSM. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(PrintedConsole.class)
class KeyMoveApiTests {
  private static final SigningInput IMAGE = SigningInput.hash(new byte[32], "SHA-256");
  private static Admin custodian = Admin.anonymous(0);
  private static boolean signedIn;
  private static Path data = Path.of("");

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private Keyring keyring;
  @Autowired private KeySignatures signatures;
  @Autowired private Tokens tokens;
  @Autowired private JdbcTemplate database;

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) throws Exception {
    data = TemporaryData.register(registry);
    SoftHsmToken.register(registry, data, Set.of());
  }

  @BeforeEach
  void signIn() {
    SoftHsmDirectory.requireModule();
    if (!signedIn) {
      custodian = Admin.withEveryRole(port, printed.password());
      signedIn = true;
    }
  }

  private KeyEntry active(String name, SignatureSuite suite) {
    KeySpec spec = new KeySpec(name, suite, KeyPurpose.IMAGE);
    return keyring.activate(keyring.create(TokenName.SOFTWARE, spec, Optional.empty()).keyId());
  }

  private static Admin.Answer move(KeyEntry key, String token) {
    return custodian.post("/api/v1/keys/" + key.name() + "/move", "{'token':'" + token + "'}");
  }

  /** Named by its content, as it is the same request whenever it is made. */
  private Bytes sign(KeyEntry key) {
    Digest content = Digest.of(IMAGE.bytes());
    return signatures
        .signAll(List.of(WorkerRequest.unattended(content, key.keyId(), IMAGE)))
        .get(0);
  }

  private static Path file(KeyEntry key) {
    return data.resolve("token").resolve(key.keyId().hex() + ".seal");
  }

  private List<String> audited(KeyEntry key, String action) {
    return database.queryForList(
        "select record from audit_leaf where record like ? and record like ?",
        String.class,
        "%key:" + key.name() + "\"%",
        "%" + action + "%");
  }

  @Test
  void aKeyMovesToTheConfiguredModuleAndNowhereElse() throws Exception {
    for (SignatureSuite suite :
        List.of(SignatureSuite.RSA_PSS_2048_SHA256, SignatureSuite.ECDSA_P256_SHA256)) {
      KeyEntry key = active("moves-" + suite.parameter(), suite);
      move(key, "software").expectProblem(400, "bad-request");
      move(key, "pkcs11:token=mine").expectProblem(400, "bad-request");
      Admin.Answer moved = move(key, "hsm").expect(200);
      assertThat(moved.string("token")).isEqualTo("hsm");
      assertThat(moved.string("keyId")).isEqualTo(key.keyId().hex());
      assertThat(moved.text()).as("it lay in a file").contains("\"onceExtractable\":true");
      assertThat(file(key)).doesNotExist();
      key.key().verifyHash(new byte[32], sign(key).toByteArray());
      assertThat(audited(key, "key.moved")).hasSize(1);
      move(key, "hsm").expect(200);
      assertThat(audited(key, "key.moved")).as("once").hasSize(1);
    }
  }

  @Test
  void aKeyThatTheModuleDoesNotTakeStaysAsItWas() throws Exception {
    KeyEntry key = active("stays", SignatureSuite.ED25519);
    assertThat(move(key, "hsm").expectProblem(400, "bad-request").text()).contains("ed25519");
    assertThat(keyring.byName("stays").token()).isEqualTo(TokenName.SOFTWARE);
    assertThat(tokens.software().rule(key.keyId()).orElseThrow().handedOver()).isFalse();
    assertThat(file(key)).exists();
    assertThat(audited(key, "key.moved")).isEmpty();
  }

  @Test
  void aRetiredKeyDoesNotMove() {
    KeyEntry key = active("retired", SignatureSuite.ECDSA_P256_SHA256);
    keyring.deactivate(key.keyId());
    move(key, "hsm").expectProblem(409, "key-not-usable");
  }

  /** The service was killed when the module had taken the key in, before the row was written. */
  private KeyEntry inBoth(String name) {
    KeyEntry key = active(name, SignatureSuite.ECDSA_P256_SHA256);
    IllegalStateException killed =
        catchThrowableOfType(
            IllegalStateException.class,
            () ->
                tokens
                    .software()
                    .move(
                        key.keyId(),
                        tokens.of(TokenName.HSM),
                        () -> {
                          throw new IllegalStateException("killed");
                        }));
    assertThat(killed).hasMessage("killed");
    assertThat(file(key)).exists();
    assertThat(tokens.of(TokenName.HSM).rule(key.keyId())).isPresent();
    return key;
  }

  @Test
  void aMoveThatWasInterruptedIsFinishedWhenAskedAgain() throws Exception {
    KeyEntry key = inBoth("interrupted");
    assertThat(keyring.byName("interrupted").token()).isEqualTo(TokenName.SOFTWARE);
    key.key().verifyHash(new byte[32], sign(key).toByteArray());
    move(key, "hsm").expect(200);
    assertThat(file(key)).doesNotExist();
    key.key().verifyHash(new byte[32], sign(key).toByteArray());
  }

  /**
   * Killed once the row was written: it signs in the module, and the file goes when asked again.
   */
  @Test
  void aKeyWhoseRowWasWrittenIsErasedWhenAskedAgain() {
    KeyEntry key = inBoth("noted");
    database.update("update keyring_key set token = 'HSM' where key_id = ?", key.keyId().hex());
    move(key, "hsm").expect(200);
    assertThat(file(key)).doesNotExist();
  }

  @Test
  void aRowThatNamesTheModuleDoesNotEraseAKeyThatIsNotThere() {
    KeyEntry key = active("only-here", SignatureSuite.ED25519);
    database.update("update keyring_key set token = 'HSM' where key_id = ?", key.keyId().hex());
    move(key, "hsm").expectProblem(400, "bad-request");
    assertThat(file(key)).exists();
  }

  @Test
  void aKeyInBothTokensIsRetiredInBoth() {
    KeyEntry key = inBoth("both");
    keyring.change(key.keyId(), KeyState.COMPROMISED, Optional.empty());
    database.update(
        "update keyring_key set state = 'ACTIVE', token = 'HSM' where key_id = ?",
        key.keyId().hex());
    SignerException refusal = catchThrowableOfType(SignerException.class, () -> sign(key));
    assertThat(refusal.members()).containsEntry("code", new Json.Str("rule-ended"));
  }

  @Test
  void aKeyInBothTokensIsDestroyedInBoth() {
    KeyEntry key = inBoth("undone");
    keyring.change(key.keyId(), KeyState.DEACTIVATED, Optional.empty());
    keyring.change(key.keyId(), KeyState.DESTROYED, Optional.empty());
    assertThat(file(key)).doesNotExist();
    assertThat(tokens.of(TokenName.HSM).find("undone")).isEmpty();
    assertThat(tokens.of(TokenName.HSM).rule(key.keyId())).isEmpty();
  }
}
