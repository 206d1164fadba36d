package dev.otasigner.service.keyring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.SoftHsmDirectory;
import dev.otasigner.keys.worker.WorkerRequest;
import dev.otasigner.service.Admin;
import dev.otasigner.service.PrintedConsole;
import dev.otasigner.service.TemporaryData;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.json.Json;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** A service with a second token, in SoftHSM, beside its own. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(PrintedConsole.class)
class HsmKeysTests {
  private static final SigningInput IMAGE = SigningInput.hash(new byte[32], "SHA-256");
  private static final int TRIES = 6000;
  private static Admin custodian = Admin.anonymous(0);
  private static boolean signedIn;

  @SuppressWarnings("NullAway.Init")
  private static SoftHsmToken hsm;

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private Keyring keyring;
  @Autowired private KeySignatures signatures;
  @Autowired private Tokens tokens;
  @Autowired private JdbcTemplate database;

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) throws Exception {
    hsm = SoftHsmToken.register(registry, TemporaryData.register(registry), Set.of());
  }

  @BeforeEach
  void signIn() {
    SoftHsmDirectory.requireModule();
    if (!signedIn) {
      custodian = Admin.withEveryRole(port, printed.password());
      signedIn = true;
    }
  }

  private Admin.Answer create(String name, String more) {
    return custodian.post(
        "/api/v1/keys",
        "{'name':'" + name + "','purpose':'image','suite':'ecdsa-p256-sha256'" + more + "}");
  }

  private KeyEntry active(TokenName token, String name) {
    KeyEntry key =
        keyring.create(
            token,
            new KeySpec(name, SignatureSuite.ECDSA_P256_SHA256, KeyPurpose.IMAGE),
            Optional.empty());
    return keyring.activate(key.keyId());
  }

  private static WorkerRequest request(String what, KeyEntry key) {
    Digest request = Digest.of(what.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    return WorkerRequest.unattended(request, key.keyId(), IMAGE);
  }

  @Test
  void aKeyIsMadeInTheTokenThatIsNamedAndShownWithIt() {
    assertThat(create("hard", ",'token':'hsm'").expect(201).string("token")).isEqualTo("hsm");
    assertThat(create("soft", "").expect(201).string("token")).isEqualTo("software");
    assertThat(custodian.get("/api/v1/keys/hard").expect(200).string("token")).isEqualTo("hsm");
    create("other", ",'token':'cloud'").expectProblem(400, "bad-request");
    create("hard", ",'token':'software'").expectProblem(409, "conflict");
  }

  @Test
  void aSuiteThatTheTokenDoesNotSignIsRefusedByName() {
    assertThat(
            custodian
                .post(
                    "/api/v1/keys",
                    "{'name':'pq','purpose':'image','suite':'ml-dsa-65','token':'hsm'}")
                .expectProblem(400, "bad-request")
                .text())
        .contains("ml-dsa-65");
  }

  @Test
  void oneRequestIsSignedByKeysOfBothTokens() throws Exception {
    KeyEntry hard = active(TokenName.HSM, "both-hard");
    KeyEntry soft = active(TokenName.SOFTWARE, "both-soft");
    List<Bytes> made = signatures.signAll(List.of(request("both", soft), request("both", hard)));
    soft.key().verifyHash(new byte[32], made.get(0).toByteArray());
    hard.key().verifyHash(new byte[32], made.get(1).toByteArray());
  }

  @Test
  void aKeyOfOtherSoftwareIsAdopted() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(256);
    KeyPair pair = generator.generateKeyPair();
    hsm.token().importForeign("field", pair.getPrivate().getEncoded());
    String spec = "{'name':'field','purpose':'image','suite':'ecdsa-p256-sha256',";
    Admin.Answer made =
        custodian.post("/api/v1/keys/import", spec + "'uri':'pkcs11:object=field'}").expect(201);
    assertThat(made.string("token")).isEqualTo("hsm");
    assertThat(made.string("keyId")).isEqualTo(Digest.of(pair.getPublic().getEncoded()).hex());
    custodian
        .post("/api/v1/keys/import", spec + "'uri':'pkcs11:object=field','pkcs8':'AAAA'}")
        .expectProblem(400, "bad-request");
    custodian
        .post(
            "/api/v1/keys/import",
            "{'name':'none','purpose':'image','suite':'ecdsa-p256-sha256',"
                + "'uri':'pkcs11:object=nothing'}")
        .expectProblem(400, "bad-request");
  }

  /** The tool of the token imported it: a copy lay in a file. */
  @Test
  void aKeyThatCouldBeCopiedBeforeItWasAdoptedIsShownAsSuch() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(256);
    hsm.token().importForeign("copied", generator.generateKeyPair().getPrivate().getEncoded());
    Admin.Answer adopted =
        custodian
            .post(
                "/api/v1/keys/import",
                "{'name':'copied','purpose':'image','suite':'ecdsa-p256-sha256',"
                    + "'uri':'pkcs11:object=copied'}")
            .expect(201);
    assertThat(adopted.text()).contains("\"onceExtractable\":true");
    assertThat(custodian.get("/api/v1/keys/copied").expect(200).text())
        .contains("\"onceExtractable\":true");
    assertThat(create("never-copied", ",'token':'hsm'").expect(201).text())
        .doesNotContain("onceExtractable");
  }

  /** What is refused must not stay in the module, which a changed row could send requests to. */
  @Test
  void aKeyOfTheSoftwareTokenIsNotTakenIntoTheModuleToo() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(256);
    KeyPair pair = generator.generateKeyPair();
    Digest keyId = Digest.of(pair.getPublic().getEncoded());
    String pkcs8 = Base64.getEncoder().encodeToString(pair.getPrivate().getEncoded());
    String spec = "'purpose':'image','suite':'ecdsa-p256-sha256','pkcs8':'" + pkcs8 + "'}";
    custodian.post("/api/v1/keys/import", "{'name':'twin'," + spec).expect(201);

    custodian
        .post("/api/v1/keys/import", "{'name':'second','token':'hsm'," + spec)
        .expectProblem(409, "conflict");
    assertThat(tokens.of(TokenName.HSM).find("second")).isEmpty();
    assertThat(tokens.of(TokenName.HSM).rule(keyId)).isEmpty();

    hsm.token().importForeign("twin", pair.getPrivate().getEncoded());
    custodian
        .post(
            "/api/v1/keys/import",
            "{'name':'third','purpose':'image','suite':'ecdsa-p256-sha256',"
                + "'uri':'pkcs11:object=twin'}")
        .expectProblem(409, "conflict");
    assertThat(tokens.of(TokenName.HSM).rule(keyId).orElseThrow().notAfter()).isPresent();
  }

  /** Whoever writes the database sends the request to a worker that has no such key. */
  @Test
  void aRowThatNamesAnotherTokenGivesNoSignature() {
    KeyEntry key = active(TokenName.HSM, "moved");
    database.update(
        "update keyring_key set token = 'SOFTWARE' where key_id = ?", key.keyId().hex());
    SignerException refusal =
        catchThrowableOfType(
            SignerException.class, () -> signatures.signAll(List.of(request("moved", key))));
    assertThat(refusal.type()).isEqualTo(ProblemType.KEY_NOT_USABLE);
  }

  @Test
  void aTokenThatIsAwayIsSaidToBeAwayAndSignsAgainWhenItIsBack() throws Exception {
    KeyEntry key = active(TokenName.HSM, "away");
    Bytes before = signatures.signAll(List.of(request("away", key))).get(0);
    assertThat(health(200)).contains("\"hsm\"").doesNotContain("\"canSign\":false");
    hsm.token().pullOut();
    try {
      Admin.Answer answer =
          create("late", ",'token':'hsm'").expectProblem(503, "token-unavailable");
      assertThat(answer.text()).contains("\"retryAfterSeconds\":2");
      assertThat(answer.retryAfter()).containsExactly("2");
      assertThat(health(503)).contains("\"canSign\":false").contains("token-unavailable");
      active(TokenName.SOFTWARE, "meanwhile");
    } finally {
      hsm.token().putBack();
    }
    Bytes after = patiently(request("away", key));
    assertThat(after).as("nothing is signed twice").isEqualTo(before);
    assertThat(health(200)).doesNotContain("\"canSign\":false");
    create("late", ",'token':'hsm'").expect(201);
  }

  @Test
  void aKeyIsStoppedAtOnceWhileItsTokenIsAwayAndItsRuleEndsWhenTheTokenIsBack() throws Exception {
    KeyEntry stolen = active(TokenName.HSM, "stolen");
    KeyEntry worn = active(TokenName.HSM, "worn");
    hsm.token().pullOut();
    try {
      health(503); // the worker has noticed
      Admin.Answer answer = custodian.post("/api/v1/keys/stolen/compromise", "").expect(200);
      assertThat(answer.string("state")).isEqualTo("compromised");
      assertThat(answer.text()).contains("\"ruleEndOwed\":true");
      custodian.post("/api/v1/keys/worn/deactivate", "").expect(200);
      assertThat(health(503)).contains("ruleEndsOwed", stolen.keyId().hex(), worn.keyId().hex());
      custodian.post("/api/v1/keys/worn/destroy", "").expectProblem(503, "token-unavailable");
    } finally {
      hsm.token().putBack();
    }
    for (KeyEntry key : List.of(stolen, worn)) {
      awaitRuleEnd(key);
      assertThat(custodian.get("/api/v1/keys/" + key.name()).expect(200).text())
          .doesNotContain("ruleEndOwed");
      database.update(
          "update keyring_key set state = 'ACTIVE' where key_id = ?", key.keyId().hex());
      SignerException refusal =
          catchThrowableOfType(SignerException.class, () -> patiently(request("stopped", key)));
      assertThat(refusal.members()).containsEntry("code", new Json.Str("rule-ended"));
    }
    assertThat(health(200)).doesNotContain("ruleEndsOwed");
  }

  private void awaitRuleEnd(KeyEntry key) {
    for (int i = 0; keyring.byId(key.keyId()).ruleEndOwed() && i < TRIES; i++) {
      LockSupport.parkNanos(10_000_000);
    }
  }

  private Bytes patiently(WorkerRequest request) {
    for (int i = 0; ; i++) {
      try {
        return signatures.signAll(List.of(request)).get(0);
      } catch (SignerException e) {
        if (e.type() != ProblemType.TOKEN_UNAVAILABLE || i > TRIES) {
          throw e;
        }
        LockSupport.parkNanos(10_000_000);
      }
    }
  }

  /** Once a token's last answer is no longer held, health tells how it is now. */
  private String health(int status) {
    for (int i = 0; i < TRIES; i++) {
      if (Admin.anonymous(port).get("/actuator/health").status() == status) {
        break;
      }
      LockSupport.parkNanos(10_000_000);
    }
    return Admin.anonymous(port).get("/actuator/health").expect(status).text();
  }
}
