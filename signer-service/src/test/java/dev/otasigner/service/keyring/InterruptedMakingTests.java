package dev.otasigner.service.keyring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.keys.soft.Argon2Cost;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.keys.soft.SoftwareToken;
import dev.otasigner.service.Admin;
import dev.otasigner.service.PrintedConsole;
import dev.otasigner.service.TemporaryData;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/**
 * The service starts over what a kill has left: keys that lie in the token, and have neither a rule
 * nor a row yet. Of {@code half} the worker noted that it was making it; of {@code stray} not.
 */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(PrintedConsole.class)
class InterruptedMakingTests {
  private static final SigningInput IMAGE = SigningInput.hash(new byte[32], "SHA-256");
  private static final SignatureSuite SUITE = SignatureSuite.ECDSA_P256_SHA256;

  @SuppressWarnings("NullAway.Init")
  private static TokenKey half;

  private static Admin custodian = Admin.anonymous(0);
  private static boolean signedIn;

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private Keyring keyring;
  @Autowired private KeySignatures signatures;

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) throws Exception {
    Path data = TemporaryData.register(registry);
    Passphrase.generateFile(data.resolve("token.passphrase"));
    try (Passphrase passphrase = Passphrase.ofFile(data.resolve("token.passphrase"));
        SoftwareToken token =
            SoftwareToken.create(data.resolve("token"), passphrase, Argon2Cost.FOR_RANDOM)) {
      half = token.generate(new KeySpec("half", SUITE, KeyPurpose.IMAGE));
      token.generate(new KeySpec("other", SUITE, KeyPurpose.IMAGE));
      token.generate(new KeySpec("stray", SUITE, KeyPurpose.IMAGE));
    }
    ApprovingWorker.configure(
        data.resolve("worker"), Set.of(KeyPurpose.IMAGE), "'pending':['half','other'],");
  }

  @BeforeEach
  void signIn() {
    if (!signedIn) {
      custodian = Admin.withEveryRole(port, printed.password());
      signedIn = true;
    }
  }

  private static Admin.Answer create(String name, SignatureSuite suite) {
    return custodian.post(
        "/api/v1/keys", "{'name':'" + name + "','purpose':'image','suite':'" + suite.code() + "'}");
  }

  @Test
  void askedAgainTheServiceFinishesTheKeyWithItsRule() throws Exception {
    assertThat(create("half", SUITE).expect(201).string("keyId")).isEqualTo(half.keyId().hex());
    custodian.post("/api/v1/keys/half/activate", "{}").expect(200);
    KeyEntry key = keyring.byName("half");
    assertThat(keyring.minApprovals(key.keyId())).isEqualTo(1);
    Bytes document = ApprovingWorker.document(key, IMAGE, "dave");
    byte[] signature =
        signatures.sign(
            key.keyId(),
            document,
            IMAGE,
            List.of(ApprovingWorker.word(document, "dave", "alice", ApprovingWorker.ALICE)));
    key.key().verifyHash(IMAGE.bytes().toByteArray(), signature);
  }

  @Test
  void askedForAnotherSuiteItDoesNotPassTheKeyOff() {
    create("other", SignatureSuite.ED25519).expectProblem(409, "conflict");
    assertThat(keyring.find("other")).isEmpty();
  }

  @Test
  void aKeyThatTheWorkerWasNotMakingIsNotGivenARule() {
    create("stray", SUITE).expectProblem(409, "conflict");
    assertThat(keyring.find("stray")).isEmpty();
  }
}
