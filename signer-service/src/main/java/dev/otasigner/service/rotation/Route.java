package dev.otasigner.service.rotation;

import dev.otasigner.service.catalogue.Catalogue;
import dev.otasigner.service.rotation.Impact.Obstacle;
import dev.otasigner.service.signing.Build;
import dev.otasigner.service.signing.BuildFiles;
import dev.otasigner.service.signing.Builds;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.policy.Accepted;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * The way of a cohort from where it is to the head of its channel and hardware, under a change. At
 * each stop the device takes the newest build of its lineage's head file that its own judgement
 * accepts; the way ends where it takes none. It is served when the end is the head, and when the
 * head would be accepted there once more, as the next build of its kind.
 */
final class Route {
  /** Longer than any chain of bridges; a build never leads back, so this only bounds the work. */
  private static final int MAX_STOPS = 32;

  private final FleetFacts fleet;
  private final Builds builds;
  private final Function<Head, Head> listing;
  private final Catalogue catalogue;
  private final WithoutKeys judgement;
  private final Predicate<Profile> reachable;
  private final Staging staging;

  /** Whether the cohort is taken to be in the share of every staged release. */
  enum Staging {
    IN {
      @Override
      boolean offers(Head.Candidate candidate) {
        return candidate.bridge() || candidate.sharePerMille() > 0;
      }
    },
    OUT {
      @Override
      boolean offers(Head.Candidate candidate) {
        return candidate.bridge() || candidate.sharePerMille() == 1000;
      }
    };

    abstract boolean offers(Head.Candidate candidate);
  }

  /**
   * A way under a change.
   *
   * @param listing what becomes of a head file as it is announced now
   * @param reachable whether a device with this profile can talk to the service
   */
  Route(
      FleetFacts fleet,
      Builds builds,
      Catalogue catalogue,
      Function<Head, Head> listing,
      WithoutKeys judgement,
      Predicate<Profile> reachable,
      Staging staging) {
    this.fleet = fleet;
    this.builds = builds;
    this.catalogue = catalogue;
    this.listing = listing;
    this.judgement = judgement;
    this.reachable = reachable;
    this.staging = staging;
  }

  /** What stops a device of this state, or empty when it is served. */
  Optional<Obstacle> obstacle(DeviceState start) throws IOException {
    DeviceState state = start;
    Optional<RejectedException> refusal = Optional.empty();
    for (int stop = 0; stop < MAX_STOPS; stop++) {
      if (!reachable.test(profile(state))) {
        return Optional.of(unreachable(profile(state)));
      }
      Stop next = next(state);
      refusal = next.refusal();
      if (next.after().isEmpty()) {
        return atTheEnd(state, refusal);
      }
      state = next.after().get();
    }
    throw new IllegalStateException("builds lead in a circle from " + start.running().version());
  }

  /** Where a device goes from a state, and why it did not take the newest build. */
  private record Stop(Optional<DeviceState> after, Optional<RejectedException> refusal) {}

  private Stop next(DeviceState state) throws IOException {
    Optional<RejectedException> first = Optional.empty();
    for (Head.Candidate candidate : candidates(state)) {
      if (!staging.offers(candidate) || !candidate.version().isNewerThan(version(state))) {
        continue;
      }
      try {
        Accepted accepted = judgement.judge(state, profile(state), files(state, candidate));
        return new Stop(Optional.of(accepted.after()), first);
      } catch (RejectedException e) {
        first = first.isEmpty() ? Optional.of(e) : first;
      }
    }
    return new Stop(Optional.empty(), first);
  }

  private Optional<Obstacle> atTheEnd(DeviceState state, Optional<RejectedException> refusal)
      throws IOException {
    Optional<ImageVersion> head = head(state);
    if (head.isPresent() && head.get().isNewerThan(version(state))) {
      return Optional.of(
          refusal
              .map(Obstacle::of)
              .orElseGet(
                  () ->
                      Obstacle.of(
                          new RejectedException(
                              Reason.NOT_LISTED,
                              "the catalogue of lineage "
                                  + state.lineage()
                                  + " lists nothing that leads to "
                                  + head.get()))));
    }
    return probe(state);
  }

  /**
   * What comes next is like the head: a device that would not take the head from one version below,
   * in the state it has there, takes no build to come.
   */
  private Optional<Obstacle> probe(DeviceState state) throws IOException {
    Optional<Build> build = builds.find(state.product(), version(state));
    if (build.isEmpty() || pruned(build.get())) {
      return Optional.of(
          Obstacle.of(
              new RejectedException(
                  Reason.NOT_LISTED,
                  "the service does not have build "
                      + version(state)
                      + ", so that nothing can be said about what follows it")));
    }
    BuildFiles files = builds.files(build.get());
    DeviceState before = oneBelow(state, files.manifest());
    try {
      judgement.judge(before, profile(state), files);
      return Optional.empty();
    } catch (RejectedException e) {
      return Optional.of(Obstacle.of(e.in("a build to come, like " + version(state))));
    }
  }

  /** The images of a build that was pruned are gone: it tells nothing of what follows it. */
  private boolean pruned(Build build) throws IOException {
    try {
      builds.files(build);
      return false;
    } catch (NoSuchFileException gone) {
      return true;
    }
  }

  /** The newest build that this channel and hardware are led to, whatever the lineage. */
  private Optional<ImageVersion> head(DeviceState state) {
    return catalogue.heads(state.product(), state.channel(), state.hardware().id()).stream()
        .map(listing)
        .flatMap(h -> h.candidates().stream())
        .filter(staging::offers)
        .map(Head.Candidate::version)
        .max(ImageVersion::compareTo);
  }

  private List<Head.Candidate> candidates(DeviceState state) {
    return catalogue
        .head(state.product(), state.lineage(), state.channel(), state.hardware().id())
        .map(listing)
        .map(Head::candidates)
        .orElse(List.of());
  }

  /**
   * The first build of today's catalogue, as it is signed today, that takes a device of this state
   * to where {@code underChange} serves it.
   */
  Optional<ImageVersion> savedBy(DeviceState state, Route underChange) throws IOException {
    return savedBy(state, underChange, 0);
  }

  private Optional<ImageVersion> savedBy(DeviceState state, Route underChange, int depth)
      throws IOException {
    if (depth == MAX_STOPS) {
      return Optional.empty();
    }
    for (Head.Candidate candidate : candidates(state)) {
      if (!staging.offers(candidate) || !candidate.version().isNewerThan(version(state))) {
        continue;
      }
      Optional<DeviceState> after = after(state, candidate);
      if (after.isPresent()
          && (underChange.obstacle(after.get()).isEmpty()
              || savedBy(after.get(), underChange, depth + 1).isPresent())) {
        return Optional.of(candidate.version());
      }
    }
    return Optional.empty();
  }

  private Optional<DeviceState> after(DeviceState state, Head.Candidate candidate)
      throws IOException {
    try {
      return Optional.of(judgement.judge(state, profile(state), files(state, candidate)).after());
    } catch (RejectedException e) {
      return Optional.empty();
    }
  }

  private BuildFiles files(DeviceState state, Head.Candidate candidate) throws IOException {
    Build build =
        builds
            .find(state.product(), candidate.version())
            .orElseThrow(
                () -> new IllegalStateException("build " + candidate.version() + " is gone"));
    return builds.files(build);
  }

  private Profile profile(DeviceState state) {
    try {
      return Profile.read(
          fleet
              .profile(state.product(), state.running().profile())
              .orElseThrow(() -> new IllegalStateException("a device's profile is unknown"))
              .toByteArray());
    } catch (RejectedException e) {
      throw new IllegalStateException("a registered profile is damaged", e);
    }
  }

  static Obstacle unreachable(Profile profile) {
    return Obstacle.unreachable(
        "none speaks "
            + String.join(", ", profile.tls().versions())
            + " with "
            + String.join(", ", profile.tls().suites())
            + " on one of the ports "
            + profile.ports());
  }

  private static ImageVersion version(DeviceState state) {
    return state.running().version();
  }

  /** The same device one version below, where the build may be taken from. */
  private static DeviceState oneBelow(DeviceState state, Manifest manifest) {
    ImageVersion below =
        manifest.from().isEmpty() ? predecessor(manifest.version()) : manifest.from().get(0).min();
    return new DeviceState(
        state.deviceId(),
        state.product(),
        state.hardware(),
        state.channel(),
        state.clock(),
        state.bootloader(),
        new DeviceState.Running(below, state.running().manifest(), state.running().profile()),
        state.components(),
        state.securityCounter(),
        state.lineage(),
        state.rootVersion(),
        state.clientCert());
  }

  private static ImageVersion predecessor(ImageVersion version) {
    if (version.build() > 0) {
      return new ImageVersion(
          version.major(), version.minor(), version.revision(), version.build() - 1);
    }
    if (version.revision() > 0) {
      return new ImageVersion(version.major(), version.minor(), version.revision() - 1, 0);
    }
    return version.minor() > 0
        ? new ImageVersion(version.major(), version.minor() - 1, 0, 0)
        : new ImageVersion(Math.max(version.major() - 1, 0), 0, 0, 0);
  }
}
