package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.otasigner.keys.ExclusiveLock;
import dev.otasigner.keys.KeyOperationException;
import dev.otasigner.keys.KeyOperationException.NameTaken;
import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeyOperationException.WrongSignature;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.testing.TestKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("NullAway.Init")
class WorkerTests {
  private static final Digest REQUEST = Digest.of(new byte[] {1});

  @TempDir Path directory;
  private final FakeToken token = new FakeToken();
  private final MovingClock clock = new MovingClock();
  private TokenWorker worker;

  @BeforeEach
  void open() {
    worker = TokenWorker.open(directory, token, clock);
  }

  @AfterEach
  void close() {
    worker.close();
  }

  private void restart() {
    worker.close();
    worker = TokenWorker.open(directory, token, clock);
  }

  private TokenKey create(String name, KeyPurpose purpose) {
    return worker.create(new KeySpec(name, SignatureSuite.ECDSA_P256_SHA256, purpose));
  }

  private static WorkerRequest request(TokenKey key, SigningInput input) {
    return WorkerRequest.unattended(REQUEST, key.keyId(), input);
  }

  private RefusalCode refusalOf(TokenKey key, SigningInput input) {
    Refused refused = catchThrowableOfType(Refused.class, () -> worker.sign(request(key, input)));
    assertThat(refused).as("a refusal").isNotNull();
    return refused.code();
  }

  private void rewriteConfiguration(String from, String to) throws IOException {
    worker.close();
    Path file = directory.resolve(TokenWorker.CONFIGURATION);
    String text = Files.readString(file);
    assertThat(text).contains(from);
    Files.writeString(file, text.replace(from, to));
    worker = TokenWorker.open(directory, token, clock);
  }

  @Test
  void aSignatureThatLeavesVerifies() throws Exception {
    TokenKey key = create("k", KeyPurpose.MANIFEST);
    SigningInput manifest = Contents.manifest("sensor");
    Bytes signature = worker.sign(request(key, manifest));
    key.publicKey().verify(manifest.bytes().toByteArray(), signature.toByteArray());
  }

  @Test
  void aKeyWithoutARuleDoesNotSign() {
    TokenKey key = token.hold("k", KeyPurpose.MANIFEST, TestKey.of(SignatureSuite.ED25519));
    assertThat(refusalOf(key, Contents.manifest("sensor"))).isEqualTo(RefusalCode.NO_RULE);
  }

  /** Whoever deletes the configuration, to get the defaults, gets a token without rules. */
  @Test
  void aFreshConfigurationGivesExistingKeysNoRule() throws IOException {
    TokenKey key = create("k", KeyPurpose.MANIFEST);
    worker.close();
    Files.delete(directory.resolve(TokenWorker.CONFIGURATION));
    worker = TokenWorker.open(directory, token, clock);
    assertThat(refusalOf(key, Contents.manifest("sensor"))).isEqualTo(RefusalCode.NO_RULE);
  }

  @Test
  void aRuleForAnotherPurposeThanTheKeysDoesNotApply() throws IOException {
    TokenKey key = create("k", KeyPurpose.TIMESTAMP);
    rewriteConfiguration(
        key.keyId().hex() + "\",\"minApprovals\":0,\"purpose\":\"timestamp\"",
        key.keyId().hex() + "\",\"minApprovals\":0,\"purpose\":\"root\"");
    assertThat(refusalOf(key, Contents.role("root"))).isEqualTo(RefusalCode.PURPOSE_MISMATCH);
  }

  @Test
  void aRetiredKeySignsNoMore() {
    TokenKey key = create("k", KeyPurpose.MANIFEST);
    worker.retire(key.keyId());
    assertThat(refusalOf(key, Contents.manifest("sensor"))).isEqualTo(RefusalCode.RULE_ENDED);
    restart();
    assertThat(refusalOf(key, Contents.manifest("sensor"))).isEqualTo(RefusalCode.RULE_ENDED);
  }

  @Test
  void contentOfAnotherPurposeIsNotSigned() {
    TokenKey key = create("k", KeyPurpose.TIMESTAMP);
    assertThat(refusalOf(key, Contents.role("root"))).isEqualTo(RefusalCode.CONTENT);
    assertThat(token.signatures).isZero();
  }

  @Test
  void theQuotaOfADayIsKeptOverARestart() throws IOException {
    TokenKey key = create("k", KeyPurpose.TIMESTAMP);
    rewriteConfiguration(key.keyId().hex() + "\",", key.keyId().hex() + "\",\"quota\":2,");
    worker.sign(request(key, Contents.role("timestamp")));
    clock.advance(Duration.ofHours(23));
    worker.sign(request(key, Contents.role("timestamp")));
    restart();
    assertThat(refusalOf(key, Contents.role("timestamp"))).isEqualTo(RefusalCode.QUOTA_USED_UP);
    clock.advance(Duration.ofHours(1));
    assertThat(worker.sign(request(key, Contents.role("timestamp"))).length()).isPositive();
    assertThat(refusalOf(key, Contents.role("timestamp"))).isEqualTo(RefusalCode.QUOTA_USED_UP);
  }

  @Test
  void aQuotaHoldsWithinOneRequestOfSeveralSignatures() throws IOException {
    TokenKey key = create("k", KeyPurpose.TIMESTAMP);
    rewriteConfiguration(key.keyId().hex() + "\",", key.keyId().hex() + "\",\"quota\":1,");
    WorkerRequest one = request(key, Contents.role("timestamp"));
    assertThatThrownBy(() -> worker.sign(List.of(one, one))).isInstanceOf(Refused.class);
    assertThat(token.signatures).isZero();
    assertThat(worker.sign(one).length()).isPositive();
  }

  @Test
  void aWrongSignatureDoesNotLeaveAndTakesTheKeyOutOfService() {
    TokenKey key = create("k", KeyPurpose.MANIFEST);
    TokenKey other = create("other", KeyPurpose.MANIFEST);
    token.signsWrongly = true;
    assertThatThrownBy(() -> worker.sign(request(key, Contents.manifest("sensor"))))
        .isInstanceOf(WrongSignature.class);
    token.signsWrongly = false;
    assertThat(refusalOf(key, Contents.manifest("sensor"))).isEqualTo(RefusalCode.OUT_OF_SERVICE);
    restart();
    assertThat(worker.outOfService()).containsExactly(key.keyId());
    assertThat(refusalOf(key, Contents.manifest("sensor"))).isEqualTo(RefusalCode.OUT_OF_SERVICE);
    assertThat(worker.sign(request(other, Contents.manifest("sensor"))).length()).isPositive();
  }

  @Test
  void severalSignaturesAreAllOrNone() {
    TokenKey first = create("first", KeyPurpose.MANIFEST);
    TokenKey second = create("second", KeyPurpose.ROOT);
    List<WorkerRequest> both =
        List.of(
            request(first, Contents.manifest("sensor")), request(second, Contents.role("targets")));
    assertThatThrownBy(() -> worker.sign(both)).isInstanceOf(Refused.class);
    assertThat(token.signatures).as("refused before a key was touched").isZero();
  }

  @Test
  void whenTheSecondOfTwoFailsInTheTokenNeitherLeaves() {
    TokenKey first = create("first", KeyPurpose.MANIFEST);
    TokenKey second = create("second", KeyPurpose.MANIFEST);
    token.beforeSigning = input -> token.gone = token.signatures == 1;
    List<WorkerRequest> both =
        List.of(
            request(first, Contents.manifest("sensor")),
            request(second, Contents.manifest("sensor")));
    assertThatThrownBy(() -> worker.sign(both)).isInstanceOf(TokenUnavailable.class);
    token.beforeSigning = input -> {};
    token.gone = false;
    restart();
    assertThat(worker.recovery().isClean()).as("both intents have their outcome").isTrue();
    assertThat(worker.sign(both)).hasSize(2);
  }

  /** ECDSA over the same bytes twice would differ; at most one signature is released. */
  @Test
  void aRepeatedRequestGetsTheSignatureOfTheFirstTime() {
    TokenKey key = create("k", KeyPurpose.MANIFEST);
    Bytes first = worker.sign(request(key, Contents.manifest("sensor")));
    restart();
    assertThat(worker.sign(request(key, Contents.manifest("sensor")))).isEqualTo(first);
    assertThat(token.signatures).isEqualTo(1);
  }

  @Test
  void theSameRequestTwiceAtOnceIsNotSignedTwice() {
    TokenKey key = create("k", KeyPurpose.MANIFEST);
    WorkerRequest one = request(key, Contents.manifest("sensor"));
    token.beforeSigning =
        input ->
            assertThatThrownBy(() -> worker.sign(one))
                .isInstanceOf(TokenUnavailable.class)
                .hasMessageContaining("already");
    worker.sign(one);
    assertThat(token.signatures).isEqualTo(1);
  }

  /** Asking again would not help; so it is no refusal that says so. */
  @Test
  void theSameRequestTwiceInOneCallIsRefusedForGood() {
    TokenKey key = create("k", KeyPurpose.MANIFEST);
    WorkerRequest one = request(key, Contents.manifest("sensor"));
    Refused refused = catchThrowableOfType(Refused.class, () -> worker.sign(List.of(one, one)));
    assertThat(refused).as("a refusal").isNotNull();
    assertThat(refused.code()).isEqualTo(RefusalCode.REQUEST_TWICE);
    assertThat(token.signatures).isZero();
    assertThat(worker.sign(one).length()).as("alone it is signed").isPositive();
  }

  @Test
  void aSecondWorkerIsNotActive() {
    assertThatThrownBy(() -> TokenWorker.open(directory, token, clock))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("another process");
  }

  /** Its lock was lost while it was frozen, and another worker has started. */
  @Test
  void aWorkerThatWasOvertakenDoesNotSign() {
    TokenKey key = create("k", KeyPurpose.MANIFEST);
    try (ExclusiveLock other = ExclusiveLock.seize(directory, "worker")) {
      other.require();
    }
    assertThatThrownBy(() -> worker.sign(request(key, Contents.manifest("sensor"))))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("taken over");
    assertThat(token.signatures).isZero();
    assertThatThrownBy(() -> worker.probe()).isInstanceOf(TokenUnavailable.class);
  }

  @Test
  void approvalKeysAreNotMade() {
    assertThatThrownBy(() -> create("k", KeyPurpose.APPROVAL))
        .isInstanceOf(KeyOperationException.NotSupported.class);
  }

  @Test
  void approvalKeysAreNotMadeEvenIfTheConfigurationSaysSo() throws IOException {
    rewriteConfiguration("\"purpose\":\"audit\"", "\"purpose\":\"approval\"");
    assertThatThrownBy(() -> create("k", KeyPurpose.APPROVAL))
        .isInstanceOf(KeyOperationException.NotSupported.class);
  }

  @Test
  void aPurposeWithoutADefaultGetsNoKeys() throws IOException {
    rewriteConfiguration("{\"minApprovals\":0,\"purpose\":\"root\"},\n", "");
    assertThatThrownBy(() -> create("k", KeyPurpose.ROOT))
        .isInstanceOf(KeyOperationException.NotSupported.class)
        .hasMessageContaining("root");
    assertThat(token.find("k")).isEmpty();
  }

  @Test
  void aNewKeyGetsTheDefaultRuleOfItsPurpose() throws IOException {
    rewriteConfiguration(
        "{\"minApprovals\":0,\"purpose\":\"image\"}", "{\"minApprovals\":2,\"purpose\":\"image\"}");
    assertThat(worker.rule(create("k", KeyPurpose.IMAGE).keyId()).map(Rule::minApprovals))
        .contains(2);
  }

  /** Killed after the token had made the key and before its rule was written. */
  @Test
  void aKeyWhoseMakingWasInterruptedIsFinished() throws IOException {
    worker.close();
    Path file = directory.resolve(TokenWorker.CONFIGURATION);
    WorkerConfiguration.read(file).withPending("k").write(file);
    TokenKey made =
        token.generate(new KeySpec("k", SignatureSuite.ECDSA_P256_SHA256, KeyPurpose.MANIFEST));
    worker = TokenWorker.open(directory, token, clock);
    assertThat(create("k", KeyPurpose.MANIFEST)).isEqualTo(made);
    assertThat(worker.rule(made.keyId())).isPresent();
    assertThat(WorkerConfiguration.read(file).pending()).isEmpty();
  }

  /** An operator took its rule away; wishing for the key again must not bring it back. */
  @Test
  void aKeyWhoseRuleWasTakenAwayIsNotGivenItBack() throws IOException {
    TokenKey key = create("k", KeyPurpose.MANIFEST);
    worker.close();
    Path file = directory.resolve(TokenWorker.CONFIGURATION);
    WorkerConfiguration.read(file).without(key.keyId()).write(file);
    worker = TokenWorker.open(directory, token, clock);
    assertThatThrownBy(() -> create("k", KeyPurpose.MANIFEST))
        .isInstanceOf(KeyOperationException.NameTaken.class);
    assertThat(worker.rule(key.keyId())).isEqualTo(Optional.empty());
  }

  @Test
  void aDestroyedKeyHasNeitherBytesNorRule() {
    TokenKey key = create("k", KeyPurpose.MANIFEST);
    worker.destroy(key.keyId());
    assertThat(token.find("k")).isEmpty();
    assertThat(worker.rule(key.keyId())).isEmpty();
  }

  @Test
  void theProbeFailsWhenTheTokenDoesNotSign() {
    worker.probe();
    token.gone = true;
    assertThatThrownBy(() -> worker.probe()).isInstanceOf(TokenUnavailable.class);
  }

  @Test
  void theProbeFailsWhenTheTokenSignsWrongly() {
    token.signsWrongly = true;
    assertThatThrownBy(() -> worker.probe())
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("does not verify");
  }

  @Test
  void aConfigurationThatOthersWriteIsRefused() throws IOException {
    worker.close();
    Files.setPosixFilePermissions(
        directory.resolve(TokenWorker.CONFIGURATION), PosixFilePermissions.fromString("rw-rw----"));
    assertThatThrownBy(() -> TokenWorker.open(directory, token, clock))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("chmod 600");
  }

  @Test
  void aMisspeltLimitIsRefusedRatherThanNoLimit() {
    create("k", KeyPurpose.MANIFEST);
    assertThatThrownBy(() -> rewriteConfiguration("\"minApprovals\"", "\"minimumApprovals\""))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("minimumApprovals");
  }

  private static final String URI = "pkcs11:object=field";

  @Test
  void anAdoptedKeyGetsTheDefaultRuleAndSigns() throws Exception {
    token.foreign.put(URI, TestKey.of(SignatureSuite.ED25519, "field"));
    KeySpec spec = new KeySpec("field", SignatureSuite.ED25519, KeyPurpose.MANIFEST);
    TokenKey key = worker.adopt(spec, URI);
    assertThat(worker.adopt(spec, URI)).as("asked again after a crash").isEqualTo(key);
    SigningInput manifest = Contents.manifest("sensor");
    Bytes signature = worker.sign(request(key, manifest));
    key.publicKey().verify(manifest.bytes().toByteArray(), signature.toByteArray());
  }

  @Test
  void aNameThatIsTakenAdoptsNoOtherKey() {
    create("field", KeyPurpose.MANIFEST);
    token.foreign.put(URI, TestKey.of(SignatureSuite.ECDSA_P256_SHA256, "other"));
    assertThatThrownBy(
            () ->
                worker.adopt(
                    new KeySpec("field", SignatureSuite.ECDSA_P256_SHA256, KeyPurpose.MANIFEST),
                    URI))
        .isInstanceOf(NameTaken.class);
  }

  @Test
  void anApproversKeyIsNotAdopted() throws IOException {
    TestKey eve = TestKey.of(SignatureSuite.ED25519, "eve");
    token.foreign.put(URI, eve);
    String approver = "{\"person\":\"eve\",\"spki\":\"" + eve.key().spki().base64() + "\"}";
    rewriteConfiguration("\"approvers\": []", "\"approvers\": [" + approver + "]");
    assertThatThrownBy(
            () ->
                worker.adopt(
                    new KeySpec("field", SignatureSuite.ED25519, KeyPurpose.MANIFEST), URI))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("eve");
    assertThat(token.keys()).isEmpty();
  }

  @Test
  void anApproverWhoseKeyLiesInTheTokenIsRefused() throws IOException {
    TokenKey key = create("k", KeyPurpose.MANIFEST);
    String approver = "{\"person\":\"eve\",\"spki\":\"" + key.publicKey().spki().base64() + "\"}";
    assertThatThrownBy(
            () -> rewriteConfiguration("\"approvers\": []", "\"approvers\": [" + approver + "]"))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("eve");
  }

  /** ML-DSA signs a tagged hash in TUF (TAP 21); the worker makes it from the role. */
  @Test
  void anMlDsaRoleKeySignsTheTaggedHash() throws Exception {
    TokenKey key = worker.create(new KeySpec("pq", SignatureSuite.ML_DSA_44, KeyPurpose.ROOT));
    byte[] role = Contents.role("root").bytes().toByteArray();
    Bytes signature = worker.sign(request(key, Contents.role("root")));
    byte[] hash = Digest.digest("SHA-512").digest(role);
    byte[] tagged = new byte[68];
    System.arraycopy(new byte[] {'t', 'u', 'f', 1}, 0, tagged, 0, 4);
    System.arraycopy(hash, 0, tagged, 4, 64);
    key.publicKey().verify(tagged, signature.toByteArray());
  }
}
