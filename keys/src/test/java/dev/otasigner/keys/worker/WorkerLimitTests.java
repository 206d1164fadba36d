package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.Limits;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Limits that are asked of a worker: narrower than its own, and never wider again. */
@SuppressWarnings("NullAway.Init")
class WorkerLimitTests {
  private static final Digest REQUEST = Digest.of(new byte[] {1});

  @TempDir Path directory;
  private final FakeToken token = new FakeToken();
  private final MovingClock clock = new MovingClock();
  private TokenWorker worker;

  /** The worker's own default: ten timestamps a day. */
  @BeforeEach
  void open() throws Exception {
    Path file = directory.resolve(TokenWorker.CONFIGURATION);
    Files.writeString(
        file,
        """
        {"schema":1,"approvers":[],"rules":[],
         "defaults":[{"purpose":"timestamp","minApprovals":0,"quota":10}]}
        """,
        StandardCharsets.UTF_8);
    Files.setPosixFilePermissions(
        file, java.nio.file.attribute.PosixFilePermissions.fromString("rw-------"));
    worker = TokenWorker.open(directory, token, clock);
  }

  @AfterEach
  void close() {
    worker.close();
  }

  private Instant in(int hours) {
    return clock.instant().plus(Duration.ofHours(hours));
  }

  private static Limits quota(long most) {
    return new Limits(Optional.empty(), Optional.empty(), Optional.of(most));
  }

  private Limits between(int from, int until) {
    return new Limits(Optional.of(in(from)), Optional.of(in(until)), Optional.empty());
  }

  private TokenKey create(Limits limits) {
    return worker.create(
        new KeySpec("k", SignatureSuite.ECDSA_P256_SHA256, KeyPurpose.TIMESTAMP, limits));
  }

  private void sign(TokenKey key) {
    worker.sign(WorkerRequest.unattended(REQUEST, key.keyId(), Contents.role("timestamp")));
  }

  private static RefusalCode refusalOf(Runnable action) {
    Refused refused = catchThrowableOfType(Refused.class, action::run);
    assertThat(refused).as("a refusal").isNotNull();
    return refused.code();
  }

  @Test
  void aKeyDoesNotSignBeforeItsTime() {
    TokenKey key = create(between(1, 3));
    assertThat(refusalOf(() -> sign(key))).isEqualTo(RefusalCode.RULE_NOT_BEGUN);
    clock.advance(Duration.ofHours(1));
    sign(key);
  }

  @Test
  void aKeySignsNoMoreAfterItsTime() {
    TokenKey key = create(between(0, 1));
    sign(key);
    clock.advance(Duration.ofHours(1));
    assertThat(refusalOf(() -> sign(key))).isEqualTo(RefusalCode.RULE_ENDED);
  }

  @Test
  void aWishForMoreThanTheWorkersOwnIsRefusedBeforeAKeyIsMade() {
    assertThat(refusalOf(() -> create(quota(11)))).isEqualTo(RefusalCode.LIMIT_WIDER);
    assertThat(worker.find("k")).isEmpty();
  }

  @Test
  void aNarrowerQuotaIsKeptAndWhatIsLeftIsTold() {
    TokenKey key = create(quota(2));
    assertThat(worker.remaining(key.keyId())).contains(2L);
    sign(key);
    assertThat(worker.remaining(key.keyId())).contains(1L);
    sign(key);
    assertThat(worker.remaining(key.keyId())).contains(0L);
    assertThat(refusalOf(() -> sign(key))).isEqualTo(RefusalCode.QUOTA_USED_UP);
    clock.advance(Duration.ofHours(24));
    assertThat(worker.remaining(key.keyId())).contains(2L);
  }

  @ParameterizedTest
  @CsvSource({"1, 10, ", "3, 10, ", "2, 9, ", "2, 11, wider", "1, 9, "})
  void datesAreNarrowedAndNeverWidened(int from, int until, String wider) {
    TokenKey key = create(between(1, 10));
    Optional<Rule> before = worker.rule(key.keyId());
    if (wider == null) {
      worker.narrow(key.keyId(), between(from, until));
      assertThat(worker.rule(key.keyId()).orElseThrow().limits())
          .isEqualTo(new Limits(Optional.of(in(from)), Optional.of(in(until)), Optional.of(10L)));
    } else {
      assertThat(refusalOf(() -> worker.narrow(key.keyId(), between(from, until))))
          .isEqualTo(RefusalCode.LIMIT_WIDER);
      assertThat(worker.rule(key.keyId())).isEqualTo(before);
    }
  }

  @Test
  void anEarlierBeginIsWider() {
    TokenKey key = create(between(2, 10));
    assertThat(refusalOf(() -> worker.narrow(key.keyId(), between(1, 10))))
        .isEqualTo(RefusalCode.LIMIT_WIDER);
  }

  @Test
  void aLargerQuotaIsWider() {
    TokenKey key = create(quota(2));
    assertThat(refusalOf(() -> worker.narrow(key.keyId(), quota(3))))
        .isEqualTo(RefusalCode.LIMIT_WIDER);
    worker.narrow(key.keyId(), quota(1));
    assertThat(refusalOf(() -> worker.narrow(key.keyId(), quota(2))))
        .isEqualTo(RefusalCode.LIMIT_WIDER);
  }

  @Test
  void aRetiredKeyIsNotBroughtBackByALaterEnd() {
    TokenKey key = create(Limits.NONE);
    worker.retire(key.keyId());
    assertThat(refusalOf(() -> worker.narrow(key.keyId(), between(-1, 5))))
        .isEqualTo(RefusalCode.LIMIT_WIDER);
  }

  @Test
  void aKeyThatIsRetiredBeforeItsTimeHasEnded() {
    TokenKey key = create(between(1, 3));
    worker.retire(key.keyId());
    Limits ended = new Limits(Optional.empty(), Optional.of(in(0)), Optional.of(10L));
    assertThat(worker.rule(key.keyId()).orElseThrow().limits()).isEqualTo(ended);
    worker.close();
    worker = TokenWorker.open(directory, token, clock);
    assertThat(refusalOf(() -> sign(key))).isEqualTo(RefusalCode.RULE_ENDED);
    clock.advance(Duration.ofHours(2));
    assertThat(refusalOf(() -> sign(key))).isEqualTo(RefusalCode.RULE_ENDED);
  }

  @Test
  void aRuleInTheFileThatEndsBeforeItBeginsIsRefused() throws Exception {
    TokenKey key = create(between(1, 3));
    worker.close();
    Path file = directory.resolve(TokenWorker.CONFIGURATION);
    String begin = "\"notBefore\":\"" + in(1) + "\"";
    String text = Files.readString(file, StandardCharsets.UTF_8);
    assertThat(text).contains(begin).contains(key.keyId().hex());
    Files.writeString(file, text.replace(begin, "\"notBefore\":\"" + in(4) + "\""));
    assertThatThrownBy(() -> TokenWorker.open(directory, token, clock))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("notBefore");
    Files.writeString(file, text);
    worker = TokenWorker.open(directory, token, clock);
  }

  @Test
  void aTimeThatWouldEndBeforeItBeginsIsRefused() {
    TokenKey key = create(between(1, 10));
    Limits late = new Limits(Optional.of(in(11)), Optional.empty(), Optional.empty());
    assertThat(refusalOf(() -> worker.narrow(key.keyId(), late)))
        .isEqualTo(RefusalCode.LIMIT_WIDER);
  }

  @Test
  void limitsOutliveTheProcess() {
    TokenKey key = create(between(1, 3));
    worker.close();
    worker = TokenWorker.open(directory, token, clock);
    assertThat(refusalOf(() -> sign(key))).isEqualTo(RefusalCode.RULE_NOT_BEGUN);
  }

  @Test
  void aKeyWithoutARuleGetsNoneByNarrowing() {
    assertThat(refusalOf(() -> worker.narrow(REQUEST, quota(1)))).isEqualTo(RefusalCode.NO_RULE);
  }

  /** What goes to a worker in another process carries the limits too. */
  @Test
  void callsToAnotherProcessCarryTheLimits() throws Exception {
    Limits limits = new Limits(Optional.of(in(1)), Optional.of(in(2)), Optional.of(3L));
    WorkerCall create =
        new WorkerCall.Create(
            new KeySpec("k", SignatureSuite.ED25519, KeyPurpose.TIMESTAMP, limits));
    WorkerCall narrow = new WorkerCall.Narrow(REQUEST, limits);
    assertThat(WorkerCall.read(create.toJson().textBytes())).isEqualTo(create);
    assertThat(WorkerCall.read(narrow.toJson().textBytes())).isEqualTo(narrow);
  }
}
