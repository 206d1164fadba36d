package dev.otasigner.service.rotation;

import dev.otasigner.service.rotation.Impact.Obstacle;
import dev.otasigner.service.signing.BuildFiles;
import dev.otasigner.service.signing.CandidateListing;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.policy.Share;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The way of a cohort from where it is to the head of its channel and hardware, under a change. At
 * each stop the device takes the newest build of its lineage's head file that its own judgement
 * accepts; the way ends where it takes none. It is served when the end is the head, and when the
 * head would be accepted there once more, as the next build of its kind.
 */
final class Route {
  /** Longer than any chain of bridges; a build never leads back, so this only bounds the work. */
  private static final int MAX_STOPS = 32;

  /** In and out of every staged release: a change must leave both served. */
  static final List<Share> SHARES = List.of(Share.AS_IF_IN, Share.AS_IF_OUT);

  private final World world;
  private final Stored stored;
  private final Edges edges;
  private final Share share;
  private final IdentityHashMap<List<Head>, Boolean> staged = new IdentityHashMap<>();
  private final IdentityHashMap<List<Head>, Optional<ImageVersion>> newest =
      new IdentityHashMap<>();
  private final Map<StateKey, Way> ways = new HashMap<>();

  Route(World world, Stored stored, Edges edges, Share share) {
    this.world = world;
    this.stored = stored;
    this.edges = edges;
    this.share = share;
  }

  /** What stops a device of this state, or empty when it is served. */
  Optional<Obstacle> obstacle(DeviceState start) throws IOException {
    return way(start).obstacle();
  }

  /**
   * Where a device comes to.
   *
   * @param stops the states that it comes through: where it starts, and after each build it takes
   * @param isCutOff whether it is where it starts because it can ask for nothing
   * @param obstacle what stops it at the end, or empty when it is served
   */
  record Way(List<DeviceState> stops, boolean isCutOff, Optional<Obstacle> obstacle) {
    Way {
      stops = List.copyOf(stops);
    }

    /** The builds that it takes, in this order. */
    List<ImageVersion> builds() {
      return stops.stream().skip(1).map(Route::version).toList();
    }

    /** The state in which it takes nothing more. */
    DeviceState end() {
      return stops.get(stops.size() - 1);
    }
  }

  /** Whether something is listed for a part of the fleet, so that it matters who is asked. */
  boolean isStaged(DeviceState state) {
    return staged.computeIfAbsent(
        stored.heads(state),
        heads ->
            heads.stream()
                .map(world.listing())
                .flatMap(head -> head.candidates().stream())
                .anyMatch(
                    candidate ->
                        Share.AS_IF_IN.includes(candidate, "")
                            != Share.AS_IF_OUT.includes(candidate, "")));
  }

  /** The way; of thousands of cohorts, many come to the same few states. */
  Way way(DeviceState start) throws IOException {
    StateKey key = new StateKey(start);
    Way known = ways.get(key);
    if (known == null) {
      known = find(start);
      ways.put(key, known);
    }
    return known;
  }

  private Way find(DeviceState start) throws IOException {
    Optional<Obstacle> cutOff = cutOff(start);
    if (cutOff.isPresent()) {
      return new Way(List.of(start), true, cutOff);
    }
    List<DeviceState> stops = new ArrayList<>(List.of(start));
    DeviceState state = start;
    while (stops.size() <= MAX_STOPS) {
      Stop next = next(state);
      if (next.after().isEmpty()) {
        return new Way(stops, false, atTheEnd(state, next.refusal()));
      }
      state = next.after().get();
      stops.add(state);
    }
    throw new IllegalStateException("builds lead in a circle from " + start.running().version());
  }

  /** What keeps a device of this state from asking for anything. */
  private Optional<Obstacle> cutOff(DeviceState state) {
    Profile profile = stored.profile(state);
    return world.unreachable().apply(profile).or(() -> world.standing().apply(state, profile));
  }

  /** Where a device goes from a state, and why it did not take the newest build. */
  private record Stop(Optional<DeviceState> after, Optional<Obstacle> refusal) {}

  /**
   * A build under which a device is cut off is not confirmed by it: it goes back, and takes the
   * next one.
   */
  private Stop next(DeviceState state) throws IOException {
    Optional<Obstacle> first = Optional.empty();
    for (Head.Candidate candidate : offered(state)) {
      // Of all but the newest it is not told why they are refused.
      if (first.isPresent() && edges.isRefusedForFiles(state, candidate, world, stored)) {
        continue;
      }
      Edges.Answer answer = edge(state, candidate);
      Optional<Obstacle> obstacle =
          answer.after().isPresent() ? cutOff(answer.after().get()) : answer.refusal();
      if (obstacle.isEmpty()) {
        return new Stop(answer.after(), first);
      }
      first = first.or(() -> obstacle);
    }
    return new Stop(Optional.empty(), first);
  }

  private Edges.Answer edge(DeviceState state, Head.Candidate candidate) throws IOException {
    return edges.of(state, candidate, listed(candidate), world, stored);
  }

  /** Newer builds that its lineage announces to it. */
  private List<Head.Candidate> offered(DeviceState state) {
    return stored.head(state).map(world.listing()).map(Head::candidates).orElse(List.of()).stream()
        .filter(candidate -> share.includes(candidate, ""))
        .filter(candidate -> candidate.version().isNewerThan(version(state)))
        .toList();
  }

  private Optional<Obstacle> atTheEnd(DeviceState state, Optional<Obstacle> refusal)
      throws IOException {
    Optional<ImageVersion> head = head(state);
    if (head.isPresent() && head.get().isNewerThan(version(state))) {
      return Optional.of(
          refusal.orElseGet(
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
    Optional<BuildFiles> files = stored.build(version(state));
    if (files.isEmpty()) {
      return Optional.of(
          Obstacle.of(
              new RejectedException(
                  Reason.NOT_LISTED,
                  "the service does not have build "
                      + version(state)
                      + ", so that nothing can be said about what follows it")));
    }
    Manifest manifest = files.get().manifest();
    Head.Candidate listing =
        CandidateListing.forEveryone(manifest, state.channel(), state.hardware().id());
    return edges
        .of(oneBelow(state, manifest), listing, files.get(), world, stored)
        .refusal()
        .map(refusal -> refusal.in("a build to come, like " + version(state)));
  }

  /** The newest build that this channel and hardware are led to, whatever the lineage. */
  private Optional<ImageVersion> head(DeviceState state) {
    return newest.computeIfAbsent(
        stored.heads(state),
        heads ->
            heads.stream()
                .map(world.listing())
                .flatMap(h -> h.candidates().stream())
                .filter(candidate -> share.includes(candidate, ""))
                .map(Head.Candidate::version)
                .max(ImageVersion::compareTo));
  }

  /** Whether a device that has come to a state is served there. */
  interface Served {
    boolean test(DeviceState state) throws IOException;
  }

  /**
   * The build at which a device of this state is served, on the way that it takes by itself: of
   * what is offered it can not be told to take anything but the newest that it accepts.
   */
  Optional<ImageVersion> savedBy(DeviceState start, Served served) throws IOException {
    List<DeviceState> stops = way(start).stops();
    for (DeviceState state : stops.subList(1, stops.size())) {
      if (served.test(state)) {
        return Optional.of(version(state));
      }
    }
    return Optional.empty();
  }

  /**
   * Whether every lineage announces the build to everybody already. One that is offered to a
   * device, and is no bridge, is not offered to it any more in the next lineage that it comes to.
   */
  boolean isBridge(DeviceState state, ImageVersion version) {
    return stored.heads(state).stream()
        .map(world.listing())
        .flatMap(head -> head.candidates().stream())
        .anyMatch(candidate -> candidate.bridge() && candidate.version().equals(version));
  }

  /** Whether a device would take this build on its way, were it a bridge, and be served there. */
  boolean isSavedBy(ImageVersion version, DeviceState start, Served served) throws IOException {
    Optional<BuildFiles> build =
        version.isNewerThan(version(start)) ? stored.build(version) : Optional.empty();
    if (build.isEmpty()) {
      return false;
    }
    Offering bridge = new Offering(build.get(), true);
    if (!isWorthTaking(build.get(), mayTake(bridge, start), served)) {
      return false;
    }
    Optional<DeviceState> over = over(bridge, start);
    return over.isPresent() && served.test(over.get());
  }

  /** Where a device takes this build on its way to, were it offered to all; empty when nowhere. */
  Optional<DeviceState> over(Offering offering, DeviceState start) throws IOException {
    BuildFiles build = offering.build();
    Head.Candidate listing =
        CandidateListing.forEveryone(build.manifest(), start.channel(), start.hardware().id());
    for (DeviceState state : mayTake(offering, start)) {
      Optional<DeviceState> over =
          edges
              .of(state, listing, build, world, stored)
              .after()
              .filter(there -> cutOff(there).isEmpty());
      if (over.isPresent()) {
        return over;
      }
    }
    return Optional.empty();
  }

  /**
   * The stops at which the build is announced, is newer, and newer than what the device takes
   * there.
   */
  private List<DeviceState> mayTake(Offering offering, DeviceState start) throws IOException {
    ImageVersion build = offering.build().manifest().version();
    Way way = way(start);
    if (way.isCutOff() || !build.isNewerThan(version(start))) {
      return List.of();
    }
    List<DeviceState> stops = way.stops();
    List<DeviceState> from = new ArrayList<>();
    for (int i = 0; i < stops.size(); i++) {
      boolean isOutbid = i + 1 < stops.size() && version(stops.get(i + 1)).isNewerThan(build);
      if (!isOutbid
          && build.isNewerThan(version(stops.get(i)))
          && offering.isFor(stops.get(i).lineage())) {
        from.add(stops.get(i));
      }
    }
    return from;
  }

  /**
   * Whether a device that took the build at one of these stops would be served there. Where it
   * would not, it need not be judged whether it takes it: thousands would come to a few such
   * states.
   */
  private boolean isWorthTaking(BuildFiles bridge, List<DeviceState> from, Served served)
      throws IOException {
    for (DeviceState state : from) {
      Optional<DeviceState> there = Edges.ifTaken(state, bridge, world, stored);
      if (there.isEmpty() || served.test(there.get())) {
        return true;
      }
    }
    return false;
  }

  private BuildFiles listed(Head.Candidate candidate) throws IOException {
    return stored.listed(candidate);
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
