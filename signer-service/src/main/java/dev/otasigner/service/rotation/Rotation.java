package dev.otasigner.service.rotation;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeyState;
import dev.otasigner.service.catalogue.Catalogue;
import dev.otasigner.service.catalogue.Narrowing;
import dev.otasigner.service.fleet.Population;
import dev.otasigner.service.keyring.KeyEntry;
import dev.otasigner.service.keyring.Keyring;
import dev.otasigner.service.listeners.ListenerKind;
import dev.otasigner.service.listeners.ListenerSpec;
import dev.otasigner.service.listeners.Listeners;
import dev.otasigner.service.listeners.OpenListener;
import dev.otasigner.service.rotation.Impact.CohortImpact;
import dev.otasigner.service.rotation.Impact.Obstacle;
import dev.otasigner.service.signing.BuildFiles;
import dev.otasigner.service.signing.Builds;
import dev.otasigner.service.signing.Cohort;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.service.signing.PopulationJudgement;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.springframework.stereotype.Component;

/** Answers, for a change, who would be stranded by it and what saves them. */
@Component
public class Rotation {
  private static final Set<KeyState> STOPPED =
      EnumSet.of(KeyState.DEACTIVATED, KeyState.COMPROMISED, KeyState.DESTROYED);

  private final FleetFacts fleet;
  private final Population population;
  private final Builds builds;
  private final Catalogue catalogue;
  private final Listeners listeners;
  private final Keyring keyring;

  Rotation(
      FleetFacts fleet,
      Population population,
      Builds builds,
      Catalogue catalogue,
      Listeners listeners,
      Keyring keyring) {
    this.fleet = fleet;
    this.population = population;
    this.builds = builds;
    this.catalogue = catalogue;
    this.listeners = listeners;
    this.keyring = keyring;
  }

  /** What retiring keys, all at once, does to the devices of a product. */
  public Impact ofRetiring(String product, List<KeyEntry> keys) {
    Impact impact = new Impact(List.of());
    List<VerificationKey> signing = new ArrayList<>();
    for (KeyEntry key : keys) {
      if (key.purpose() == KeyPurpose.IMAGE || key.purpose() == KeyPurpose.MANIFEST) {
        signing.add(key.key());
      } else {
        impact = impact.with(ofRetiringOther(product, key));
      }
    }
    // Also when there is nothing but other keys: whoever asks sees every cohort.
    return impact.with(ofRetiringSigners(product, signing));
  }

  private Impact ofRetiringSigners(String product, List<VerificationKey> retired) {
    List<VerificationKey> stopped = stopped(retired);
    List<VerificationKey> gone = new ArrayList<>(stopped);
    gone.addAll(retired);
    WithoutKeys today = new WithoutKeys(stopped, fleet.lineages(product));
    WithoutKeys then = new WithoutKeys(gone, fleet.lineages(product));
    List<CohortImpact> cohorts = new ArrayList<>();
    for (Cohort cohort : Cohort.of(fleet.devices(product))) {
      cohorts.add(
          judge(
              cohort,
              staging -> route(today, this::isReachable, staging),
              staging -> route(then, this::isReachable, staging),
              names(cohort.state(), retired)));
    }
    return new Impact(cohorts);
  }

  /** Keys that will sign no build to come whatever is decided about the others. */
  private List<VerificationKey> stopped(List<VerificationKey> others) {
    return keyring.list().stream()
        .filter(key -> key.purpose() == KeyPurpose.IMAGE || key.purpose() == KeyPurpose.MANIFEST)
        .filter(key -> STOPPED.contains(key.state()))
        .map(KeyEntry::key)
        .filter(key -> others.stream().noneMatch(other -> other.keyId().equals(key.keyId())))
        .toList();
  }

  /** Before any door is open for devices, no change to keys can shut one. */
  boolean isReachable(Profile profile) {
    return listeners.list().stream().noneMatch(l -> l.spec().kind() == ListenerKind.DEVICE)
        || !listeners.reachableWith(profile).isEmpty();
  }

  /** Whether a device's own anchors name one of the keys. */
  private boolean names(DeviceState state, List<VerificationKey> keys) {
    Profile profile = profile(state);
    return keys.stream()
        .map(VerificationKey::keyId)
        .anyMatch(
            id ->
                state.bootloader().accepted().stream().anyMatch(a -> a.keyId().equals(id))
                    || profile.anchors().stream().anyMatch(a -> a.keyId().equals(id)));
  }

  /**
   * What closing a device listener does: whoever speaks with no other one is cut off, now or at the
   * end of its way.
   */
  public Impact ofClosing(String product, String listener) {
    Optional<OpenListener> closing =
        listeners.list().stream().filter(l -> l.name().equals(listener)).findFirst();
    if (closing.isPresent() && closing.get().spec().kind() == ListenerKind.ENROL) {
      return ofClosingEnrolment(product, closing.get().spec());
    }
    WithoutKeys today = new WithoutKeys(List.of(), fleet.lineages(product));
    Predicate<Profile> reachableNow = profile -> !listeners.reachableWith(profile).isEmpty();
    Predicate<Profile> reachableThen =
        profile ->
            listeners.reachableWith(profile).stream().anyMatch(l -> !l.name().equals(listener));
    List<CohortImpact> cohorts = new ArrayList<>();
    for (Cohort cohort : Cohort.of(fleet.devices(product))) {
      Profile profile = profile(cohort.state());
      boolean uses =
          listeners.reachableWith(profile).stream().anyMatch(l -> l.name().equals(listener));
      cohorts.add(
          judge(
              cohort,
              staging -> route(today, reachableNow, staging),
              staging -> route(today, reachableThen, staging),
              uses));
    }
    return new Impact(cohorts);
  }

  /** A device that was never enrolled needs a door to do so. */
  private Impact ofClosingEnrolment(String product, ListenerSpec listener) {
    boolean another =
        listeners.list().stream()
            .anyMatch(
                l -> l.spec().kind() == ListenerKind.ENROL && !l.name().equals(listener.name()));
    List<CohortImpact> impacts = new ArrayList<>();
    for (Population.Member member : population.members(product)) {
      boolean cutOff = !another && !member.enrolled();
      impacts.add(
          new CohortImpact(
              product,
              List.of(member.state().deviceId()),
              member.state().running().version(),
              cutOff
                  ? Optional.of(
                      Obstacle.unreachable("it has not enrolled yet, and no other listener enrols"))
                  : Optional.empty(),
              Optional.empty()));
    }
    return new Impact(impacts);
  }

  /** A way under a change, once for each staging. */
  private interface Routes {
    Route with(Route.Staging staging);
  }

  /**
   * A cohort that the change has nothing to do with, and that was cut off before, is not cut off by
   * it; everyone else must be served, in every share and out of it.
   */
  private static CohortImpact judge(Cohort cohort, Routes today, Routes then, boolean concerned) {
    DeviceState state = cohort.state();
    try {
      Optional<Obstacle> obstacle = Optional.empty();
      Optional<dev.otasigner.verifier.ImageVersion> savedBy = Optional.empty();
      for (Route.Staging staging : Route.Staging.values()) {
        Optional<Obstacle> found = then.with(staging).obstacle(state);
        if (found.isPresent() && (concerned || today.with(staging).obstacle(state).isEmpty())) {
          obstacle = found;
          savedBy = today.with(staging).savedBy(state, then.with(staging));
          break;
        }
      }
      return new CohortImpact(
          state.product(), cohort.devices(), state.running().version(), obstacle, savedBy);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Route route(WithoutKeys judgement, Predicate<Profile> reachable, Route.Staging staging) {
    return new Route(fleet, builds, catalogue, head -> head, judgement, reachable, staging);
  }

  /** What a release that reaches fewer devices than now does to those that it led on. */
  public Impact ofNarrowing(Narrowing change) {
    String product = change.release().product();
    WithoutKeys judgement = new WithoutKeys(List.of(), fleet.lineages(product));
    List<CohortImpact> cohorts = new ArrayList<>();
    for (List<DeviceState> alike : heldAlike(product, change)) {
      for (Cohort cohort : Cohort.of(alike)) {
        String device = cohort.state().deviceId();
        cohorts.add(
            judge(
                cohort,
                staging -> route(head -> Narrowing.withoutHeld(head, device), judgement, staging),
                staging ->
                    route(
                        head -> after(change, Narrowing.withoutHeld(head, device)),
                        judgement,
                        staging),
                false));
      }
    }
    return new Impact(cohorts);
  }

  private Route route(UnaryOperator<Head> listing, WithoutKeys judgement, Route.Staging staging) {
    return new Route(fleet, builds, catalogue, listing, judgement, this::isReachable, staging);
  }

  /** The devices that a change is about, apart where hold lists tell them apart. */
  private Collection<List<DeviceState>> heldAlike(String product, Narrowing change) {
    Map<String, List<Head.Candidate>> holding = new HashMap<>();
    Map<Set<String>, List<DeviceState>> alike = new LinkedHashMap<>();
    for (DeviceState device : fleet.devices(product)) {
      if (change.concerns(device.deviceId())) {
        Set<String> held =
            holding
                .computeIfAbsent(
                    device.channel() + "/" + device.hardware().id(),
                    role -> holding(product, device))
                .stream()
                .filter(candidate -> Narrowing.isHeld(candidate, device.deviceId()))
                .map(Head.Candidate::manifest)
                .collect(Collectors.toSet());
        alike.computeIfAbsent(held, h -> new ArrayList<>()).add(device);
      }
    }
    return alike.values();
  }

  private List<Head.Candidate> holding(String product, DeviceState device) {
    return catalogue.heads(product, device.channel(), device.hardware().id()).stream()
        .flatMap(head -> head.candidates().stream())
        .filter(candidate -> !candidate.hold().isEmpty())
        .toList();
  }

  /** Who runs a build, or would be led on by nothing that is offered, and by it. */
  public Impact ofPruning(String product, BuildFiles build) {
    WithoutKeys judgement = new WithoutKeys(List.of(), fleet.lineages(product));
    List<CohortImpact> cohorts = new ArrayList<>();
    for (Cohort cohort : Cohort.of(fleet.devices(product))) {
      DeviceState state = cohort.state();
      cohorts.add(
          new CohortImpact(
              product,
              cohort.devices(),
              state.running().version(),
              needs(state, build, judgement),
              Optional.empty()));
    }
    return new Impact(cohorts);
  }

  private Optional<Obstacle> needs(DeviceState state, BuildFiles build, WithoutKeys judgement) {
    if (PopulationJudgement.runs(state, build)) {
      return Optional.of(
          new Obstacle("running", "needed", "it runs the build: what comes next is judged by it"));
    }
    try {
      judgement.judge(state, profile(state), build);
      for (Route.Staging staging : Route.Staging.values()) {
        if (route(judgement, this::isReachable, staging).obstacle(state).isPresent()) {
          return Optional.of(
              new Obstacle(
                  "next-step", "needed", "nothing that is offered leads it on, and this may"));
        }
      }
      return Optional.empty();
    } catch (RejectedException e) {
      return Optional.empty(); // it would not take the build
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Head after(Narrowing change, Head head) {
    return new Head(
        head.channel(),
        head.hardware(),
        head.issued(),
        head.candidates().stream().flatMap(c -> change.of(head, c).stream()).toList());
  }

  /** Keys that no build is signed with: catalogue roles, and the authority of our own servers. */
  private Impact ofRetiringOther(String product, KeyEntry key) {
    List<CohortImpact> cohorts = new ArrayList<>();
    boolean role = catalogue.isRoleKey(product, key.keyId());
    for (Cohort cohort : Cohort.of(fleet.devices(product))) {
      Optional<Obstacle> obstacle = Optional.empty();
      if (role) {
        obstacle =
            Optional.of(
                new Obstacle(
                    "catalogue",
                    "below-threshold",
                    "the catalogue's metadata is signed by this key, and clients demand it"));
      } else if (pins(cohort.state(), key.keyId())) {
        obstacle =
            Optional.of(Obstacle.unreachable("it trusts servers that this authority vouches for"));
      }
      cohorts.add(
          new CohortImpact(
              product,
              cohort.devices(),
              cohort.state().running().version(),
              obstacle,
              Optional.empty()));
    }
    return new Impact(cohorts);
  }

  private boolean pins(DeviceState state, Digest keyId) {
    return profile(state).tls().serverAnchors().contains(keyId);
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

  List<String> products() {
    return fleet.products();
  }
}
