package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.Limits;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.testing.TestKey;
import java.nio.file.Path;
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

/** A key of the field whose rule the operator wrote before anybody adopts the key by the API. */
@SuppressWarnings("NullAway.Init")
class WrittenRuleTests {
  private static final String URI = "pkcs11:object=field";
  private static final TestKey FIELD = TestKey.of(SignatureSuite.ED25519, "field");
  private static final Digest REQUEST = Digest.of(new byte[] {1});
  private static final Rule WRITTEN =
      new Rule(
          FIELD.keyId(),
          KeyPurpose.MANIFEST,
          2,
          new Limits(
              Optional.empty(),
              Optional.of(Instant.parse("2031-01-01T00:00:00Z")),
              Optional.of(5L)));

  @TempDir Path directory;
  private final FakeToken token = new FakeToken();
  private TokenWorker worker;

  @BeforeEach
  void open() {
    Map<KeyPurpose, WorkerConfiguration.Default> defaults = new EnumMap<>(KeyPurpose.class);
    defaults.put(KeyPurpose.MANIFEST, new WorkerConfiguration.Default(0, Optional.empty()));
    defaults.put(KeyPurpose.CHANNEL, new WorkerConfiguration.Default(0, Optional.empty()));
    new WorkerConfiguration(
            Optional.empty(), List.of(), Map.of(FIELD.keyId(), WRITTEN), defaults, Set.of())
        .write(directory.resolve(TokenWorker.CONFIGURATION));
    token.foreign.put(URI, FIELD);
    worker = TokenWorker.open(directory, token, new MovingClock());
  }

  @AfterEach
  void close() {
    worker.close();
  }

  private static KeySpec spec(KeyPurpose purpose, Limits limits) {
    return new KeySpec("field", SignatureSuite.ED25519, purpose, limits);
  }

  @Test
  void adoptionDoesNotReplaceTheRuleByTheDefault() {
    worker.adopt(spec(KeyPurpose.MANIFEST, Limits.NONE), URI);
    assertThat(worker.rule(FIELD.keyId())).contains(WRITTEN);
    Refused refused =
        catchThrowableOfType(
            Refused.class,
            () ->
                worker.sign(
                    WorkerRequest.unattended(REQUEST, FIELD.keyId(), Contents.manifest("sensor"))));
    assertThat(refused.code()).isEqualTo(RefusalCode.APPROVALS_MISSING);
  }

  @Test
  void adoptionForAnotherPurposeIsRefusedBeforeTheTokenIsAsked() {
    Refused refused =
        catchThrowableOfType(
            Refused.class, () -> worker.adopt(spec(KeyPurpose.CHANNEL, Limits.NONE), URI));
    assertThat(refused.code()).isEqualTo(RefusalCode.PURPOSE_MISMATCH);
    assertThat(token.keys()).isEmpty();
    assertThat(worker.rule(FIELD.keyId())).contains(WRITTEN);
  }

  @Test
  void adoptionNarrowsTheRuleAndNeverWidensIt() {
    Limits more = new Limits(Optional.empty(), Optional.empty(), Optional.of(6L));
    Refused refused =
        catchThrowableOfType(
            Refused.class, () -> worker.adopt(spec(KeyPurpose.MANIFEST, more), URI));
    assertThat(refused.code()).isEqualTo(RefusalCode.LIMIT_WIDER);
    Limits less = new Limits(Optional.empty(), Optional.empty(), Optional.of(4L));
    worker.adopt(spec(KeyPurpose.MANIFEST, less), URI);
    Rule rule = worker.rule(FIELD.keyId()).orElseThrow();
    assertThat(rule.quota()).contains(4L);
    assertThat(rule.minApprovals()).isEqualTo(2);
    assertThat(rule.notAfter()).isEqualTo(WRITTEN.notAfter());
  }

  /** Its making was interrupted; a person has seen to its rule before it was asked for again. */
  @Test
  void makingThatIsFinishedDoesNotReplaceTheRuleByTheDefault() {
    worker.close();
    Path file = directory.resolve(TokenWorker.CONFIGURATION);
    WorkerConfiguration.read(file).withPending("field").write(file);
    token.hold("field", KeyPurpose.MANIFEST, FIELD);
    worker = TokenWorker.open(directory, token, new MovingClock());
    worker.create(spec(KeyPurpose.MANIFEST, Limits.NONE));
    assertThat(worker.rule(FIELD.keyId())).contains(WRITTEN);
    assertThat(WorkerConfiguration.read(file).pending()).isEmpty();
  }

  @Test
  void noApprovalKeyIsAdoptedWhateverAnybodyWrote() {
    assertThatThrownBy(() -> worker.adopt(spec(KeyPurpose.APPROVAL, Limits.NONE), URI))
        .isInstanceOf(NotSupported.class);
  }
}
