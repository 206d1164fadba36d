package dev.otasigner.service.catalogue;

import dev.otasigner.service.fleet.ProductPolicy;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.signing.Build;
import dev.otasigner.service.signing.BuildFiles;
import dev.otasigner.service.signing.Builds;
import dev.otasigner.service.signing.Cohort;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.service.signing.PopulationJudgement;
import dev.otasigner.service.signing.PrunedBuilds;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.policy.ProfileFit;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.springframework.stereotype.Component;

/** What a build must be to be released, and what its release makes of older ones. */
@Component
class ReleaseChecks {
  private final ReleaseStore store;
  private final Contents contents;
  private final Builds builds;
  private final ReleaseDevices devices;
  private final FleetFacts fleet;
  private final PopulationJudgement judgement;
  private final PrunedBuilds pruned;

  ReleaseChecks(
      ReleaseStore store,
      Contents contents,
      Builds builds,
      ReleaseDevices devices,
      FleetFacts fleet,
      PopulationJudgement judgement,
      PrunedBuilds pruned) {
    this.store = store;
    this.contents = contents;
    this.builds = builds;
    this.devices = devices;
    this.fleet = fleet;
    this.judgement = judgement;
    this.pruned = pruned;
  }

  /** The build that is named, when it is for the hardware. */
  BuildFiles requireBuild(ReleaseName name) throws IOException {
    fleet.policy(name.product());
    if (!fleet.channels(name.product()).contains(name.channel())) {
      throw SignerException.notFound("channel " + name.channel());
    }
    Build build =
        builds
            .find(name.product(), name.version())
            .orElseThrow(() -> SignerException.notFound("build " + name.version()));
    pruned
        .at(name.product(), name.version())
        .ifPresent(
            at -> {
              throw SignerException.conflict(
                  "build " + name.version() + " was pruned: its images are gone");
            });
    BuildFiles files = builds.files(build);
    boolean isFor =
        files.manifest().hardware().stream().anyMatch(h -> h.id().equals(name.hardware()));
    if (!isFor) {
      throw SignerException.refused(
          new RejectedException(
              Reason.WRONG_HARDWARE,
              "build " + name.version() + " is not made for this hardware",
              name.hardware(),
              files.manifest().hardware()));
    }
    return files;
  }

  /** An odd major version is internal, where the product says so. */
  void requireProduction(ReleaseName name) {
    ProductPolicy policy = fleet.policy(name.product());
    if (policy.evenMajorsOnly()
        && policy.stableChannels().contains(name.channel())
        && name.version().major() % 2 != 0) {
      throw new SignerException(
          ProblemType.REFUSED,
          name.version()
              + " has an odd major version: these are internal, and never released to channel "
              + name.channel());
    }
  }

  /** Whoever takes it must be able to trust the catalogue afterwards, today's fleet or not. */
  void requireFollowable(ReleaseName name, BuildFiles build) {
    try {
      ProfileFit.requireTrusted(build.profile(), fleet.lineages(name.product()));
    } catch (RejectedException e) {
      throw SignerException.refused(e);
    }
  }

  /**
   * Nothing is released that no device's own code accepts, where it is now or where a release of
   * the channel takes it.
   */
  void requireWanted(ReleaseName name, BuildFiles build) throws IOException {
    PopulationJudgement.JudgedBuild judged = judgement.of(build);
    List<Cohort> cohorts = cohorts(name);
    for (Cohort cohort : cohorts) {
      if (isTakenOrRun(cohort.state(), judged, build)) {
        return;
      }
    }
    RejectedException refusal = null;
    Ways ways = ways(name);
    for (Cohort cohort : cohorts) {
      for (DeviceState state : ways.from(cohort.state())) {
        if (isTakenOrRun(state, judged, build)) {
          return;
        }
        refusal = judged.refusal(state).orElse(refusal);
      }
    }
    if (refusal != null) {
      throw SignerException.refused(refusal);
    }
  }

  private static boolean isTakenOrRun(
      DeviceState state, PopulationJudgement.JudgedBuild judged, BuildFiles build)
      throws IOException {
    return PopulationJudgement.runs(state, build) || judged.refusal(state).isEmpty();
  }

  /**
   * Devices that a dependency keeps from the build, now and after all that the channel offers them:
   * the version they come from, or a component they do not have.
   */
  List<ReleaseWarning> unmetDependencies(ReleaseName name, BuildFiles build) throws IOException {
    List<ReleaseWarning> warnings = new ArrayList<>();
    Manifest manifest = build.manifest();
    if (manifest.from().isEmpty() && manifest.requires().isEmpty()) {
      return warnings;
    }
    PopulationJudgement.JudgedBuild judged = judgement.of(build);
    Ways ways = ways(name);
    for (Cohort cohort : cohorts(name)) {
      if (name.version().isNewerThan(cohort.state().running().version())
          && judged.refusal(cohort.state()).isPresent()) {
        unmet(ways.from(cohort.state()), judged)
            .map(refusal -> ReleaseWarning.of(cohort, refusal))
            .ifPresent(warnings::add);
      }
    }
    return warnings;
  }

  /** The dependency that keeps a device from the build wherever it comes to. */
  private static Optional<RejectedException> unmet(
      List<DeviceState> states, PopulationJudgement.JudgedBuild judged) throws IOException {
    Optional<RejectedException> refusal = Optional.empty();
    for (DeviceState state : states) {
      refusal = judged.refusal(state);
      if (refusal.isEmpty()) {
        return refusal;
      }
    }
    return refusal.filter(
        no -> no.reason() == Reason.NOT_FROM_HERE || no.reason() == Reason.COMPONENT_MISSING);
  }

  private Ways ways(ReleaseName name) throws IOException {
    List<Ways.Offer> offers = new ArrayList<>();
    for (Release release : store.listed(name.product(), Set.of(ReleaseState.PUBLISHED))) {
      if (release.channel().equals(name.channel())
          && release.hardware().equals(name.hardware())
          && !release.version().equals(name.version())
          && (release.isBridge() || release.sharePerMille() > 0)) {
        Build build = builds.find(release.product(), release.version()).orElseThrow();
        offers.add(new Ways.Offer(builds.files(build), release.isBridge()));
      }
    }
    return new Ways(judgement, offers);
  }

  /** A build that takes devices to another lineage must be found where they are. */
  void requireBridge(ReleaseName name, boolean bridge, BuildFiles build) {
    String home = build.profile().lineage().name();
    List<Cohort> cohorts = cohorts(name);
    boolean leavesSome =
        !bridge && cohorts.stream().anyMatch(c -> !c.state().lineage().equals(home));
    boolean anyAtHome = cohorts.stream().anyMatch(c -> c.state().lineage().equals(home));
    if (leavesSome && !anyAtHome) {
      throw SignerException.conflict(
          "build "
              + name.version()
              + " leads to lineage "
              + home
              + ", and no device of the channel is there: release it as a bridge");
    }
  }

  /**
   * A device that is named for a release must be one that reads it: a slip of the pen would
   * otherwise hold back nobody.
   *
   * @param before named already, wherever they are now
   */
  void requireOnRecord(ReleaseName name, Set<String> devices, Set<String> before) {
    Set<String> there =
        fleet.devices(name.product(), devices).stream()
            .map(FleetFacts.Known::state)
            .filter(d -> d.channel().equals(name.channel()))
            .filter(d -> d.hardware().id().equals(name.hardware()))
            .map(DeviceState::deviceId)
            .collect(Collectors.toSet());
    for (String device : devices) {
      if (!there.contains(device) && !before.contains(device)) {
        throw SignerException.notFound(
            "device " + device + " in " + name.channel() + " for " + name.hardware());
      }
    }
  }

  private List<Cohort> cohorts(ReleaseName name) {
    return fleet.cohorts(name.product()).stream()
        .filter(c -> c.state().channel().equals(name.channel()))
        .filter(c -> c.state().hardware().id().equals(name.hardware()))
        .toList();
  }

  /**
   * Older builds that nobody needs once this one is listed: it is for everyone, may be taken from
   * anywhere, it waits for no device, and whoever would take the older one would take it too.
   * Bridges stay.
   *
   * @param before how it was released before
   */
  List<Release> supersededBy(
      ReleaseName name, ReleaseTerms terms, BuildFiles build, Optional<Release> before)
      throws IOException {
    boolean holds = before.filter(release -> !devices.of(release).hold().isEmpty()).isPresent();
    if (holds
        || terms.bridge()
        || terms.sharePerMille() < 1000
        || !build.manifest().from().isEmpty()
        || !build.manifest().requires().isEmpty()) {
      return List.of();
    }
    List<Release> superseded = new ArrayList<>();
    List<DeviceState> refusing = refusing(name, build);
    for (Release older : store.listed(name.product(), ReleaseState.LISTED)) {
      if (older.channel().equals(name.channel())
          && older.hardware().equals(name.hardware())
          && !older.isBridge()
          && build.manifest().version().isNewerThan(older.version())
          && isReplacedBy(older, build, refusing)) {
        superseded.add(older);
      }
    }
    return superseded;
  }

  private List<DeviceState> refusing(ReleaseName name, BuildFiles build) throws IOException {
    PopulationJudgement.JudgedBuild judged = judgement.of(build);
    List<DeviceState> refusing = new ArrayList<>();
    for (Cohort cohort : cohorts(name)) {
      if (judged.refusal(cohort.state()).isPresent()) {
        refusing.add(cohort.state());
      }
    }
    return refusing;
  }

  /**
   * Whether nobody loses by it.
   *
   * @param refusing those that do not take the newer build
   */
  private boolean isReplacedBy(Release older, BuildFiles build, List<DeviceState> refusing)
      throws IOException {
    Build olderBuild = builds.find(older.product(), older.version()).orElseThrow();
    Manifest manifest = builds.manifest(olderBuild);
    if (!contents.lineageOf(manifest).equals(build.profile().lineage().name())) {
      return false;
    }
    if (refusing.isEmpty()) {
      return true;
    }
    PopulationJudgement.JudgedBuild judged = judgement.of(builds.files(olderBuild));
    for (DeviceState state : refusing) {
      if (judged.refusal(state).isEmpty()) {
        return false;
      }
    }
    return true;
  }
}
