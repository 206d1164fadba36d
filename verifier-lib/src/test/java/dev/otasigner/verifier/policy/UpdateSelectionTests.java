package dev.otasigner.verifier.policy;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.CataloguePaths;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.policy.UpdateSelection.Chosen;
import dev.otasigner.verifier.policy.UpdateSelection.Selection;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestBuild;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.testing.TestKey;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class UpdateSelectionTests {
  private static final Profile FACTORY = TestFleet.factoryProfile().read();
  private static final TestKey STRANGER = TestKey.of(SignatureSuite.ED25519, "stranger");

  private final DeviceState device = TestFleet.device();

  private Selection select(Head head, Documents documents) throws Exception {
    return UpdateSelection.select(device, FACTORY, head, documents, LineageCheck.NO_CATALOGUE);
  }

  private Selection select(Made... builds) throws Exception {
    return select(Made.head(builds), Made.documents(builds));
  }

  private static Optional<String> chosen(Selection selection) {
    return selection.chosen().map(c -> c.listing().version().toString());
  }

  private static List<Reason> reasons(Selection selection) {
    return selection.refused().stream().map(r -> r.refusal().reason()).toList();
  }

  @Test
  void theNewestIsTaken() throws Exception {
    Selection selection = select(TestBuild.of("35.0").make(), TestBuild.of("34.0").make());
    assertThat(chosen(selection)).contains("35.0.0+0");
    assertThat(selection.refused()).isEmpty();
  }

  @Test
  void whatIsChosenPassesTheWholeJudgement() throws Exception {
    Made build = TestBuild.of("34.0").make();
    Chosen choice = select(build).chosen().orElseThrow();
    Candidate candidate = choice.with(ByteSource.of(build.image("main")), Optional.empty());
    assertThat(UpgradePolicy.judge(device, FACTORY, candidate).after().running().manifest())
        .isEqualTo(choice.manifestDigest());
  }

  @Test
  void theBridgeIsTakenWhenTheNewestIsOutOfReach() throws Exception {
    Selection selection =
        select(
            TestBuild.of("36.0").manifestBy(STRANGER).make(),
            TestBuild.of("35.0").from("34.0", "34.9").make(),
            TestBuild.of("34.0").bridge().share(0).make(),
            TestBuild.of("32.0").make());
    assertThat(chosen(selection)).contains("34.0.0+0");
    assertThat(reasons(selection))
        .containsExactly(Reason.MANIFEST_RULE_NOT_MET, Reason.NOT_FROM_HERE);
  }

  @Test
  void aDeviceThatIsUpToDateFetchesNothing() throws Exception {
    Made current = TestBuild.of("33.0").make();
    List<String> fetched = new ArrayList<>();
    Selection selection =
        select(
            Made.head(current),
            (path, maxBytes) -> {
              fetched.add(path);
              throw new IOException("nothing should be fetched");
            });
    assertThat(chosen(selection)).isEmpty();
    assertThat(reasons(selection)).containsExactly(Reason.VERSION_NOT_NEWER);
    assertThat(fetched).isEmpty();
  }

  @Test
  void whatTheHeadFileAloneRulesOutIsNotFetched() throws Exception {
    Documents none =
        (path, maxBytes) -> {
          throw new IOException("nothing should be fetched");
        };
    Made far = TestBuild.of("37.0").from("36.0", "36.9").make();
    Made rolledBack = TestBuild.of("36.0").counter(TestFleet.FACTORY_COUNTER - 1).make();
    Made waiting = TestBuild.of("35.0").share(0).make();
    Selection selection = select(Made.head(far, rolledBack, waiting), none);
    assertThat(reasons(selection))
        .containsExactly(
            Reason.NOT_FROM_HERE, Reason.SECURITY_COUNTER_TOO_LOW, Reason.OUT_OF_SHARE);
  }

  @Test
  void whatIsNotInShareIsPassedOver() throws Exception {
    Selection selection = select(TestBuild.of("35.0").share(0).make(), TestBuild.of("34.0").make());
    assertThat(chosen(selection)).contains("34.0.0+0");
    assertThat(reasons(selection)).containsExactly(Reason.OUT_OF_SHARE);
  }

  @Test
  void aPlanAsksAsIfInAndAsIfOutOfTheShare() throws Exception {
    Made staged = TestBuild.of("35.0").share(1).make();
    Made paused = TestBuild.of("36.0").share(0).make();
    Made whole = TestBuild.of("34.0").make();
    Head head = Made.head(paused, staged, whole);
    Documents documents = Made.documents(paused, staged, whole);
    Selection in =
        UpdateSelection.select(
            device, FACTORY, head, documents, LineageCheck.NO_CATALOGUE, Share.AS_IF_IN);
    Selection out =
        UpdateSelection.select(
            device, FACTORY, head, documents, LineageCheck.NO_CATALOGUE, Share.AS_IF_OUT);
    assertThat(chosen(in)).contains("35.0.0+0");
    assertThat(chosen(out)).contains("34.0.0+0");
    assertThat(reasons(out)).containsExactly(Reason.OUT_OF_SHARE, Reason.OUT_OF_SHARE);
  }

  @Test
  void aPlanAsksOfBridgesWhateverTheirShare() throws Exception {
    Made bridge = TestBuild.of("34.0").bridge().share(0).make();
    for (Share share : new Share[] {Share.AS_IF_IN, Share.AS_IF_OUT}) {
      Selection selection =
          UpdateSelection.select(
              device,
              FACTORY,
              Made.head(bridge),
              Made.documents(bridge),
              LineageCheck.NO_CATALOGUE,
              share);
      assertThat(chosen(selection)).as(share.name()).contains("34.0.0+0");
    }
  }

  @Test
  void aDocumentThatTheCatalogueDoesNotListOnlyRefusesItsCandidate() throws Exception {
    Made missing = TestBuild.of("35.0").make();
    Made present = TestBuild.of("34.0").make();
    Selection selection = select(Made.head(missing, present), Made.documents(present));
    assertThat(chosen(selection)).contains("34.0.0+0");
    assertThat(reasons(selection)).containsExactly(Reason.TARGET_NOT_FOUND);
  }

  /** Else whoever damages files on their way could choose the build. */
  @ParameterizedTest
  @EnumSource(
      value = Reason.class,
      names = {
        "TARGET_LENGTH_MISMATCH",
        "TARGET_DIGEST_MISMATCH",
        "LIMIT_EXCEEDED",
        "METADATA_EXPIRED",
        "METADATA_DIGEST_MISMATCH",
        "METADATA_MISSING",
        "BELOW_THRESHOLD"
      })
  void aDocumentThatCameDamagedEndsTheSelection(Reason reason) {
    Made newer = TestBuild.of("35.0").make();
    Made older = TestBuild.of("34.0").make();
    Documents documents = Made.documents(newer, older);
    for (String damaged : List.of(newer.listing().manifest(), profilePath(newer))) {
      assertRefused(
          reason,
          () ->
              select(
                  Made.head(newer, older),
                  (path, maxBytes) -> {
                    if (path.equals(damaged)) {
                      throw new RejectedException(reason, path);
                    }
                    return documents.read(path, maxBytes);
                  }));
    }
  }

  private static String profilePath(Made build) {
    return CataloguePaths.profile(
        TestFleet.CHANNEL, TestFleet.HARDWARE.id(), build.profile().digest());
  }

  @Test
  void aMalformedManifestOnlyRefusesItsCandidate() throws Exception {
    Made broken = TestBuild.of("35.0").make();
    Made sound = TestBuild.of("34.0").make();
    Documents documents = Made.documents(sound);
    Selection selection =
        select(
            Made.head(broken, sound),
            (path, maxBytes) ->
                path.equals(broken.listing().manifest())
                    ? new byte[] {'{'}
                    : documents.read(path, maxBytes));
    assertThat(chosen(selection)).contains("34.0.0+0");
    assertThat(reasons(selection)).containsExactly(Reason.MALFORMED);
  }

  @Test
  void aNetworkFailureIsNoRefusalAndNoOlderBuildIsTaken() {
    Made build = TestBuild.of("34.0").make();
    assertThatIOException()
        .isThrownBy(
            () ->
                select(
                    Made.head(build),
                    (path, maxBytes) -> {
                      throw new IOException("no route to host");
                    }));
  }

  @Test
  void theHeadOfAnotherChannelOrHardwareIsRefused() {
    Head beta = new Head("beta", TestFleet.HARDWARE.id(), Instant.EPOCH, List.of());
    Head other = new Head(TestFleet.CHANNEL, "gw-2", Instant.EPOCH, List.of());
    assertRefused(Reason.LISTING_MISMATCH, () -> select(beta, Made.documents()));
    assertRefused(Reason.LISTING_MISMATCH, () -> select(other, Made.documents()));
  }

  @Test
  void profileOfAnUntrustedManifestIsNeverFetched() throws Exception {
    Made build = TestBuild.of("34.0").manifestBy(STRANGER).make();
    Documents documents = Made.documents(build);
    List<String> fetched = new ArrayList<>();
    Selection selection =
        select(
            Made.head(build),
            (path, maxBytes) -> {
              fetched.add(path);
              return documents.read(path, maxBytes);
            });
    assertThat(reasons(selection)).containsExactly(Reason.MANIFEST_RULE_NOT_MET);
    assertThat(fetched).containsExactly(build.listing().manifest());
  }

  // just before the swap

  @Test
  void whatIsStillOfferedMayBeInstalled() throws Exception {
    Made build = TestBuild.of("34.0").make();
    Chosen choice = select(build).chosen().orElseThrow();
    UpdateSelection.requireStillOffered(
        device, Made.head(build), choice, Digest.of(build.envelope()));
  }

  @Test
  void aBuildWithdrawnBeforeTheSwapIsRefused() throws Exception {
    Made build = TestBuild.of("34.0").make();
    Chosen choice = select(build).chosen().orElseThrow();
    Head fresh = Made.head(TestBuild.of("33.9").make());
    assertRefused(
        Reason.NOT_LISTED,
        () ->
            UpdateSelection.requireStillOffered(
                device, fresh, choice, Digest.of(build.envelope())));
  }

  @Test
  void aRolloutPausedBeforeTheSwapIsRefused() throws Exception {
    Made build = TestBuild.of("34.0").make();
    Chosen choice = select(build).chosen().orElseThrow();
    Head paused = Made.head(TestBuild.of("34.0").share(0).make());
    assertRefused(
        Reason.OUT_OF_SHARE,
        () ->
            UpdateSelection.requireStillOffered(
                device, paused, choice, Digest.of(build.envelope())));
  }

  @Test
  void anotherManifestInItsPlaceBeforeTheSwapIsRefused() throws Exception {
    Made build = TestBuild.of("34.0").make();
    Chosen choice = select(build).chosen().orElseThrow();
    assertRefused(
        Reason.MANIFEST_MISMATCH,
        () ->
            UpdateSelection.requireStillOffered(
                device, Made.head(build), choice, TestFleet.digest("another manifest")));
  }

  @Test
  void theHeadOfAnotherChannelBeforeTheSwapIsRefused() throws Exception {
    Made build = TestBuild.of("34.0").make();
    Chosen choice = select(build).chosen().orElseThrow();
    Head beta =
        new Head("beta", TestFleet.HARDWARE.id(), Instant.EPOCH, Made.head(build).candidates());
    assertRefused(
        Reason.LISTING_MISMATCH,
        () ->
            UpdateSelection.requireStillOffered(device, beta, choice, Digest.of(build.envelope())));
  }
}
