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
import dev.otasigner.keys.Limits;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.testing.TestKey;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A key on its way from one worker to another one, and what stops it workers.there. */
@SuppressWarnings("NullAway.Init")
class KeyMoveTests {
  @TempDir Path directory;
  private TwoWorkers workers;

  @BeforeEach
  void start() throws IOException {
    workers = new TwoWorkers(directory);
  }

  @AfterEach
  void stop() {
    workers.close();
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

  private RefusalCode refusalOf(Worker worker, WorkerRequest request) {
    Refused refused = catchThrowableOfType(Refused.class, () -> worker.sign(request));
    assertThat(refused).as("a refusal").isNotNull();
    return refused.code();
  }

  private void requireSignsHereOnly(TokenKey key, String content) throws Exception {
    WorkerRequest request = workers.request(key, content);
    key.publicKey()
        .verify(request.input().bytes().toByteArray(), workers.here.sign(request).toByteArray());
  }

  @Test
  void aMovedKeySignsThereAndIsGoneHere() throws Exception {
    TokenKey key = workers.here.create(TwoWorkers.SPEC);
    workers.move(key);
    workers.clock.advance(Duration.ofSeconds(1));
    WorkerRequest request = workers.request(key, "sensor");
    key.publicKey()
        .verify(request.input().bytes().toByteArray(), workers.there.sign(request).toByteArray());
    assertThat(workers.here.find("k")).isEmpty();
    assertThat(workers.here.rule(key.keyId())).isEmpty();
    assertThat(workers.file(key)).doesNotExist();
    assertThatThrownBy(() -> workers.move(key)).isInstanceOf(NoSuchKey.class);
  }

  @Test
  void theNarrowerOfBothRulesHoldsThere() throws Exception {
    workers.configure(
        "there",
        old ->
            with(
                old,
                List.of(approver("alice"), approver("carol")),
                new WorkerConfiguration.Default(1, Optional.of(3L))));
    workers.configure(
        "here",
        old ->
            with(
                old,
                List.of(approver("alice"), approver("carol")),
                new WorkerConfiguration.Default(2, Optional.of(7L))));
    Instant end = workers.clock.instant().plus(Duration.ofDays(9));
    TokenKey key = workers.here.create(TwoWorkers.SPEC);
    workers.here.narrow(
        key.keyId(), new Limits(Optional.empty(), Optional.of(end), Optional.of(5L)));
    workers.move(key);
    Rule rule = workers.there.rule(key.keyId()).orElseThrow();
    assertThat(rule.minApprovals()).isEqualTo(2);
    assertThat(rule.limits())
        .isEqualTo(new Limits(Optional.empty(), Optional.of(end), Optional.of(3L)));
    assertThat(rule.handedOver()).isFalse();
    workers.restart();
    assertThat(workers.there.rule(key.keyId())).contains(rule);
  }

  @Test
  void signaturesOfTheDayBeforeStillCountThere() {
    TokenKey key = workers.here.create(TwoWorkers.SPEC);
    workers.here.narrow(
        key.keyId(), new Limits(Optional.empty(), Optional.empty(), Optional.of(2L)));
    workers.here.sign(workers.request(key, "one"));
    workers.move(key);
    workers.clock.advance(Duration.ofSeconds(2));
    assertThat(workers.there.remaining(key.keyId())).contains(1L);
    workers.there.sign(workers.request(key, "two"));
    assertThat(refusalOf(workers.there, workers.request(key, "three")))
        .isEqualTo(RefusalCode.QUOTA_USED_UP);
    workers.clock.advance(Duration.ofHours(25));
    workers.there.sign(workers.request(key, "three"));
  }

  /** The journal that knows whether it was signed stays behind. */
  @Test
  void aRequestFromBeforeTheMoveIsNotSignedThere() {
    TokenKey key = workers.here.create(TwoWorkers.SPEC);
    WorkerRequest before = workers.request(key, "before");
    workers.here.sign(before);
    workers.move(key);
    assertThat(refusalOf(workers.there, before)).isEqualTo(RefusalCode.BEFORE_MOVE);
    workers.clock.advance(Duration.ofDays(30));
    assertThat(refusalOf(workers.there, before)).isEqualTo(RefusalCode.BEFORE_MOVE);
    assertThat(workers.there.sign(workers.request(key, "since"))).isNotNull();
  }

  @Test
  void whileItMovesItSignsNothingHereAndItsRuleStands() {
    TokenKey key = workers.here.create(TwoWorkers.SPEC);
    workers.here.move(
        key.keyId(),
        workers.there,
        () -> {
          for (Runnable use :
              List.<Runnable>of(
                  () -> workers.here.sign(workers.request(key, "meanwhile")),
                  () -> workers.here.retire(key.keyId()),
                  () -> workers.here.narrow(key.keyId(), Limits.NONE),
                  () -> workers.here.destroy(key.keyId()),
                  () -> workers.move(key))) {
            assertThatThrownBy(use::run)
                .isInstanceOf(TokenUnavailable.class)
                .hasMessageContaining("is being moved");
          }
        });
  }

  private void requireUnchanged(TokenKey key, Rule rule) throws Exception {
    assertThat(workers.here.rule(key.keyId())).contains(rule);
    requireSignsHereOnly(key, "still");
  }

  @Test
  void aPurposeThatTheOtherWorkerDoesNotServeStaysHere() throws Exception {
    workers.configure(
        "there",
        old -> new WorkerConfiguration(old.token(), List.of(), Map.of(), Map.of(), Set.of()));
    TokenKey key = workers.here.create(TwoWorkers.SPEC);
    Rule rule = workers.here.rule(key.keyId()).orElseThrow();
    assertThatThrownBy(() -> workers.move(key)).isInstanceOf(NotSupported.class);
    requireUnchanged(key, rule);
    assertThat(workers.there.find("k")).isEmpty();
  }

  @Test
  void aKeyThatFewerPeopleCouldApproveThereStaysHere() throws Exception {
    workers.configure(
        "there",
        old ->
            with(
                old,
                List.of(approver("alice")),
                new WorkerConfiguration.Default(2, Optional.empty())));
    TokenKey key = workers.here.create(TwoWorkers.SPEC);
    Rule rule = workers.here.rule(key.keyId()).orElseThrow();
    assertThatThrownBy(() -> workers.move(key))
        .isInstanceOf(NotSupported.class)
        .hasMessageContaining("2 approvals");
    requireUnchanged(key, rule);
  }

  @Test
  void onePersonUnderTwoSpellingsIsNotTwoApprovers() throws Exception {
    workers.configure(
        "there",
        old ->
            with(
                old,
                List.of(approver("alice"), approver("ALICE")),
                new WorkerConfiguration.Default(2, Optional.empty())));
    TokenKey key = workers.here.create(TwoWorkers.SPEC);
    assertThatThrownBy(() -> workers.move(key))
        .isInstanceOf(NotSupported.class)
        .hasMessageContaining("names 1 approvers");
    assertThat(workers.there.find("k")).isEmpty();
  }

  @Test
  void aKeyWhoseNameIsTakenThereStaysHere() throws Exception {
    workers.there.create(TwoWorkers.SPEC);
    TokenKey key = workers.here.create(TwoWorkers.SPEC);
    Rule rule = workers.here.rule(key.keyId()).orElseThrow();
    assertThatThrownBy(() -> workers.move(key)).isInstanceOf(NameTaken.class);
    requireUnchanged(key, rule);
  }

  @Test
  void anotherKeyThanTheOneOfTheRuleIsNotTakenOver() {
    TokenKey key = workers.here.create(TwoWorkers.SPEC);
    Rule other =
        new Rule(Digest.of(new byte[] {7}), KeyPurpose.MANIFEST, 0, Limits.NONE)
            .moving(Moved.after(workers.clock.instant(), 0));
    workers.here.move(
        key.keyId(),
        (Worker)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {Worker.class},
                (proxy, method, arguments) -> {
                  byte[] pkcs8 = (byte[]) arguments[1];
                  MovedKey lie = new MovedKey("k", SignatureSuite.ED25519, other);
                  assertThatThrownBy(() -> workers.there.takeOver(lie, pkcs8.clone()))
                      .hasMessageContaining("not the one that its rule names");
                  return workers.there.takeOver((MovedKey) arguments[0], pkcs8);
                }),
        () -> {});
    assertThat(workers.there.rule(key.keyId())).isPresent();
  }
}
