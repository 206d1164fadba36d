package dev.otasigner.service.keyring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.otasigner.keys.DurableFile;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.service.Admin;
import dev.otasigner.service.PrintedConsole;
import dev.otasigner.service.TemporaryData;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.testing.TestKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** A service whose worker asks for one approval of each image, spoken to over HTTP. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(PrintedConsole.class)
class KeysControllerTests {
  private static final TestKey ALICE = TestKey.of(SignatureSuite.ED25519, "alice");
  private static final SigningInput IMAGE = SigningInput.hash(new byte[32], "SHA-256");
  private static @org.jspecify.annotations.Nullable Admin custodian;

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private Keyring keyring;
  @Autowired private KeySignatures signatures;
  @Autowired private JdbcTemplate database;

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) {
    Path worker = TemporaryData.register(registry).resolve("worker");
    String rule = "{'purpose':'%s','minApprovals':%d}";
    String defaults =
        String.join(
            ",",
            List.of(
                String.format(Locale.ROOT, rule, "image", 1),
                String.format(Locale.ROOT, rule, "manifest", 0),
                String.format(Locale.ROOT, rule, "audit", 0),
                String.format(Locale.ROOT, rule, "device-ca", 0),
                String.format(Locale.ROOT, rule, "server-tls", 0)));
    String approver = "{'person':'alice','spki':'" + ALICE.key().spki().base64() + "'}";
    String json =
        "{'schema':1,'approvers':[" + approver + "],'rules':[],'defaults':[" + defaults + "]}";
    try {
      DurableFile.createDirectories(worker);
      DurableFile.replace(
          worker.resolve("worker.json"), json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Admin admin = Admin.anonymous(0);

  @BeforeEach
  void signIn() {
    if (custodian == null) {
      custodian = Admin.withEveryRole(port, printed.password());
    }
    admin = custodian;
  }

  private Admin.Answer create(String name, String purpose, String suite) {
    return admin.post(
        "/api/v1/keys",
        "{'name':'" + name + "','purpose':'" + purpose + "','suite':'" + suite + "'}");
  }

  @Test
  void aKeyIsMadeShownActivatedAndRetired() throws Exception {
    Admin.Answer made = create("life", "manifest", "ed25519").expect(201);
    assertThat(made.string("state")).isEqualTo("pre-activation");
    String id = made.string("keyId");
    assertThat(Digest.of(made.json().base64("spki", 4096)).hex()).isEqualTo(id);
    admin.post("/api/v1/keys/life/activate", "").expect(200);
    admin.post("/api/v1/keys/" + id + "/deactivate", "{'reason':'too old'}").expect(200);
    Fields shown = admin.get("/api/v1/keys/life").expect(200).json();
    List<Fields> states = shown.objects("states", 10);
    assertThat(states).hasSize(3);
    assertThat(states.get(2).string("state")).isEqualTo("deactivated");
    assertThat(states.get(2).string("reason")).isEqualTo("too old");
    assertThat(states.get(2).string("actor")).startsWith("user:");
    assertThat(admin.get("/api/v1/keys").expect(200).text()).contains(id);
  }

  @Test
  void thePublicKeyIsGivenAsPem() {
    String spki = create("shown", "manifest", "ecdsa-p256-sha256").expect(201).string("spki");
    String pem = admin.get("/api/v1/keys/shown/public").expect(200).text();
    assertThat(pem.lines().filter(l -> !l.startsWith("-----")).reduce("", String::concat))
        .isEqualTo(spki);
    assertThat(pem).startsWith("-----BEGIN PUBLIC KEY-----\n").endsWith("-----\n");
  }

  @Test
  void anImportedKeyIsTheOneThatWasSent() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    java.security.KeyPair pair = generator.generateKeyPair();
    String pkcs8 = Base64.getEncoder().encodeToString(pair.getPrivate().getEncoded());
    Admin.Answer made =
        admin
            .post(
                "/api/v1/keys/import",
                "{'name':'field','purpose':'manifest','suite':'rsa-pkcs1-2048-sha256','pkcs8':'"
                    + pkcs8
                    + "'}")
            .expect(201);
    assertThat(made.string("keyId")).isEqualTo(Digest.of(pair.getPublic().getEncoded()).hex());
    assertThat(made.text()).doesNotContain(pkcs8.substring(100, 140));
  }

  @Test
  void whatIsNotUnderstoodIsRefusedWithItsField() {
    create("Not A Name", "manifest", "ed25519").expectProblem(400, "bad-request");
    assertThat(create("k", "manifest", "rsa-1024").expectProblem(400, "bad-request").text())
        .contains("suite");
    assertThat(create("k", "everything", "ed25519").expectProblem(400, "bad-request").text())
        .contains("purpose");
    admin.post("/api/v1/keys", "{").expectProblem(400, "bad-request");
    admin.post("/api/v1/keys", "[]").expectProblem(400, "bad-request");
    assertThat(
            admin
                .post(
                    "/api/v1/keys/import",
                    "{'name':'k','purpose':'manifest','suite':'ed25519','pkcs8':'AAAA'}")
                .expectProblem(400, "bad-request")
                .text())
        .contains("ed25519");
  }

  @Test
  void keysThatOnlyHardwareMayHoldAreRefusedByName() {
    assertThat(create("k", "manifest", "hss-lms").expectProblem(400, "bad-request").text())
        .contains("SP 800-208");
  }

  @Test
  void aKeyThatIsNotThereIsNotFound() {
    admin.get("/api/v1/keys/nothing").expectProblem(404, "not-found");
    admin.post("/api/v1/keys/nothing/activate", "").expectProblem(404, "not-found");
  }

  @Test
  void anIllegalTransitionIsRefused() {
    create("fresh", "manifest", "ed25519").expect(201);
    admin.post("/api/v1/keys/fresh/suspend", "").expectProblem(409, "key-not-usable");
    admin.post("/api/v1/keys/fresh/deactivate", "").expectProblem(409, "key-not-usable");
    admin.post("/api/v1/keys/fresh/destroy", "").expect(200);
    admin.post("/api/v1/keys/fresh/activate", "").expectProblem(409, "key-not-usable");
  }

  @Test
  void healthShowsThatTheTokenSigns() {
    assertThat(Admin.anonymous(port).get("/actuator/health").expect(200).text())
        .contains("\"token\"")
        .contains("\"canSign\":true");
  }

  /** Every API key and every row of the database, and no approver: no signature. */
  @Test
  void whoeverHasTheDatabaseAndEveryRoleGetsNoSignatureWithoutAnApprover() {
    KeyEntry key = activeImageKey("guarded");
    database.update(
        "update keyring_key set purpose = 'TIMESTAMP', state = 'ACTIVE' where key_id = ?",
        key.keyId().hex());
    assertThat(problemOfSigning(key, ApprovingWorker.document(key, IMAGE, "mallory"), List.of()))
        .isEqualTo(ProblemType.APPROVAL_MISSING);
    TestKey own = TestKey.of(SignatureSuite.ED25519, "mallory");
    Bytes document = ApprovingWorker.document(key, IMAGE, "mallory");
    assertThat(
            problemOfSigning(
                key, document, List.of(ApprovingWorker.word(document, "mallory", "alice", own))))
        .isEqualTo(ProblemType.APPROVAL_MISSING);
    SignerException bare =
        catchThrowableOfType(SignerException.class, () -> signatures.sign(key.keyId(), IMAGE));
    assertThat(bare.type()).isEqualTo(ProblemType.APPROVAL_MISSING);
  }

  @Test
  void withTheApproversWordItSigns() throws RejectedException {
    KeyEntry key = activeImageKey("approved");
    Bytes document = ApprovingWorker.document(key, IMAGE, "dave");
    byte[] signature =
        signatures.sign(
            key.keyId(),
            document,
            IMAGE,
            List.of(ApprovingWorker.word(document, "dave", "alice", ALICE)));
    key.key().verifyHash(IMAGE.bytes().toByteArray(), signature);
  }

  private KeyEntry activeImageKey(String name) {
    return keyring.activate(
        keyring.create(name, KeyPurpose.IMAGE, SignatureSuite.ECDSA_P256_SHA256).keyId());
  }

  private ProblemType problemOfSigning(KeyEntry key, Bytes document, List<Bytes> approvals) {
    return catchThrowableOfType(
            SignerException.class, () -> signatures.sign(key.keyId(), document, IMAGE, approvals))
        .type();
  }
}
