package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.otasigner.keys.KeyOperationException.NoSuchKey;
import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeyOperationException.WrongSignature;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.Limits;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.keys.TokenKey;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes wrong while a key moves: it is never lost, and never signs in two places at will. */
@SuppressWarnings("NullAway.Init")
class KeyMoveFaultTests {
  @TempDir Path directory;
  private TwoWorkers workers;

  @BeforeEach
  void start() throws Exception {
    workers = new TwoWorkers(directory);
  }

  @AfterEach
  void stop() {
    workers.close();
  }

  private static byte[] wrong(byte[] signature) {
    byte[] other = signature.clone();
    other[other.length / 2] ^= 1;
    return other;
  }

  private static void requireSigns(
      TwoWorkers workers, TokenWorker worker, TokenKey key, String what) throws Exception {
    WorkerRequest request = workers.request(key, what);
    byte[] signature = worker.sign(request).toByteArray();
    key.publicKey().verify(request.input().bytes().toByteArray(), signature);
  }

  private static RefusalCode refusal(Runnable action) {
    Refused refused = catchThrowableOfType(Refused.class, action::run);
    assertThat(refused).as("a refusal").isNotNull();
    return refused.code();
  }

  /** Which of the two signs, as the caller has noted it: it outlives the kill. */
  private static final class Row {
    private boolean namesThere;

    private void move(TwoWorkers workers, TokenKey key) {
      workers.here.move(
          key.keyId(),
          workers.there,
          () -> {
            workers.moment("before the note");
            namesThere = true;
            workers.moment("after the note");
          });
    }

    private TokenWorker signer(TwoWorkers workers) {
      return namesThere ? workers.there : workers.here;
    }
  }

  /** The moments of one move that is killed at one of them; empty when it was not. */
  private Set<String> killedAt(int moment) throws Exception {
    try (TwoWorkers two = new TwoWorkers(directory.resolve("killed-" + moment))) {
      TokenKey key = two.here.create(TwoWorkers.SPEC);
      WorkerRequest before = two.request(key, "before");
      two.here.sign(before);
      Row row = new Row();
      two.moments.clear();
      two.killAfter(moment);
      try {
        row.move(two, key);
        return Set.of();
      } catch (TwoWorkers.Killed e) {
        two.restart();
      }
      Set<String> moments = Set.copyOf(two.moments);
      two.clock.advance(Duration.ofMinutes(5));
      WorkerRequest meanwhile = two.request(key, "meanwhile");
      TokenWorker signer = row.signer(two);
      assertThat(signer.sign(meanwhile)).as("killed at %s", moments).isNotNull();
      if (signer == two.here) {
        assertThat(two.file(key)).as("killed at %s", moments).exists();
      }
      try {
        row.move(two, key);
      } catch (NoSuchKey e) {
        assertThat(row.namesThere).as("erased before it was noted").isTrue();
      }
      assertThat(two.here.find("k")).isEmpty();
      assertThat(two.file(key)).doesNotExist();
      assertThat(refusal(() -> two.there.sign(before))).isEqualTo(RefusalCode.BEFORE_MOVE);
      if (signer == two.here) {
        assertThat(refusal(() -> two.there.sign(meanwhile))).isEqualTo(RefusalCode.BEFORE_MOVE);
      }
      two.clock.advance(Duration.ofSeconds(1));
      requireSigns(two, two.there, key, "since");
      return moments;
    }
  }

  /**
   * At every write, force and rename of both workers' files, and before and after each thing that
   * the tokens do: the key signs where the caller noted it, and asking again finishes the move.
   */
  @Test
  void killedAtAnyMomentTheKeySignsOnAndAskingAgainFinishesTheMove() throws Exception {
    Set<String> moments = new TreeSet<>();
    Set<String> reached = killedAt(0);
    for (int next = 1; !reached.isEmpty(); next++) {
      moments.addAll(reached);
      reached = killedAt(next);
    }
    assertThat(moments)
        .contains(
            "here: half done write worker.json",
            "there: half done write worker.json",
            "there: before importKey",
            "there: after importKey",
            "there: before sign",
            "there: after sign",
            "before the note",
            "after the note",
            "here: before destroy",
            "here: after destroy");
  }

  private void requireUnchanged(TokenKey key, Rule rule) throws Exception {
    assertThat(workers.here.rule(key.keyId())).contains(rule);
    assertThat(workers.file(key)).exists();
    requireSigns(workers, workers.here, key, "still");
  }

  @Test
  void aTokenThatSignsWronglyDoesNotGetTheKey() throws Exception {
    TokenKey key = workers.here.create(TwoWorkers.SPEC);
    Rule rule = workers.here.rule(key.keyId()).orElseThrow();
    workers.faultThere = KeyMoveFaultTests::wrong;
    assertThatThrownBy(() -> workers.move(key)).isInstanceOf(WrongSignature.class);
    requireUnchanged(key, rule);
    assertThat(workers.there.find("k")).isEmpty();
    assertThat(workers.there.rule(key.keyId())).isEmpty();
    workers.faultThere = signature -> signature;
    workers.move(key);
    workers.clock.advance(Duration.ofSeconds(1));
    requireSigns(workers, workers.there, key, "since");
  }

  @Test
  void aTokenThatTakesTheKeyButCannotSignWithItDoesNotKeepIt() throws Exception {
    TokenKey key = workers.here.create(TwoWorkers.SPEC);
    Rule rule = workers.here.rule(key.keyId()).orElseThrow();
    workers.faultThere =
        signature -> {
          throw new NotSupported("no such mechanism");
        };
    assertThatThrownBy(() -> workers.move(key)).isInstanceOf(NotSupported.class);
    requireUnchanged(key, rule);
    assertThat(workers.there.find("k")).isEmpty();
  }

  /** It may have the key: what ends the key is told to both from now on. */
  @Test
  void aTokenThatGoesAwayBeforeItHasSignedMayHaveTheKeyAndGetsItWhenAskedAgain() throws Exception {
    TokenKey key = workers.here.create(TwoWorkers.SPEC);
    workers.faultThere =
        signature -> {
          throw new TokenUnavailable("pulled out");
        };
    assertThatThrownBy(() -> workers.move(key)).isInstanceOf(TokenUnavailable.class);
    assertThat(workers.here.rule(key.keyId()).orElseThrow().handedOver()).isTrue();
    requireSigns(workers, workers.here, key, "meanwhile");
    workers.faultThere = signature -> signature;
    workers.move(key);
    assertThat(workers.here.find("k")).isEmpty();
  }

  @Test
  void aRuleThatAPersonWroteThereStaysWhenTheKeyDoesNotStay() throws Exception {
    TokenKey key = workers.here.create(TwoWorkers.SPEC);
    Rule written =
        new Rule(
            key.keyId(),
            KeyPurpose.MANIFEST,
            0,
            new Limits(Optional.empty(), Optional.empty(), quota(3)));
    workers.configure("there", old -> old.with(written, ""));
    workers.faultThere = KeyMoveFaultTests::wrong;
    assertThatThrownBy(() -> workers.move(key)).isInstanceOf(WrongSignature.class);
    assertThat(workers.there.find("k")).isEmpty();
    assertThat(workers.there.rule(key.keyId())).contains(written);
    workers.faultThere = signature -> signature;
    workers.move(key);
    assertThat(workers.there.rule(key.keyId()).orElseThrow().quota()).contains(3L);
  }

  private static Optional<Long> quota(long most) {
    return Optional.of(most);
  }

  @Test
  void aKeyThatTooFewPeopleApproveUnderTheRuleWrittenThereStaysHere() throws Exception {
    TokenKey key = workers.here.create(TwoWorkers.SPEC);
    Rule rule = workers.here.rule(key.keyId()).orElseThrow();
    workers.configure(
        "there", old -> old.with(new Rule(key.keyId(), KeyPurpose.MANIFEST, 2, Limits.NONE), ""));
    assertThatThrownBy(() -> workers.move(key))
        .isInstanceOf(NotSupported.class)
        .hasMessageContaining("2 approvals");
    requireUnchanged(key, rule);
  }

  @Test
  void aKeyOutOfServiceDoesNotMove() throws Exception {
    TokenKey key = workers.here.create(TwoWorkers.SPEC);
    workers.faultHere = KeyMoveFaultTests::wrong;
    assertThatThrownBy(() -> workers.here.sign(workers.request(key, "one")))
        .isInstanceOf(WrongSignature.class);
    workers.faultHere = signature -> signature;
    assertThat(refusal(() -> workers.move(key))).isEqualTo(RefusalCode.OUT_OF_SERVICE);
    workers.restart();
    assertThat(refusal(() -> workers.move(key))).isEqualTo(RefusalCode.OUT_OF_SERVICE);
    assertThat(workers.there.find("k")).isEmpty();
    assertThat(workers.here.rule(key.keyId()).orElseThrow().handedOver()).isFalse();
    assertThat(workers.file(key)).exists();
  }

  /** The same key was brought to both, and did not sign well there. */
  @Test
  void aKeyThatIsOutOfServiceThereStaysHere() throws Exception {
    byte[] pkcs8 =
        KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPrivate().getEncoded();
    TokenKey key = workers.here.importKey(TwoWorkers.SPEC, pkcs8.clone());
    workers.there.importKey(TwoWorkers.SPEC, pkcs8);
    workers.faultThere = KeyMoveFaultTests::wrong;
    assertThatThrownBy(() -> workers.there.sign(workers.request(key, "one")))
        .isInstanceOf(WrongSignature.class);
    workers.faultThere = signature -> signature;
    Rule rule = workers.here.rule(key.keyId()).orElseThrow();
    assertThat(refusal(() -> workers.move(key))).isEqualTo(RefusalCode.OUT_OF_SERVICE);
    requireUnchanged(key, rule);
  }
}
