package dev.otasigner.service.keyring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.worker.WorkerRequest;
import dev.otasigner.service.Admin;
import dev.otasigner.service.fleet.FleetFixture;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.testing.TestKey;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * Somebody writes to the database at will, holds a credential of every role, and calls the web
 * tier's own code with any argument. What is missing: an approver's key, and the worker's
 * operating-system user, so that its files are out of reach. Whatever is tried, the worker's
 * journal tells of no signature by an image, manifest, root or targets key but those that the
 * approver has approved.
 */
@Import(FleetFixture.class)
@SuppressWarnings("NullAway.Init")
abstract class DatabaseWriterContract {
  private static final SignatureSuite SUITE = SignatureSuite.ECDSA_P256_SHA256;

  /** What asks for Alice. */
  static final Set<KeyPurpose> GUARDED =
      EnumSet.of(KeyPurpose.IMAGE, KeyPurpose.MANIFEST, KeyPurpose.ROOT, KeyPurpose.TARGETS);

  private static final TestKey OWN = TestKey.of(SignatureSuite.ED25519, "mallory");

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private Keyring keyring;
  @Autowired private KeySignatures signatures;
  @Autowired private JdbcTemplate database;

  private final Map<Digest, Integer> approved = new HashMap<>();
  private Admin admin;

  /** The token's name in the API. */
  abstract String token();

  /** Where the worker of this token keeps its journal. */
  abstract Path worker();

  @BeforeEach
  void signIn() {
    admin = Admin.withEveryRole(port, printed.password());
  }

  /** The journal's word, whatever any answer said. */
  @AfterEach
  void nothingIsSignedButWhatWasApproved() throws Exception {
    Map<Digest, Integer> signed = SignedInJournal.of(worker());
    assertThat(approved).isNotEmpty();
    approved.forEach(
        (key, times) -> assertThat(signed.getOrDefault(key, 0)).as("by %s", key).isEqualTo(times));
  }

  /** A key that has signed once what Alice approved: nothing stands in the way but the approval. */
  private KeyEntry guardedKey(KeyPurpose purpose) throws Exception {
    KeyEntry key = made(purpose);
    approved.put(key.keyId(), 1);
    SigningInput first = content(purpose, "first");
    Bytes document = ApprovingWorker.document(key, first, "dave");
    byte[] signature =
        signatures.sign(
            key.keyId(),
            document,
            first,
            List.of(ApprovingWorker.word(document, "dave", "alice", ApprovingWorker.ALICE)));
    if (first instanceof SigningInput.Hash) {
      key.key().verifyHash(first.bytes().toByteArray(), signature);
    } else {
      key.key().verify(first.bytes().toByteArray(), signature);
    }
    return key;
  }

  private KeyEntry made(KeyPurpose purpose) {
    String name = "k" + UUID.randomUUID().toString().substring(0, 8);
    create(name, purpose).expect(201);
    return active(name);
  }

  private Admin.Answer create(String name, KeyPurpose purpose) {
    return admin.post(
        "/api/v1/keys",
        "{'name':'"
            + name
            + "','purpose':'"
            + purpose.code()
            + "','suite':'"
            + SUITE.code()
            + "','token':'"
            + token()
            + "'}");
  }

  private KeyEntry active(String name) {
    admin.post("/api/v1/keys/" + name + "/activate", "{}").expect(200);
    return keyring.byName(name);
  }

  private static SigningInput content(KeyPurpose purpose, String what) {
    byte[] text = what.getBytes(StandardCharsets.UTF_8);
    return switch (purpose) {
      case IMAGE -> SigningInput.hash(Digest.of(text).bytes(), "SHA-256");
      case MANIFEST ->
          SigningInput.message(
              Envelope.toBeSigned(
                  Manifest.PAYLOAD_TYPE,
                  Bytes.copyOf(
                      Json.object().put("schema", 1).put("product", what).build().textBytes())));
      default ->
          SigningInput.message(
              Json.object()
                  .put("_type", purpose.code())
                  .put("note", what)
                  .build()
                  .canonicalBytes());
    };
  }

  /** Named by the digest alone: the document stays away. */
  private static WorkerRequest undocumented(
      KeyEntry key, Bytes document, SigningInput input, List<Bytes> words) {
    return new WorkerRequest(Digest.of(document), Optional.empty(), key.keyId(), input, words);
  }

  /** Asks in every way there is for a signature of these bytes, and gets none. */
  private void nobodySigns(KeyEntry key, SigningInput input, List<Bytes> words) {
    Bytes document = ApprovingWorker.document(key, input, "mallory");
    assertThat(catchThrowable(() -> signatures.sign(key.keyId(), input)))
        .isInstanceOf(SignerException.class);
    assertThat(catchThrowable(() -> signatures.sign(key.keyId(), document, input, words)))
        .isInstanceOf(SignerException.class);
    assertThat(
            catchThrowable(
                () -> signatures.signAll(List.of(undocumented(key, document, input, words)))))
        .isInstanceOf(SignerException.class);
  }

  @ParameterizedTest
  @EnumSource(names = {"IMAGE", "MANIFEST", "ROOT", "TARGETS"})
  void withoutTheApproverNothingIsSigned(KeyPurpose purpose) throws Exception {
    KeyEntry key = guardedKey(purpose);
    nobodySigns(key, content(purpose, "second"), List.of());
  }

  @ParameterizedTest
  @EnumSource(names = {"IMAGE", "MANIFEST", "ROOT", "TARGETS"})
  void anApprovalThatTheApproverDidNotSignIsNone(KeyPurpose purpose) throws Exception {
    KeyEntry key = guardedKey(purpose);
    SigningInput second = content(purpose, "second");
    Bytes document = ApprovingWorker.document(key, second, "mallory");
    database.update(
        "insert into access_user (name, password, one_time, roles, created, edition)"
            + " values (?, 'x', false, 'approver', current_timestamp, 0)",
        "m" + UUID.randomUUID().toString().substring(0, 8));
    nobodySigns(key, second, List.of(ApprovingWorker.word(document, "mallory", "alice", OWN)));
    nobodySigns(key, second, List.of(ApprovingWorker.word(document, "dave", "mallory", OWN)));
    byte[] changed =
        ApprovingWorker.word(document, "mallory", "alice", ApprovingWorker.ALICE).toByteArray();
    changed[changed.length / 2] ^= 1;
    nobodySigns(key, second, List.of(Bytes.copyOf(changed)));
  }

  /** What Alice approved is that request, and it has been signed already. */
  @ParameterizedTest
  @EnumSource(names = {"IMAGE", "MANIFEST", "ROOT", "TARGETS"})
  void aTrueApprovalIsGoodForItsOwnRequestOnly(KeyPurpose purpose) throws Exception {
    KeyEntry key = guardedKey(purpose);
    SigningInput first = content(purpose, "first");
    SigningInput second = content(purpose, "second");
    Bytes document = ApprovingWorker.document(key, first, "dave");
    Bytes alices = ApprovingWorker.word(document, "dave", "alice", ApprovingWorker.ALICE);
    nobodySigns(key, second, List.of(alices));
    assertThat(
            catchThrowable(() -> signatures.sign(key.keyId(), document, second, List.of(alices))))
        .isInstanceOf(SignerException.class);
    byte[] again = signatures.sign(key.keyId(), document, first, List.of(alices));
    assertThat(again)
        .as("the signature of then, not a second one")
        .isEqualTo(signatures.sign(key.keyId(), document, first, List.of(alices)));
  }

  @ParameterizedTest
  @EnumSource(names = {"IMAGE", "MANIFEST", "ROOT", "TARGETS"})
  void anotherPurposeInTheDatabaseChangesNothing(KeyPurpose purpose) throws Exception {
    KeyEntry key = guardedKey(purpose);
    for (KeyPurpose unattended : KeyPurpose.values()) {
      database.update(
          "update keyring_key set purpose = ?, product = null where key_id = ?",
          unattended.name(),
          key.keyId().hex());
      nobodySigns(key, content(purpose, "second"), List.of());
      nobodySigns(key, content(unattended, "second"), List.of());
    }
  }

  /** The service signs timestamps by itself: with whatever key its rows name. */
  @ParameterizedTest
  @EnumSource(names = {"IMAGE", "MANIFEST", "ROOT", "TARGETS"})
  void aRowThatNamesAnotherKeyDoesNotBorrowItsSignature(KeyPurpose purpose) throws Exception {
    KeyEntry key = guardedKey(purpose);
    database.update("delete from keyring_transition where key_id = ?", key.keyId().hex());
    KeyEntry timestamp = made(KeyPurpose.TIMESTAMP);
    database.update("delete from keyring_transition where key_id = ?", timestamp.keyId().hex());
    database.update("delete from keyring_key where key_id = ?", key.keyId().hex());
    database.update(
        "update keyring_key set key_id = ?, spki = ?, suite = ? where key_id = ?",
        key.keyId().hex(),
        key.spki().base64(),
        key.suite().name(),
        timestamp.keyId().hex());
    nobodySigns(key, content(KeyPurpose.TIMESTAMP, "second"), List.of());
    nobodySigns(key, content(purpose, "second"), List.of());
  }

  @ParameterizedTest
  @EnumSource(names = {"IMAGE", "MANIFEST", "ROOT", "TARGETS"})
  void makingTheKeyAnewGivesNoSignatureEither(KeyPurpose purpose) throws Exception {
    KeyEntry key = guardedKey(purpose);
    database.update("delete from keyring_transition where key_id = ?", key.keyId().hex());
    database.update("delete from keyring_key where key_id = ?", key.keyId().hex());
    // The service finds the key that its token holds under this name, with the rule it had.
    create(key.name(), purpose).expect(201);
    KeyEntry found = active(key.name());
    assertThat(found.keyId()).isEqualTo(key.keyId());
    nobodySigns(found, content(purpose, "second"), List.of());
    create(key.name(), KeyPurpose.TIMESTAMP).expectProblem(409, "conflict");
  }
}
