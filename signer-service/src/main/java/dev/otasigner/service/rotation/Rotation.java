package dev.otasigner.service.rotation;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeyState;
import dev.otasigner.service.catalogue.Catalogue;
import dev.otasigner.service.catalogue.Narrowing;
import dev.otasigner.service.keyring.KeyEntry;
import dev.otasigner.service.keyring.Keyring;
import dev.otasigner.service.listeners.ListenerKind;
import dev.otasigner.service.listeners.ListenerSpec;
import dev.otasigner.service.listeners.Listeners;
import dev.otasigner.service.listeners.OpenListener;
import dev.otasigner.service.listeners.TlsReduction;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.rotation.Impact.CohortImpact;
import dev.otasigner.service.rotation.Impact.Obstacle;
import dev.otasigner.service.signing.BuildFiles;
import dev.otasigner.service.signing.Builds;
import dev.otasigner.service.signing.CandidateListing;
import dev.otasigner.service.signing.Cohort;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.service.signing.PopulationJudgement;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.policy.Share;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.springframework.stereotype.Component;

/** Answers, for a change, who would be stranded by it and what saves them. */
@Component
public class Rotation {
  private static final Set<KeyState> STOPPED =
      EnumSet.of(KeyState.DEACTIVATED, KeyState.COMPROMISED, KeyState.DESTROYED);

  /** Identifiers that are told of a stranded cohort: who wants all of them asks the fleet. */
  private static final int MAX_NAMED = 20;

  private final FleetFacts fleet;
  private final Builds builds;
  private final Catalogue catalogue;
  private final Listeners listeners;
  private final Keyring keyring;
  private final Edges edges;
  private final Declared declared;
  private final HandshakeStore handshakes;
  private final Clock clock;

  Rotation(
      FleetFacts fleet,
      Builds builds,
      Catalogue catalogue,
      Listeners listeners,
      Keyring keyring,
      Edges edges,
      Declared declared,
      HandshakeStore handshakes,
      Clock clock) {
    this.fleet = fleet;
    this.builds = builds;
    this.catalogue = catalogue;
    this.listeners = listeners;
    this.keyring = keyring;
    this.edges = edges;
    this.declared = declared;
    this.handshakes = handshakes;
    this.clock = clock;
  }

  List<String> products() {
    return fleet.products();
  }

  /** How often the device's own judgement was run; what was remembered is not counted. */
  long policyRuns() {
    return edges.runs();
  }

  Stored stored(String product) {
    return new Stored(
        product,
        fleet,
        builds,
        catalogue,
        () ->
            keyring.list().stream()
                .filter(key -> key.purpose() == KeyPurpose.MANIFEST)
                .map(KeyEntry::key)
                .toList());
  }

  /** What retiring keys, all at once, does to the devices of a product. */
  public Impact ofRetiring(String product, List<KeyEntry> keys) {
    return of(product, Change.retiring(keys));
  }

  /**
   * What closing a listener does: whoever speaks with no other one is cut off, now or at the end of
   * its way.
   */
  public Impact ofClosing(String product, String listener) {
    return of(product, Change.closing(listener));
  }

  /** What a change does to the devices of a product. */
  public Impact of(String product, Change change) {
    Stored stored = stored(product);
    Impact impact = new Impact(List.of());
    for (ListenerSpec listener : enrolment(change.tls())) {
      impact = impact.with(ofClosingEnrolment(product, listener, change.tls()));
    }
    for (ImageVersion version : change.pruned()) {
      impact = impact.with(ofPruning(product, requireBuild(stored, version)));
    }
    if (impact.cohorts().isEmpty() || change.isAboutMore()) {
      impact = impact.with(each(product, change, stored));
    }
    return impact;
  }

  private static BuildFiles requireBuild(Stored stored, ImageVersion version) {
    try {
      return stored.build(version).orElseThrow(() -> SignerException.notFound("build " + version));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Impact each(String product, Change change, Stored stored) {
    List<Cohort> cohorts = fleet.cohorts(product);
    if (cohorts.isEmpty()) {
      return new Impact(List.of()); // without asking what every key and listener is
    }
    Inquiry inquiry = inquiry(product, change, stored);
    return named(
        product,
        cohorts.stream()
            .map(
                cohort ->
                    contradiction(change, cohort, stored)
                        .map(what -> CohortImpact.of(cohort, Optional.of(what)))
                        .orElseGet(() -> inquiry.of(cohort)))
            .toList(),
        Set.of());
  }

  /** Nothing is changed for devices that are not what they are taken for. */
  private Optional<Obstacle> contradiction(Change change, Cohort cohort, Stored stored) {
    return change.isNothing() ? Optional.empty() : declared.contradiction(cohort.state(), stored);
  }

  /**
   * Those who are stranded by more of their names, and how many of them are given up.
   *
   * @param broken cohorts of which the impact is about some devices only: it is not known which of
   *     those were given up, so none of them was
   */
  private Impact named(String product, List<CohortImpact> impacts, Set<Long> broken) {
    if (impacts.stream().allMatch(impact -> impact.obstacle().isEmpty())) {
      return new Impact(impacts);
    }
    Map<Long, Long> writtenOff = fleet.writtenOff(product);
    return new Impact(
        impacts.stream()
            .map(
                impact ->
                    named(
                        product,
                        impact,
                        broken.contains(impact.cohort().id())
                            ? 0
                            : writtenOff.getOrDefault(impact.cohort().id(), 0L)))
            .toList());
  }

  private CohortImpact named(String product, CohortImpact impact, long writtenOff) {
    return impact.obstacle().isEmpty() || impact.cohort().id() == 0
        ? impact
        : impact
            .forCohort(impact.cohort().naming(fleet.devices(product, impact.cohort(), MAX_NAMED)))
            .havingWrittenOff(writtenOff);
  }

  private Inquiry inquiry(String product, Change change, Stored stored) {
    Proposed proposed = new Proposed(product, change, stored);
    return new Inquiry(
        stored,
        edges,
        proposed.today(),
        proposed.then(change.tls(), proposed.signers),
        proposed::changed,
        (state, profile) -> change.isNothing() || proposed.concerns(state, profile),
        proposed::keeping,
        new Ends(product, catalogue));
  }

  /** The listeners on which devices enrol that a change would close. */
  private List<ListenerSpec> enrolment(TlsReduction tls) {
    return listeners.list().stream()
        .map(OpenListener::spec)
        .filter(spec -> spec.kind() == ListenerKind.ENROL && tls.listeners().contains(spec.name()))
        .toList();
  }

  /** What keeps a device with this profile from talking to the service as it is. */
  Optional<Obstacle> cutOff(Profile profile) {
    return doors().obstacle(profile, TlsReduction.NONE);
  }

  private Doors doors() {
    return new Doors(listeners, handshakes.all(), clock.instant());
  }

  /** What a change to a product comes to. */
  private final class Proposed {
    private final Change change;
    private final Stored stored;
    private final List<KeyEntry> signers;
    private final List<VerificationKey> stopped;
    private final Set<String> scheduled;
    private final Standing standing;
    private final Doors doors = doors();

    Proposed(String product, Change change, Stored stored) {
      this.change = change;
      this.stored = stored;
      this.signers =
          keyring.list().stream()
              .filter(key -> isSigner(key) && mayServe(key, product))
              .filter(key -> isRetired(key, change))
              .toList();
      this.stopped =
          keyring.list().stream()
              .filter(key -> isSigner(key) && STOPPED.contains(key.state()))
              .filter(key -> !signers.contains(key))
              .map(KeyEntry::key)
              .toList();
      this.scheduled =
          listeners.list().stream()
              .filter(listener -> isScheduled(listener, change))
              .map(OpenListener::name)
              .collect(Collectors.toSet());
      this.standing = new Standing(product, change, catalogue);
    }

    private static boolean isSigner(KeyEntry key) {
      return key.purpose() == KeyPurpose.IMAGE || key.purpose() == KeyPurpose.MANIFEST;
    }

    private static boolean mayServe(KeyEntry key, String product) {
      return key.product().isEmpty() || key.product().get().equals(product);
    }

    private static boolean isRetired(KeyEntry key, Change change) {
      return change.retired().stream().anyMatch(r -> r.keyId().equals(key.keyId()))
          || !STOPPED.contains(key.state())
              && key.suite().strengthBits() < change.minStrengthBits();
    }

    /** A listener that goes at a time before the one that is asked about, or at any. */
    private boolean isScheduled(OpenListener listener, Change change) {
      return listener
          .sunset()
          .filter(sunset -> change.at().isEmpty() || !sunset.isAfter(change.at().get()))
          .isPresent();
    }

    Inquiry.Age today() {
      World world = World.with(p -> doors.obstacle(p, TlsReduction.NONE)).without(stopped);
      return scheduled.isEmpty()
          ? Inquiry.Age.forGood(world)
          : Inquiry.Age.until(
              world, world.behind(p -> doors.obstacle(p, TlsReduction.closing(scheduled))));
    }

    Inquiry.Age then(TlsReduction tls, List<KeyEntry> retired) {
      World left =
          World.with(p -> doors.obstacle(p, tls))
              .without(stopped)
              .without(retired.stream().map(KeyEntry::key).toList());
      return age(left.announcing(head -> announced(head, left)).under(standing), tls);
    }

    private Inquiry.Age age(World world, TlsReduction tls) {
      return scheduled.isEmpty()
          ? Inquiry.Age.forGood(world)
          : Inquiry.Age.until(world, world.behind(p -> doors.obstacle(p, tls.and(scheduled))));
    }

    /** What a build to come is signed with decides, as it does when it is judged. */
    private Head announced(Head head, World left) {
      return new Head(
          head.channel(),
          head.hardware(),
          head.issued(),
          head.candidates().stream()
              .filter(candidate -> !change.isWithdrawn(head, candidate))
              .filter(candidate -> !change.hybridManifests() || stored.isHybrid(candidate, left))
              .toList());
    }

    DeviceState changed(DeviceState state) {
      return change.fixedBootloaders().contains(state.bootloader().id()) ? fixed(state) : state;
    }

    private static DeviceState fixed(DeviceState state) {
      Bootloader bootloader = state.bootloader();
      return new DeviceState(
          state.deviceId(),
          state.product(),
          state.hardware(),
          state.channel(),
          state.clock(),
          new Bootloader(
              bootloader.id(),
              bootloader.anchors(),
              bootloader.trialAnchors(),
              bootloader.allowList(),
              bootloader.rollbackProtection(),
              false,
              bootloader.keyTlv(),
              bootloader.slotBytes()),
          state.running(),
          state.components(),
          state.securityCounter(),
          state.lineage(),
          state.rootVersion(),
          state.clientCert());
    }

    /** Whether a device's own anchors name a key that goes, or it speaks with what goes. */
    boolean concerns(DeviceState state, Profile profile) {
      return standing.concerns(state, profile)
          || signers.stream().anyMatch(key -> names(state, profile, key))
          || listeners.reachableWith(profile).size()
              > listeners.reachableWith(profile, change.tls()).size();
    }

    private static boolean names(DeviceState state, Profile profile, KeyEntry key) {
      return state.bootloader().accepted().stream().anyMatch(a -> a.keyId().equals(key.keyId()))
          || profile.anchors().stream().anyMatch(a -> a.keyId().equals(key.keyId()));
    }

    List<Inquiry.Kept> keeping(DeviceState state) {
      List<Inquiry.Kept> kept = new ArrayList<>();
      for (String name : change.tls().listeners()) {
        kept.add(
            new Inquiry.Kept(
                new Repair(Repair.Kind.KEEP_LISTENER, name),
                then(change.tls().keeping(name), signers)));
      }
      for (KeyEntry key : signers) {
        kept.add(
            new Inquiry.Kept(
                new Repair(Repair.Kind.KEEP_KEY, key.name()),
                then(change.tls(), signers.stream().filter(k -> !k.equals(key)).toList())));
      }
      return kept;
    }
  }

  /** A device that was never enrolled needs a door to do so. */
  private Impact ofClosingEnrolment(String product, ListenerSpec listener, TlsReduction tls) {
    boolean another =
        listeners.list().stream()
            .anyMatch(
                l ->
                    l.spec().kind() == ListenerKind.ENROL
                        && !l.name().equals(listener.name())
                        && !tls.listeners().contains(l.name()));
    return named(
        product,
        fleet.cohorts(product).stream()
            .map(
                cohort ->
                    CohortImpact.of(
                        cohort,
                        another || Cohort.isEnrolled(cohort.state())
                            ? Optional.empty()
                            : Optional.of(
                                Obstacle.unreachable(
                                    "it has not enrolled yet, and no other listener enrols"))))
            .toList(),
        Set.of());
  }

  /** What a release that reaches fewer devices than now does to those that it led on. */
  public Impact ofNarrowing(Narrowing change) {
    String product = change.release().product();
    Stored stored = stored(product);
    Doors doors = doors();
    World today = World.with(p -> doors.obstacle(p, TlsReduction.NONE));
    Ends ends = new Ends(product, catalogue);
    List<CohortImpact> impacts = new ArrayList<>();
    HeldAlike alike = heldAlike(product, change, stored);
    for (Cohort cohort : alike.cohorts()) {
      UnaryOperator<Head> seen =
          cohort.id() == 0 ? withoutHeld(cohort.devices().get(0)) : UnaryOperator.identity();
      World now = today.announcing(seen);
      impacts.add(
          new Inquiry(
                  stored,
                  edges,
                  Inquiry.Age.forGood(now),
                  Inquiry.Age.forGood(now.announcing(head -> after(change, head))),
                  UnaryOperator.identity(),
                  (state, profile) -> false,
                  state -> List.of(),
                  ends)
              .of(cohort));
    }
    return named(product, impacts, alike.broken());
  }

  private static UnaryOperator<Head> withoutHeld(String device) {
    return head -> Narrowing.withoutHeld(head, device);
  }

  /**
   * The devices that a change is about, apart where hold lists tell them apart: those that stand on
   * one are cohorts of their own, without an id.
   *
   * @param broken cohorts of which some devices are apart
   */
  private record HeldAlike(List<Cohort> cohorts, Set<Long> broken) {}

  private HeldAlike heldAlike(String product, Narrowing change, Stored stored) {
    Set<String> named = change.devices().orElseGet(() -> catalogue.held(product));
    Map<Set<String>, List<DeviceState>> alike = new LinkedHashMap<>();
    Map<Long, Set<String>> apart = new LinkedHashMap<>();
    for (FleetFacts.Known device : fleet.devices(product, named)) {
      Set<String> held =
          stored.heads(device.state()).stream()
              .flatMap(head -> head.candidates().stream())
              .filter(candidate -> Narrowing.isHeld(candidate, device.state().deviceId()))
              .map(Head.Candidate::manifest)
              .collect(Collectors.toSet());
      alike.computeIfAbsent(held, h -> new ArrayList<>()).add(device.state());
      apart.computeIfAbsent(device.cohort(), c -> new HashSet<>()).add(device.state().deviceId());
    }
    List<Cohort> cohorts = new ArrayList<>();
    alike.values().forEach(states -> cohorts.addAll(Cohort.of(states)));
    if (change.devices().isEmpty()) {
      for (Cohort cohort : fleet.cohorts(product)) {
        Set<String> without = apart.getOrDefault(cohort.id(), Set.of());
        if (cohort.count() > without.size()) {
          cohorts.add(without.isEmpty() ? cohort : rest(product, cohort, without));
        }
      }
    }
    return new HeldAlike(cohorts, apart.keySet());
  }

  private Cohort rest(String product, Cohort cohort, Set<String> without) {
    return new Cohort(
        cohort.id(),
        cohort.state(),
        cohort.count() - without.size(),
        fleet.devices(product, cohort, without.size() + 1).stream()
            .filter(device -> !without.contains(device))
            .limit(1)
            .toList());
  }

  /** Who runs a build, or would be led on by nothing that is offered, and by it. */
  public Impact ofPruning(String product, BuildFiles build) {
    Stored stored = stored(product);
    Doors doors = doors();
    World world = World.with(p -> doors.obstacle(p, TlsReduction.NONE));
    return named(
        product,
        fleet.cohorts(product).stream()
            .map(cohort -> CohortImpact.of(cohort, needs(cohort.state(), build, world, stored)))
            .toList(),
        Set.of());
  }

  private Optional<Obstacle> needs(
      DeviceState state, BuildFiles build, World world, Stored stored) {
    if (PopulationJudgement.runs(state, build)) {
      return Optional.of(
          new Obstacle("running", "needed", "it runs the build: what comes next is judged by it"));
    }
    Head.Candidate listing =
        CandidateListing.forEveryone(build.manifest(), state.channel(), state.hardware().id());
    try {
      if (edges.of(state, listing, build, world, stored).after().isEmpty()) {
        return Optional.empty(); // it would not take the build
      }
      for (Share share : Route.SHARES) {
        if (new Route(world, stored, edges, share).obstacle(state).isPresent()) {
          return Optional.of(
              new Obstacle(
                  "next-step", "needed", "nothing that is offered leads it on, and this may"));
        }
      }
      return Optional.empty();
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
}
