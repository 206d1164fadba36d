package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.otasigner.keys.KeyOperationException.NameTaken;
import dev.otasigner.keys.KeyOperationException.NoSuchKey;
import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.Limits;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.keys.soft.Argon2Cost;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.keys.soft.SoftwareToken;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.testing.TestKey;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A key on its way from one worker to another one, and what stops it there. */
@SuppressWarnings("NullAway.Init")
class KeyMoveTests {
  private static final KeySpec SPEC = new KeySpec("k", SignatureSuite.ED25519, KeyPurpose.MANIFEST);

  @TempDir Path directory;
  private final MovingClock clock = new MovingClock();
  private TokenWorker here;
  private TokenWorker there;

  /** The process was killed. */
  private static final class Killed extends Error {
    private static final long serialVersionUID = 1;
  }

  @BeforeEach
  void start() throws IOException {
    here = open("here");
    there = open("there");
  }

  @AfterEach
  void stop() {
    here.close();
    there.close();
  }

  private void restart() throws IOException {
    stop();
    start();
  }

  private TokenWorker open(String name) throws IOException {
    Path token = directory.resolve(name + "-token");
    try (Passphrase passphrase = Passphrase.ofPrompt("open sesame".toCharArray())) {
      return TokenWorker.open(
          Files.createDirectories(directory.resolve(name)),
          SoftwareToken.existsIn(token)
              ? SoftwareToken.open(token, passphrase)
              : SoftwareToken.create(token, passphrase, new Argon2Cost(64, 1, 1)),
          clock);
    }
  }

  private void configure(String name, UnaryOperator<WorkerConfiguration> change)
      throws IOException {
    stop();
    Path file = directory.resolve(name).resolve(TokenWorker.CONFIGURATION);
    change.apply(WorkerConfiguration.read(file)).write(file);
    start();
  }

  private static WorkerConfiguration with(
      WorkerConfiguration old, List<Approver> approvers, WorkerConfiguration.Default manifest) {
    Map<KeyPurpose, WorkerConfiguration.Default> defaults = new EnumMap<>(old.defaults());
    defaults.put(KeyPurpose.MANIFEST, manifest);
    return new WorkerConfiguration(old.token(), approvers, old.rules(), defaults, Set.of());
  }

  private static Approver approver(String person) {
    return new Approver(person, TestKey.of(SignatureSuite.ED25519, person).key());
  }

  private WorkerRequest request(TokenKey key, String content, Instant created) {
    Bytes document =
        Bytes.copyOf(
            Json.object()
                .put("requester", "bob")
                .put("keyIds", Json.strings(List.of(key.keyId().hex())))
                .put("manifest", Digest.of(new byte[] {1}))
                .put("policy", Digest.of(new byte[] {2}))
                .put("created", created)
                .build()
                .canonicalBytes());
    return new WorkerRequest(
        Digest.of(document),
        Optional.of(document),
        key.keyId(),
        Contents.manifest(content),
        List.of());
  }

  private WorkerRequest request(TokenKey key, String content) {
    return request(key, content, clock.instant());
  }

  /** The other worker, with something that happens before and after it takes the key over. */
  private Worker interrupted(Runnable before, Runnable after) {
    return (Worker)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {Worker.class},
            (proxy, method, arguments) -> {
              before.run();
              try {
                Object answer = method.invoke(there, arguments);
                after.run();
                return answer;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private static void killed() {
    throw new Killed();
  }

  private static void noted() {}

  private RefusalCode refusalOf(Worker worker, WorkerRequest request) {
    Refused refused = catchThrowableOfType(Refused.class, () -> worker.sign(request));
    assertThat(refused).as("a refusal").isNotNull();
    return refused.code();
  }

  private void requireSignsHereOnly(TokenKey key, String content) throws Exception {
    WorkerRequest request = request(key, content);
    key.publicKey().verify(request.input().bytes().toByteArray(), here.sign(request).toByteArray());
  }

  @Test
  void aMovedKeySignsThereAndIsGoneHere() throws Exception {
    TokenKey key = here.create(SPEC);
    here.move(key.keyId(), there, KeyMoveTests::noted);
    clock.advance(Duration.ofSeconds(1));
    WorkerRequest request = request(key, "sensor");
    key.publicKey()
        .verify(request.input().bytes().toByteArray(), there.sign(request).toByteArray());
    assertThat(here.find("k")).isEmpty();
    assertThat(here.rule(key.keyId())).isEmpty();
    assertThat(directory.resolve("here-token").resolve(key.keyId().hex() + ".seal")).doesNotExist();
    assertThatThrownBy(() -> here.move(key.keyId(), there, KeyMoveTests::noted))
        .isInstanceOf(NoSuchKey.class);
  }

  @Test
  void theNarrowerOfBothRulesHoldsThere() throws Exception {
    configure(
        "there",
        old ->
            with(
                old,
                List.of(approver("alice"), approver("carol")),
                new WorkerConfiguration.Default(1, Optional.of(3L))));
    configure(
        "here",
        old ->
            with(
                old,
                List.of(approver("alice"), approver("carol")),
                new WorkerConfiguration.Default(2, Optional.of(7L))));
    Instant end = clock.instant().plus(Duration.ofDays(9));
    TokenKey key = here.create(SPEC);
    here.narrow(key.keyId(), new Limits(Optional.empty(), Optional.of(end), Optional.of(5L)));
    here.move(key.keyId(), there, KeyMoveTests::noted);
    Rule rule = there.rule(key.keyId()).orElseThrow();
    assertThat(rule.minApprovals()).isEqualTo(2);
    assertThat(rule.limits())
        .isEqualTo(new Limits(Optional.empty(), Optional.of(end), Optional.of(3L)));
    assertThat(rule.handedOver()).isFalse();
    restart();
    assertThat(there.rule(key.keyId())).contains(rule);
  }

  @Test
  void signaturesOfTheDayBeforeStillCountThere() {
    TokenKey key = here.create(SPEC);
    here.narrow(key.keyId(), new Limits(Optional.empty(), Optional.empty(), Optional.of(2L)));
    here.sign(request(key, "one"));
    here.move(key.keyId(), there, KeyMoveTests::noted);
    clock.advance(Duration.ofSeconds(2));
    assertThat(there.remaining(key.keyId())).contains(1L);
    there.sign(request(key, "two"));
    assertThat(refusalOf(there, request(key, "three"))).isEqualTo(RefusalCode.QUOTA_USED_UP);
    clock.advance(Duration.ofHours(25));
    there.sign(request(key, "three"));
  }

  /** The journal that knows whether it was signed stays behind. */
  @Test
  void aRequestFromBeforeTheMoveIsNotSignedThere() {
    TokenKey key = here.create(SPEC);
    WorkerRequest before = request(key, "before");
    here.sign(before);
    here.move(key.keyId(), there, KeyMoveTests::noted);
    assertThat(refusalOf(there, before)).isEqualTo(RefusalCode.BEFORE_MOVE);
    clock.advance(Duration.ofDays(30));
    assertThat(refusalOf(there, before)).isEqualTo(RefusalCode.BEFORE_MOVE);
    assertThat(there.sign(request(key, "since"))).isNotNull();
  }

  @Test
  void killedBeforeTheOtherOneHasItTheKeySignsHereAndTheMoveIsFinishedWhenAskedAgain()
      throws Exception {
    TokenKey key = here.create(SPEC);
    assertThatThrownBy(
            () ->
                here.move(
                    key.keyId(),
                    interrupted(KeyMoveTests::killed, KeyMoveTests::noted),
                    KeyMoveTests::noted))
        .isInstanceOf(Killed.class);
    restart();
    requireSignsHereOnly(key, "meanwhile");
    assertThat(there.find("k")).isEmpty();
    here.move(key.keyId(), there, KeyMoveTests::noted);
    assertThat(here.find("k")).isEmpty();
  }

  /** Both have it, and the row has not changed: what is signed here is not signed there again. */
  @Test
  void killedOnceTheOtherOneHasItWhatIsSignedHereMeanwhileIsNotSignedThereAgain() throws Exception {
    TokenKey key = here.create(SPEC);
    assertThatThrownBy(
            () ->
                here.move(
                    key.keyId(),
                    interrupted(KeyMoveTests::noted, KeyMoveTests::killed),
                    KeyMoveTests::noted))
        .isInstanceOf(Killed.class);
    restart();
    assertThat(here.rule(key.keyId()).orElseThrow().handedOver()).isTrue();
    clock.advance(Duration.ofMinutes(5));
    WorkerRequest meanwhile = request(key, "meanwhile");
    here.sign(meanwhile);
    here.move(key.keyId(), there, KeyMoveTests::noted);
    assertThat(refusalOf(there, meanwhile)).isEqualTo(RefusalCode.BEFORE_MOVE);
    assertThat(here.find("k")).isEmpty();
  }

  @Test
  void killedBeforeItIsErasedHereItIsErasedWhenAskedAgain() throws Exception {
    TokenKey key = here.create(SPEC);
    assertThatThrownBy(() -> here.move(key.keyId(), there, KeyMoveTests::killed))
        .isInstanceOf(Killed.class);
    restart();
    clock.advance(Duration.ofMinutes(5));
    assertThat(there.sign(request(key, "there"))).isNotNull();
    here.move(key.keyId(), there, KeyMoveTests::noted);
    assertThat(here.find("k")).isEmpty();
  }

  /** Between key and rule: a rule without a key signs nothing, and does not stand in the way. */
  @Test
  void killedBetweenKeyAndRuleTheKeyIsGoneHere() throws Exception {
    TokenKey key = here.create(SPEC);
    Rule rule = here.rule(key.keyId()).orElseThrow();
    here.move(key.keyId(), there, KeyMoveTests::noted);
    configure("here", old -> old.with(rule.handedOver(true), ""));
    assertThatThrownBy(() -> here.move(key.keyId(), there, KeyMoveTests::noted))
        .isInstanceOf(NoSuchKey.class);
    clock.advance(Duration.ofSeconds(1));
    assertThat(there.sign(request(key, "there"))).isNotNull();
  }

  @Test
  void whileItMovesItSignsNothingHereAndItsRuleStands() {
    TokenKey key = here.create(SPEC);
    here.move(
        key.keyId(),
        there,
        () -> {
          for (Runnable use :
              List.<Runnable>of(
                  () -> here.sign(request(key, "meanwhile")),
                  () -> here.retire(key.keyId()),
                  () -> here.narrow(key.keyId(), Limits.NONE),
                  () -> here.destroy(key.keyId()),
                  () -> here.move(key.keyId(), there, KeyMoveTests::noted))) {
            assertThatThrownBy(use::run)
                .isInstanceOf(TokenUnavailable.class)
                .hasMessageContaining("is being moved");
          }
        });
  }

  private void requireUnchanged(TokenKey key, Rule rule) throws Exception {
    assertThat(here.rule(key.keyId())).contains(rule);
    requireSignsHereOnly(key, "still");
  }

  @Test
  void aPurposeThatTheOtherWorkerDoesNotServeStaysHere() throws Exception {
    configure(
        "there",
        old -> new WorkerConfiguration(old.token(), List.of(), Map.of(), Map.of(), Set.of()));
    TokenKey key = here.create(SPEC);
    Rule rule = here.rule(key.keyId()).orElseThrow();
    assertThatThrownBy(() -> here.move(key.keyId(), there, KeyMoveTests::noted))
        .isInstanceOf(NotSupported.class);
    requireUnchanged(key, rule);
    assertThat(there.find("k")).isEmpty();
  }

  @Test
  void aKeyThatFewerPeopleCouldApproveThereStaysHere() throws Exception {
    configure(
        "there",
        old ->
            with(
                old,
                List.of(approver("alice")),
                new WorkerConfiguration.Default(2, Optional.empty())));
    TokenKey key = here.create(SPEC);
    Rule rule = here.rule(key.keyId()).orElseThrow();
    assertThatThrownBy(() -> here.move(key.keyId(), there, KeyMoveTests::noted))
        .isInstanceOf(NotSupported.class)
        .hasMessageContaining("2 approvals");
    requireUnchanged(key, rule);
  }

  @Test
  void aKeyWhoseNameIsTakenThereStaysHere() throws Exception {
    there.create(SPEC);
    TokenKey key = here.create(SPEC);
    Rule rule = here.rule(key.keyId()).orElseThrow();
    assertThatThrownBy(() -> here.move(key.keyId(), there, KeyMoveTests::noted))
        .isInstanceOf(NameTaken.class);
    requireUnchanged(key, rule);
  }

  @Test
  void anotherKeyThanTheOneOfTheRuleIsNotTakenOver() {
    TokenKey key = here.create(SPEC);
    Rule other =
        new Rule(Digest.of(new byte[] {7}), KeyPurpose.MANIFEST, 0, Limits.NONE)
            .moving(Moved.after(clock.instant(), 0));
    here.move(
        key.keyId(),
        (Worker)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {Worker.class},
                (proxy, method, arguments) -> {
                  byte[] pkcs8 = (byte[]) arguments[1];
                  MovedKey lie = new MovedKey("k", SignatureSuite.ED25519, other);
                  assertThatThrownBy(() -> there.takeOver(lie, pkcs8.clone()))
                      .hasMessageContaining("not the one that its rule names");
                  return there.takeOver((MovedKey) arguments[0], pkcs8);
                }),
        KeyMoveTests::noted);
    assertThat(there.rule(key.keyId())).isPresent();
  }
}
