package dev.otasigner.verifier.tuf;

import static dev.otasigner.verifier.tuf.RepositorySimulator.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.testing.TestKey;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A lineage whose devices know ML-DSA: root, targets and channel roles list two classical keys and
 * two post-quantum ones, with a threshold of two.
 */
class LineagePolicyTests {
  private static final LineagePolicy ONE_OF_EACH =
      new LineagePolicy(EnumSet.allOf(SignatureSuite.class), 0, new Profile.Thresholds(1, 1));

  private final TestKey classical = key("classical");
  private final TestKey classical2 = TestKey.of(SignatureSuite.ECDSA_P256_SHA256, "tuf-second");
  private final TestKey postQuantum = TestKey.of(SignatureSuite.ML_DSA_65, "tuf");
  private final TestKey postQuantum2 = TestKey.of(SignatureSuite.ML_DSA_44, "tuf");
  private final TestKey[] all = {classical, classical2, postQuantum, postQuantum2};

  private final RepositorySimulator repository = new RepositorySimulator();
  private TestClient client = new TestClient(repository);

  @BeforeEach
  void makeItHybrid() {
    repository.keys("root", 2, all).keys("targets", 2, all);
    repository.publishRoot();
    repository.publishRoot(classical, postQuantum);
    repository.signedBy("root", classical, postQuantum);
    repository.signedBy("targets", classical, postQuantum);
    repository.delegate(
        "targets",
        List.of(all),
        new DelegatedRole(
            "stable.pump-a",
            new RoleKeys(List.of(all).stream().map(k -> TufKey.of(k.key()).keyId()).toList(), 2),
            TrustedPaths.matching("stable/pump-a/*"),
            false));
    repository.signedBy("stable.pump-a", classical, postQuantum);
    repository.add("stable.pump-a", "stable/pump-a/head.json", "{}");
    repository.publish();
    client = new TestClient(repository).policy(ONE_OF_EACH);
  }

  @Test
  void oneSignatureOfEachKindIsEnough() throws Exception {
    repository.publishRoot(classical2, postQuantum2);
    Updater updater = client.refresh();
    assertThat(updater.rootVersion()).isEqualTo(4);
    assertThat(updater.find("stable/pump-a/head.json")).isPresent();
  }

  @Test
  void snapshotAndTimestampNeedOneKindOnly() throws Exception {
    repository.publish();
    client.refresh();
    assertThat(client.trusted("snapshot")).isEqualTo(3);
  }

  @Test
  void twoClassicalSignaturesDoNotMakeARoot() throws Exception {
    repository.publishRoot(classical, classical2);
    client.assertRefused(Reason.BELOW_THRESHOLD, "root");
    assertThat(new TestClient(repository).refresh().rootVersion())
        .as("what TUF alone would take")
        .isEqualTo(4);
  }

  @Test
  void twoPostQuantumSignaturesDoNotMakeARootEither() throws Exception {
    repository.publishRoot(postQuantum, postQuantum2);
    client.assertRefused(Reason.BELOW_THRESHOLD, "root");
  }

  @Test
  void twoClassicalSignaturesDoNotMakeTargets() throws Exception {
    repository.signedBy("targets", classical, classical2).publish();
    client.assertRefused(Reason.BELOW_THRESHOLD, "targets");
  }

  @Test
  void twoClassicalSignaturesDoNotMakeAChannel() throws Exception {
    repository.signedBy("stable.pump-a", classical, classical2).publish();
    Updater updater = client.refresh();
    TestClient.assertRefused(Reason.BELOW_THRESHOLD, () -> updater.find("stable/pump-a/head.json"));
  }

  /** A root that lists no post-quantum key any more cannot lead the devices away from them. */
  @Test
  void aRootThatDropsAKindIsRefused() throws Exception {
    repository.keys("root", 2, classical, classical2);
    repository.publishRoot(classical, classical2, postQuantum);
    client.assertRefused(Reason.BELOW_THRESHOLD, "root");
  }

  @Test
  void aSuiteThatTheBuildDoesNotKnowDoesNotCount() throws Exception {
    Set<SignatureSuite> knows =
        EnumSet.of(SignatureSuite.ED25519, SignatureSuite.ECDSA_P256_SHA256);
    client.policy(new LineagePolicy(knows, 0, new Profile.Thresholds(0, 0)));
    TestClient.assertRefused(Reason.BELOW_THRESHOLD, client::refresh);
    repository.publishRoot(classical, classical2);
    client = new TestClient(repository);
    client.policy(new LineagePolicy(knows, 0, new Profile.Thresholds(0, 0)));
    client.assertRefused(Reason.BELOW_THRESHOLD, "targets");
    repository.signedBy("targets", classical, classical2).publish();
    client.refresh();
  }

  @Test
  void aKeyWeakerThanTheBuildDemandsDoesNotCount() throws Exception {
    TestKey weak = TestKey.of(SignatureSuite.RSA_PSS_2048_SHA256, "tuf");
    repository.keys("timestamp", 1, weak).publishRoot();
    repository.publish();
    client.policy(
        new LineagePolicy(EnumSet.allOf(SignatureSuite.class), 112, new Profile.Thresholds(1, 1)));
    client.refresh();
    client.policy(
        new LineagePolicy(EnumSet.allOf(SignatureSuite.class), 128, new Profile.Thresholds(1, 1)));
    client.assertRefused(Reason.BELOW_THRESHOLD, "timestamp");
  }

  /** The suites of the keys that are about to sign are judged as their signatures would be. */
  @Test
  void whoIsAboutToSignIsJudgedLikeWhoHasSigned() throws Exception {
    SignatureSuite ed = SignatureSuite.ED25519;
    SignatureSuite pq = SignatureSuite.ML_DSA_65;
    LineagePolicy both = new LineagePolicy(EnumSet.of(ed, pq), 128, new Profile.Thresholds(1, 1));
    both.requireSigners("root", List.of(ed, pq), 2);
    both.requireSigners("timestamp", List.of(ed), 1);
    TestClient.assertRefused(
        Reason.BELOW_THRESHOLD, () -> both.requireSigners("root", List.of(ed), 1));
    TestClient.assertRefused(
        Reason.BELOW_THRESHOLD, () -> both.requireSigners("targets", List.of(pq), 1));
    LineagePolicy classical = new LineagePolicy(EnumSet.of(ed), 128, new Profile.Thresholds(0, 0));
    TestClient.assertRefused(
        Reason.BELOW_THRESHOLD, () -> classical.requireSigners("root", List.of(ed, pq), 2));
    LineagePolicy stronger = new LineagePolicy(EnumSet.of(ed), 192, new Profile.Thresholds(0, 0));
    TestClient.assertRefused(
        Reason.BELOW_THRESHOLD, () -> stronger.requireSigners("snapshot", List.of(ed), 1));
  }

  /** Goes over from TUF's own thresholds, and is told whose metadata would not do. */
  private void assertUnfit(String role, LineagePolicy next) throws Exception {
    Updater updater = new TestClient(repository).refresh();
    updater.find("stable/pump-a/head.json");
    assertThatExceptionOfType(RejectedException.class)
        .isThrownBy(() -> updater.requireSignedFor(next))
        .withMessageContaining(role + ": too few")
        .satisfies(e -> assertThat(e.reason()).isEqualTo(Reason.BELOW_THRESHOLD));
  }

  @Test
  void whatIsTrustedDoesUnderAPolicyThatItSatisfies() throws Exception {
    Updater updater = new TestClient(repository).refresh();
    updater.find("stable/pump-a/head.json");
    updater.requireSignedFor(ONE_OF_EACH);
  }

  @Test
  void aTrustedRootThatAnotherPolicyWouldRefuseIsUnfit() throws Exception {
    repository.publishRoot(classical, classical2);
    assertUnfit("root", ONE_OF_EACH);
  }

  @Test
  void aTrustedTimestampThatAnotherPolicyWouldRefuseIsUnfit() throws Exception {
    assertUnfitIfWeak("timestamp");
  }

  @Test
  void aTrustedSnapshotThatAnotherPolicyWouldRefuseIsUnfit() throws Exception {
    assertUnfitIfWeak("snapshot");
  }

  private void assertUnfitIfWeak(String role) throws Exception {
    repository.keys(role, 1, TestKey.of(SignatureSuite.RSA_PSS_2048_SHA256, "tuf"));
    repository.publishRoot();
    repository.publish();
    assertUnfit(
        role,
        new LineagePolicy(EnumSet.allOf(SignatureSuite.class), 128, new Profile.Thresholds(1, 1)));
  }

  @Test
  void trustedTargetsThatAnotherPolicyWouldRefuseAreUnfit() throws Exception {
    repository.signedBy("targets", classical, classical2).publish();
    assertUnfit("targets", ONE_OF_EACH);
  }

  @Test
  void aTrustedChannelThatAnotherPolicyWouldRefuseIsUnfit() throws Exception {
    repository.signedBy("stable.pump-a", classical, classical2).publish();
    assertUnfit("stable.pump-a", ONE_OF_EACH);
  }
}
