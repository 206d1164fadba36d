package dev.otasigner.service.keyring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.KeyState;
import dev.otasigner.keys.Limits;
import dev.otasigner.keys.worker.WorkerRequest;
import dev.otasigner.service.OnBothDatabases;
import dev.otasigner.service.TemporaryData;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.manifest.Manifest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

@OnBothDatabases
@SpringBootTest
class KeyringTests {
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static final Limits ONE_SIGNATURE =
      new Limits(Optional.empty(), Optional.empty(), Optional.of(1L));
  private static Path data = Path.of("");

  @Autowired private Keyring keyring;
  @Autowired private KeySignatures signatures;
  @Autowired private JdbcTemplate database;
  @Autowired private Needed needed;

  /** Devices that still need a key, as rotation would find them. */
  static final class Needed implements RetirementGuard {
    final Set<String> names = new HashSet<>();
    final Set<String> staying = new HashSet<>();
    boolean isBroken;
    volatile Runnable meanwhile = () -> {};

    @Override
    public void requireUnneeded(KeyEntry key) {
      meanwhile.run();
      if (names.contains(key.name())) {
        throw new SignerException(ProblemType.WOULD_STRAND, "device-2 needs " + key.name());
      }
    }

    @Override
    public void requireLeaving(KeyEntry key, Instant end) {
      if (staying.contains(key.name())) {
        throw new SignerException(ProblemType.WOULD_STRAND, "device-3 stays with " + key.name());
      }
    }

    @Override
    public Map<String, String> consequences(KeyEntry key) {
      if (isBroken) {
        throw new IllegalStateException("the fleet is not known");
      }
      return names.contains(key.name()) ? Map.of("strands", "1") : Map.of("strands", "0");
    }
  }

  @TestConfiguration(proxyBeanMethods = false)
  static class Guards {
    @Bean
    Needed needed() {
      return new Needed();
    }
  }

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) {
    data = TemporaryData.register(registry);
  }

  @Test
  void aKeyThatIsToEndOneDayMayBeNeededUntilThenOnly() {
    KeyEntry key = active();
    Limits end =
        new Limits(
            Optional.empty(), Optional.of(Instant.parse("2089-01-01T00:00:00Z")), Optional.empty());
    needed.staying.add(key.name());
    assertThatThrownBy(() -> keyring.limit(key.keyId(), end))
        .hasMessage("device-3 stays with " + key.name());
    needed.staying.clear();
    needed.names.add(key.name());
    keyring.limit(key.keyId(), end);
    keyring.limit(key.keyId(), ONE_SIGNATURE);
    Limits none = new Limits(Optional.empty(), Optional.empty(), Optional.of(0L));
    assertThatThrownBy(() -> keyring.limit(key.keyId(), none))
        .hasMessage("device-2 needs " + key.name());
  }

  /** What nobody can tell holds up no stop. */
  @Test
  void aStolenKeyIsStoppedWhateverIsKnownOfTheFleet() {
    KeyEntry key = active();
    needed.isBroken = true;
    keyring.change(key.keyId(), KeyState.COMPROMISED, Optional.of("laptop"));
    assertThat(
            database.queryForObject(
                "select record from audit_leaf where record like ? and record like ?",
                String.class,
                "%\"key.compromised\"%",
                "%" + key.keyId().hex() + "%"))
        .contains("\"strands\":\"unknown\"");
  }

  @AfterEach
  void nothingIsNeeded() {
    needed.names.clear();
    needed.staying.clear();
    needed.isBroken = false;
    needed.meanwhile = () -> {};
  }

  private KeyEntry manifestKey() {
    return keyring.create(
        "k" + COUNT.incrementAndGet(), KeyPurpose.MANIFEST, SignatureSuite.ECDSA_P256_SHA256);
  }

  private KeyEntry active() {
    return keyring.activate(manifestKey().keyId());
  }

  private static byte[] manifest() {
    byte[] payload = Json.object().put("schema", 1).build().canonicalBytes();
    return Envelope.toBeSigned(Manifest.PAYLOAD_TYPE, Bytes.copyOf(payload));
  }

  private byte[] sign(KeyEntry key) {
    return signatures.sign(key.keyId(), SigningInput.message(manifest()));
  }

  private ProblemType problemOfSigningWith(KeyEntry key) {
    SignerException problem = catchThrowableOfType(SignerException.class, () -> sign(key));
    assertThat(problem).isNotNull();
    return problem.type();
  }

  @Test
  void anActiveKeySigns() throws Exception {
    KeyEntry key = active();
    key.key().verify(manifest(), sign(key));
    assertThat(keyring.byName(key.name())).isEqualTo(key);
    assertThat(keyring.find(key.keyId().hex())).contains(key);
  }

  @Test
  void aFreshKeyDoesNotSign() {
    assertThat(problemOfSigningWith(manifestKey())).isEqualTo(ProblemType.KEY_NOT_USABLE);
  }

  @Test
  void aSuspendedKeyDoesNotSignUntilItIsActiveAgain() {
    KeyEntry key = active();
    keyring.change(key.keyId(), KeyState.SUSPENDED, Optional.of("holder is away"));
    assertThat(problemOfSigningWith(key)).isEqualTo(ProblemType.KEY_NOT_USABLE);
    keyring.activate(key.keyId());
    assertThat(sign(key)).isNotEmpty();
  }

  @Test
  void aDeactivatedKeyNeverSignsAgain() {
    KeyEntry key = active();
    keyring.deactivate(key.keyId());
    assertThat(problemOfSigningWith(key)).isEqualTo(ProblemType.KEY_NOT_USABLE);
    assertThatThrownBy(() -> keyring.activate(key.keyId()))
        .isInstanceOf(SignerException.class)
        .hasMessageContaining("deactivated");
  }

  /** The invariant of the design: the database can stop a key, never start it again. */
  @Test
  void whoeverRewritesTheDatabaseCannotBringBackARetiredKey() {
    KeyEntry key = active();
    keyring.deactivate(key.keyId());
    database.update("update keyring_key set state = 'ACTIVE' where key_id = ?", key.keyId().hex());
    SignerException refusal = catchThrowableOfType(SignerException.class, () -> sign(key));
    assertThat(refusal.members()).containsEntry("code", new Json.Str("rule-ended"));
  }

  @Test
  void whoeverRewritesTheDatabaseCannotChangeAPurpose() {
    KeyEntry key = active();
    database.update("update keyring_key set purpose = 'ROOT' where key_id = ?", key.keyId().hex());
    byte[] root = Json.object().put("_type", "root").build().canonicalBytes();
    SignerException refusal =
        catchThrowableOfType(
            SignerException.class, () -> signatures.sign(key.keyId(), SigningInput.message(root)));
    assertThat(refusal.members()).containsEntry("code", new Json.Str("content"));
  }

  @Test
  void aKeyThatADeviceNeedsIsNotDeactivated() throws Exception {
    KeyEntry key = active();
    needed.names.add(key.name());
    SignerException refusal =
        catchThrowableOfType(SignerException.class, () -> keyring.deactivate(key.keyId()));
    assertThat(refusal.type()).isEqualTo(ProblemType.WOULD_STRAND);
    assertThat(keyring.byId(key.keyId()).state()).isEqualTo(KeyState.ACTIVE);
    key.key().verify(manifest(), sign(key));
  }

  /** What the guards find about one key holds only as long as no other is retired. */
  @Test
  void twoKeysAreNotJudgedAtOnce() throws Exception {
    List<KeyEntry> keys = List.of(active(), active());
    AtomicInteger judging = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CountDownLatch both = new CountDownLatch(2);
    needed.meanwhile =
        () -> {
          most.accumulateAndGet(judging.incrementAndGet(), Math::max);
          both.countDown();
          try {
            // Returns early only when another is judged meanwhile.
            both.await(1, TimeUnit.SECONDS);
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          judging.decrementAndGet();
        };
    List<Thread> threads =
        keys.stream().map(key -> new Thread(() -> keyring.deactivate(key.keyId()))).toList();
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(most).hasValue(1);
    assertThat(keys)
        .allSatisfy(
            key -> assertThat(keyring.byId(key.keyId()).state()).isEqualTo(KeyState.DEACTIVATED));
  }

  @Test
  void aDestroyedKeyIsGoneFromTheToken() {
    KeyEntry key = active();
    Path file = data.resolve("token").resolve(key.keyId().hex() + ".seal");
    assertThat(file).exists();
    keyring.deactivate(key.keyId());
    keyring.change(key.keyId(), KeyState.DESTROYED, Optional.empty());
    assertThat(file).doesNotExist();
    assertThat(keyring.byId(key.keyId()).state()).isEqualTo(KeyState.DESTROYED);
  }

  @Test
  void aKeyWhoseDestructionCannotBeRecordedIsNotDestroyed() {
    KeyEntry key = active();
    Path file = data.resolve("token").resolve(key.keyId().hex() + ".seal");
    keyring.deactivate(key.keyId());
    assertThatThrownBy(
            withoutALog(() -> keyring.change(key.keyId(), KeyState.DESTROYED, Optional.empty())))
        .isInstanceOf(DataIntegrityViolationException.class);
    assertThat(keyring.byId(key.keyId()).state()).isEqualTo(KeyState.DEACTIVATED);
    assertThat(file).exists();
  }

  @Test
  void aLimitThatCannotBeRecordedIsNotSet() {
    KeyEntry key = active();
    assertThatThrownBy(withoutALog(() -> keyring.limit(key.keyId(), ONE_SIGNATURE)))
        .isInstanceOf(DataIntegrityViolationException.class);
    assertThat(quota(key)).isEmpty();
  }

  @Test
  void aKeyFoundInTheTokenIsNotNarrowedWithoutARecord() {
    KeyEntry key = manifestKey();
    database.update("delete from keyring_transition where key_id = ?", key.keyId().hex());
    database.update("delete from keyring_key where key_id = ?", key.keyId().hex());
    assertThatThrownBy(withoutALog(() -> createAgain(key)))
        .isInstanceOf(DataIntegrityViolationException.class);
    assertThat(quota(key)).isEmpty();
    createAgain(key);
    assertThat(quota(key)).contains(1L);
  }

  /** As when two make a key of one name: the second finds the first's in the token. */
  @Test
  void whoeverIsRefusedANameHasNotNarrowedTheKeyThatHasIt() {
    KeyEntry key = manifestKey();
    database.update(
        "update keyring_key set name = ? where key_id = ?", key.name() + "-x", key.keyId().hex());
    SignerException refusal = catchThrowableOfType(SignerException.class, () -> createAgain(key));
    assertThat(refusal.type()).isEqualTo(ProblemType.CONFLICT);
    assertThat(quota(key)).isEmpty();
  }

  private void createAgain(KeyEntry key) {
    keyring.create(
        TokenName.SOFTWARE,
        new KeySpec(key.name(), key.suite(), key.purpose(), ONE_SIGNATURE),
        Optional.empty());
  }

  private Optional<Long> quota(KeyEntry key) {
    return keyring.allowance(key).orElseThrow().rule().limits().quota();
  }

  /** While the log takes no record: the number of the next one is given away already. */
  private ThrowingCallable withoutALog(ThrowingCallable step) {
    return () -> {
      database.update("update audit_head set size = size - 1");
      try {
        step.call();
      } finally {
        database.update("update audit_head set size = size + 1");
      }
    };
  }

  @Test
  void anActiveKeyIsNotDestroyedAtOnce() {
    KeyEntry key = active();
    SignerException refusal =
        catchThrowableOfType(
            SignerException.class,
            () -> keyring.change(key.keyId(), KeyState.DESTROYED, Optional.empty()));
    assertThat(refusal.type()).isEqualTo(ProblemType.KEY_NOT_USABLE);
    assertThat(data.resolve("token").resolve(key.keyId().hex() + ".seal")).exists();
  }

  @Test
  void anImportedKeySigns() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    byte[] pkcs8 = generator.generateKeyPair().getPrivate().getEncoded();
    KeyEntry key =
        keyring.importKey(
            TokenName.SOFTWARE,
            new KeySpec("imported", SignatureSuite.RSA_PKCS1_2048_SHA256, KeyPurpose.MANIFEST),
            Optional.of("sensor"),
            pkcs8);
    keyring.activate(key.keyId());
    key.key().verify(manifest(), sign(key));
    assertThat(keyring.byId(key.keyId()).product()).contains("sensor");
  }

  @Test
  void aNameIsGivenOnce() {
    KeyEntry key = manifestKey();
    SignerException refusal =
        catchThrowableOfType(
            SignerException.class,
            () -> keyring.create(key.name(), KeyPurpose.IMAGE, SignatureSuite.ED25519));
    assertThat(refusal.type()).isEqualTo(ProblemType.CONFLICT);
  }

  /** The service was killed after the token had made the key, and before its row was written. */
  @Test
  void aKeyMadeBeforeACrashIsTakenUpWhenItIsWishedForAgain() {
    KeyEntry key = manifestKey();
    database.update("delete from keyring_transition where key_id = ?", key.keyId().hex());
    database.update("delete from keyring_key where key_id = ?", key.keyId().hex());
    KeyEntry again =
        keyring.create(key.name(), KeyPurpose.MANIFEST, SignatureSuite.ECDSA_P256_SHA256);
    assertThat(again.keyId()).isEqualTo(key.keyId());
    SignerException other =
        catchThrowableOfType(
            SignerException.class,
            () -> {
              database.update("delete from keyring_transition where key_id = ?", key.keyId().hex());
              database.update("delete from keyring_key where key_id = ?", key.keyId().hex());
              keyring.create(key.name(), KeyPurpose.IMAGE, SignatureSuite.ED25519);
            });
    assertThat(other.type()).isEqualTo(ProblemType.CONFLICT);
  }

  /** Killed before the row was written; another key under the name must not pass for it. */
  @Test
  void anInterruptedImportIsTakenUpByTheSameKeyOnly() throws Exception {
    byte[] pkcs8 =
        KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPrivate().getEncoded();
    byte[] other =
        KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPrivate().getEncoded();
    KeyEntry key = importEd25519("interrupted", pkcs8.clone());
    database.update("delete from keyring_transition where key_id = ?", key.keyId().hex());
    database.update("delete from keyring_key where key_id = ?", key.keyId().hex());
    SignerException refusal =
        catchThrowableOfType(SignerException.class, () -> importEd25519("interrupted", other));
    assertThat(refusal.type()).isEqualTo(ProblemType.CONFLICT);
    assertThat(importEd25519("interrupted", pkcs8).keyId()).isEqualTo(key.keyId());
  }

  @Test
  void aDestroyedKeyDoesNotComeBackByAnImport() throws Exception {
    byte[] pkcs8 =
        KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPrivate().getEncoded();
    KeyEntry key = importEd25519("once", pkcs8.clone());
    keyring.change(key.keyId(), KeyState.DESTROYED, Optional.empty());
    SignerException refusal =
        catchThrowableOfType(SignerException.class, () -> importEd25519("again", pkcs8));
    assertThat(refusal.type()).isEqualTo(ProblemType.CONFLICT);
    assertThat(refusal).hasMessageContaining("'once'").hasMessageContaining("destroyed");
    assertThat(data.resolve("token").resolve(key.keyId().hex() + ".seal")).doesNotExist();
    assertThat(pkcs8).as("wiped").containsOnly(0);
  }

  private KeyEntry importEd25519(String name, byte[] pkcs8) {
    return keyring.importKey(
        TokenName.SOFTWARE,
        new KeySpec(name, SignatureSuite.ED25519, KeyPurpose.MANIFEST),
        Optional.empty(),
        pkcs8);
  }

  @Test
  void approvalKeysAreNotMadeHere() {
    SignerException refusal =
        catchThrowableOfType(
            SignerException.class,
            () -> keyring.create("approver", KeyPurpose.APPROVAL, SignatureSuite.ED25519));
    assertThat(refusal.type()).isEqualTo(ProblemType.BAD_REQUEST);
  }

  @Test
  void everyUseOfAGuardedKeyIsInTheAuditLog() {
    KeyEntry key = active();
    Digest request = Digest.of("request".getBytes(StandardCharsets.UTF_8));
    signatures.signAll(
        List.of(WorkerRequest.unattended(request, key.keyId(), SigningInput.message(manifest()))));
    List<String> records =
        database.queryForList(
            "select record from audit_leaf where record like ? order by position",
            String.class,
            "%key:" + key.name() + "\"%");
    assertThat(records).hasSize(3);
    assertThat(records.get(0)).contains("key.created");
    assertThat(records.get(1)).contains("key.active");
    assertThat(records.get(2)).contains("key.used").contains(request.hex());
  }

  @Test
  void healthTellsWhetherTheTokenSigns() throws Exception {
    assertThat(new TokenHealthIndicator(keyring, new TokenProbes(keyring)).health().getStatus())
        .isEqualTo(Status.UP);
    Path header = data.resolve("token").resolve("token.seal");
    Path away = data.resolve("token.away");
    Files.move(header, away);
    try {
      assertThat(new TokenHealthIndicator(keyring, new TokenProbes(keyring)).health().getStatus())
          .isEqualTo(Status.DOWN);
    } finally {
      Files.move(away, header);
    }
  }

  @Test
  void tenCallsOfHealthMakeOneProbe() {
    AtomicInteger made = new AtomicInteger();
    TokenHealthIndicator health =
        new TokenHealthIndicator(
            keyring, new TokenProbes(token -> made.incrementAndGet(), () -> 0));
    for (int i = 0; i < 10; i++) {
      assertThat(health.health().getStatus()).isEqualTo(Status.UP);
    }
    assertThat(made).hasValue(1);
  }
}
