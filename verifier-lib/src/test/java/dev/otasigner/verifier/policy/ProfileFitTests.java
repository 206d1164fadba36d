package dev.otasigner.verifier.policy;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.Anchor;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.dsse.Rule;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestBuild;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.testing.TestProfile;
import dev.otasigner.verifier.tuf.DelegatedRole;
import dev.otasigner.verifier.tuf.LineagePolicy;
import dev.otasigner.verifier.tuf.MemoryStore;
import dev.otasigner.verifier.tuf.RepositorySimulator;
import dev.otasigner.verifier.tuf.RoleKeys;
import dev.otasigner.verifier.tuf.TrustedPaths;
import dev.otasigner.verifier.tuf.TufKey;
import dev.otasigner.verifier.tuf.TufLimits;
import dev.otasigner.verifier.tuf.Updater;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A profile that would strand the device is refused before anything is installed. */
class ProfileFitTests {
  private static final TestKey RSA = TestFleet.OLD_MANIFEST_KEY;
  private static final TestKey P384 = TestKey.of(SignatureSuite.ECDSA_P384_SHA384);
  private static final TestKey ML_DSA = TestKey.of(SignatureSuite.ML_DSA_65);

  private static RejectedException unfit(TestProfile profile) {
    Profile running = TestFleet.factoryProfile().read();
    Made build = TestBuild.of("34.0").profile(profile).make();
    return assertRefused(Reason.PROFILE_UNFIT, () -> require(build, running));
  }

  private static void require(Made build, Profile running) throws RejectedException {
    ProfileFit.require(build.manifest(), build.profile(), running, LineageCheck.NO_CATALOGUE);
  }

  private static void fits(TestProfile profile) throws RejectedException {
    Made build = TestBuild.of("34.0").profile(profile).make();
    require(build, TestFleet.factoryProfile().read());
  }

  @Test
  void aSoundProfileFits() throws Exception {
    fits(TestProfile.all(P384, ML_DSA).lineage("second").thresholds(1, 1).minStrengthBits(128));
  }

  @Test
  void aProfileWhoseCodeCannotVerifyItsAnchorIsUnfit() {
    RejectedException refusal =
        unfit(TestProfile.any(P384, ML_DSA).knows(SignatureSuite.ECDSA_P384_SHA384));
    assertThat(refusal.reason()).isEqualTo(Reason.PROFILE_UNFIT);
    assertThat(refusal).hasMessageContaining("does not know ml-dsa-65");
  }

  @Test
  void aProfileWithAnAnchorUnderItsMinimumIsUnfit() {
    assertThat(unfit(TestProfile.any(RSA, P384).minStrengthBits(128)))
        .hasMessageContaining("expected 128 bits, found 112 bits");
  }

  @Test
  void aRuleThatNamesAKeyWithoutAnAnchorIsUnfit() {
    Rule rule = new Rule.All(List.of(new Rule.Key(P384.keyId()), new Rule.Key(ML_DSA.keyId())));
    assertThat(unfit(TestProfile.any(P384).rule(rule)))
        .hasMessageContaining(ML_DSA.keyId().abbreviated());
  }

  @Test
  void oneKeyUnderTwoSuitesIsUnfit() throws Exception {
    Anchor same =
        new Anchor(VerificationKey.of(SignatureSuite.RSA_PKCS1_2048_SHA256, RSA.key().spki()));
    assertThat(
            unfit(
                TestProfile.any(RSA)
                    .anchor(same.toJson())
                    .knows(
                        SignatureSuite.RSA_PSS_2048_SHA256, SignatureSuite.RSA_PKCS1_2048_SHA256)))
        .hasMessageContaining("two anchors");
  }

  @Test
  void aThresholdOfAKindTheCodeDoesNotKnowIsUnfit() throws Exception {
    unfit(TestProfile.any(P384).lineage("second").thresholds(1, 1));
    unfit(TestProfile.any(ML_DSA).lineage("second").thresholds(1, 1));
    fits(TestProfile.any(P384).lineage("second").thresholds(1, 0));
    fits(TestProfile.any(ML_DSA).lineage("second").thresholds(0, 1));
  }

  @Test
  void aProfileWithNobodyToCallIsUnfit() {
    unfit(TestProfile.any(RSA).servers());
    unfit(TestProfile.any(RSA).ports());
    unfit(TestProfile.any(RSA).serverAnchors());
    unfit(TestProfile.any(RSA).tls(List.of(), List.of("TLS_AES_128_GCM_SHA256")));
    unfit(TestProfile.any(RSA).tls(List.of("TLSv1.3"), List.of()));
  }

  @Test
  void anotherRootUnderTheSameLineageIsUnfit() throws Exception {
    unfit(TestProfile.any(RSA).root(TestFleet.digest("another root")));
    fits(TestProfile.any(RSA).lineage("second").root(TestFleet.digest("another root")));
  }

  // the metadata that the device holds

  private static LineageCheck held(RepositorySimulator repository) throws Exception {
    byte[] root = repository.latest("root");
    MemoryStore store = new MemoryStore();
    Updater.trustRoot(store, root, Digest.of(root));
    Updater updater =
        new Updater(
            store,
            repository,
            TufLimits.COMMON,
            LineagePolicy.tufAlone(),
            RepositorySimulator.START);
    updater.refresh();
    updater.find("stable/pump-a/head.json");
    return LineageCheck.of(updater, "first");
  }

  private static void judge(TestProfile profile, LineageCheck lineage) throws Exception {
    Made build = TestBuild.of("34.0").profile(profile).make();
    UpgradePolicy.judge(
        TestFleet.device(), TestFleet.factoryProfile().read(), build.candidate(), lineage);
  }

  @Test
  void aProfileThatDoesNotKnowTheKeysOfItsLineageIsUnfit() throws Exception {
    LineageCheck lineage = held(new RepositorySimulator());
    judge(TestProfile.any(RSA).knowsToo("ed25519"), lineage);
    assertThat(assertRefused(Reason.PROFILE_UNFIT, () -> judge(TestProfile.any(RSA), lineage)))
        .hasMessageContaining("root");
  }

  @Test
  void aProfileThatDemandsMoreStrengthThanItsLineageHasIsUnfit() throws Exception {
    LineageCheck lineage = held(new RepositorySimulator());
    judge(TestProfile.any(ML_DSA).knowsToo("ed25519").minStrengthBits(128), lineage);
    assertRefused(
        Reason.PROFILE_UNFIT,
        () -> judge(TestProfile.any(ML_DSA).knowsToo("ed25519").minStrengthBits(192), lineage));
  }

  @Test
  void aProfileThatDemandsAKindItsLineageDoesNotSignWithIsUnfit() throws Exception {
    TestProfile demanding = TestProfile.all(RSA, ML_DSA).knowsToo("ed25519").thresholds(1, 1);
    TestKey ed = RepositorySimulator.key("both");
    RepositorySimulator repository = new RepositorySimulator();
    repository.delegate("targets", List.of(ed, ML_DSA), channel(ed, ML_DSA));
    assertRefused(Reason.PROFILE_UNFIT, () -> judge(demanding, held(repository)));

    // Role by role: root, targets and the channel carry both kinds, or the device would stop there.
    repository.keys("root", 1, ed, ML_DSA).publishRoot();
    repository.publish();
    assertRefused(Reason.PROFILE_UNFIT, () -> judge(demanding, held(repository)));
    repository.keys("targets", 1, ed, ML_DSA).publishRoot();
    repository.signedBy("stable.pump-a", ed).publish();
    assertRefused(Reason.PROFILE_UNFIT, () -> judge(demanding, held(repository)));
    repository.signedBy("stable.pump-a", ed, ML_DSA).publish();
    judge(demanding, held(repository));
  }

  @Test
  void aProfileThatDoesNotKnowTheTimestampOrSnapshotKeyIsUnfit() throws Exception {
    for (String role : List.of("timestamp", "snapshot")) {
      RepositorySimulator repository = new RepositorySimulator();
      repository.keys(role, 1, P384).publishRoot();
      repository.publish();
      LineageCheck lineage = held(repository);
      assertRefused(
          Reason.PROFILE_UNFIT, () -> judge(TestProfile.any(RSA).knowsToo("ed25519"), lineage));
      judge(TestProfile.any(RSA, P384).knowsToo("ed25519"), lineage);
    }
  }

  @Test
  void ofANewLineageTheDeviceHoldsNothingYet() throws Exception {
    LineageCheck lineage = held(new RepositorySimulator());
    judge(TestProfile.any(P384).lineage("second"), lineage);
  }

  @Test
  void ofANewLineageWhoeverHasItsMetadataIsAsked() {
    LineageCheck everyLineage =
        brought -> {
          throw new RejectedException(Reason.BELOW_THRESHOLD, brought.lineage().name());
        };
    assertThat(
            assertRefused(
                Reason.PROFILE_UNFIT,
                () -> judge(TestProfile.any(P384).lineage("second"), everyLineage)))
        .hasMessageContaining("second");
  }

  private static DelegatedRole channel(TestKey... keys) {
    TufKey[] listed = Arrays.stream(keys).map(k -> TufKey.of(k.key())).toArray(TufKey[]::new);
    return new DelegatedRole(
        "stable.pump-a", RoleKeys.of(1, listed), TrustedPaths.matching("stable/pump-a/*"), false);
  }

  // algorithms of a time to come

  @Test
  void oldCodeCarriesAProfileWhoseSuiteOnlyNewCodeKnows() throws Exception {
    TestProfile profile = future(TestProfile.any(RSA)).knowsToo("xmss-2030");
    Profile read = profile.read();
    assertThat(read.newer().knows()).containsExactly("xmss-2030");
    assertThat(read.newer().anchors()).hasSize(1);
    fits(profile);
  }

  @Test
  void aSuiteOfTheFutureThatTheProfileItselfDoesNotKnowIsUnfit() {
    unfit(future(TestProfile.any(RSA)));
  }

  @Test
  void twoAnchorsOfTheFutureUnderOneIdentifierAreUnfit() {
    Json twin =
        Json.object()
            .put("keyId", RSA.keyId())
            .put("suite", "xmss-2030")
            .putBase64("spki", RSA.key().spki())
            .build();
    assertThat(unfit(TestProfile.any(RSA).anchor(twin).knowsToo("xmss-2030")))
        .hasMessageContaining("two anchors");
  }

  @Test
  void aThresholdThatOnlyAFutureSuiteCanMeetFits() throws Exception {
    fits(TestProfile.any(P384).lineage("second").thresholds(1, 1).knowsToo("xmss-2030"));
    fits(TestProfile.any(ML_DSA).lineage("second").thresholds(1, 1).knowsToo("xmss-2030"));
  }

  @Test
  void anAnchorOfTheFutureNeverCountsHere() throws Exception {
    Made build = TestBuild.of("34.0").manifestBy(P384).make();
    Profile running = future(TestProfile.any(RSA)).knowsToo("xmss-2030").read();
    assertRefused(
        Reason.MANIFEST_RULE_NOT_MET, () -> ManifestCheck.verify(build.envelope(), running));
  }

  /** Adds an anchor of a suite that no registry has yet, and lets it sign alone. */
  private static TestProfile future(TestProfile profile) {
    Json anchor =
        Json.object()
            .put("keyId", P384.keyId())
            .put("suite", "xmss-2030")
            .putBase64("spki", P384.key().spki())
            .build();
    return profile
        .anchor(anchor)
        .rule(new Rule.Any(List.of(new Rule.Key(RSA.keyId()), new Rule.Key(P384.keyId()))));
  }
}
