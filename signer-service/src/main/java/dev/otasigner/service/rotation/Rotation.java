package dev.otasigner.service.rotation;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.service.catalogue.Catalogue;
import dev.otasigner.service.catalogue.Narrowing;
import dev.otasigner.service.catalogue.ReleaseName;
import dev.otasigner.service.fleet.ProductPolicy;
import dev.otasigner.service.keyring.KeyEntry;
import dev.otasigner.service.keyring.Keyring;
import dev.otasigner.service.listeners.Listeners;
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
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.policy.Share;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.springframework.stereotype.Component;

/** Answers, for a change, who would be stranded by it and what saves them. */
@Component
public class Rotation {
  /** Identifiers that are told of a stranded cohort: who wants all of them asks the fleet. */
  private static final int MAX_NAMED = 20;

  /** Of so many cohorts; of each further one it is the first. */
  private static final int MAX_NAMED_COHORTS = 100;

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

  /** Who runs a build, or would be led on by nothing that is offered, and by it. */
  public Impact ofPruning(String product, BuildFiles build) {
    return of(product, Change.pruning(build.manifest().version()));
  }

  /** What a release that reaches fewer devices than now does to those that it led on. */
  public Impact ofNarrowing(Narrowing narrowing) {
    String product = narrowing.release().product();
    Stored stored = stored(product);
    HeldAlike alike = HeldAlike.of(product, narrowing, fleet, catalogue, stored);
    return of(product, Change.of(narrowing), stored, alike.asked(), alike.broken());
  }

  /**
   * Who is served, and would not be any more once it has taken a build that is offered to all of a
   * channel and hardware.
   */
  Impact ofOffering(ReleaseName release, Offering offering) {
    String product = release.product();
    Stored stored = stored(product);
    List<Cohort> cohorts = known(fleet.cohorts(product), stored);
    if (cohorts.isEmpty()) {
      return new Impact(List.of());
    }
    Inquiry.Age today = proposed(product, Change.NONE, stored).really().today();
    try {
      List<CohortImpact> harmed =
          Harm.asThingsAre(cohorts, stored, new Routes(stored, edges), today)
              .of(offering, release.channel(), release.hardware());
      return named(product, harmed, Set.of());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whose hardware or format builds to come are no longer signed for. */
  Impact ofAdmitting(String product, ProductPolicy before, ProductPolicy after) {
    if (before.hardware().equals(after.hardware()) && before.formats().equals(after.formats())) {
      return new Impact(List.of());
    }
    Stored stored = stored(product);
    return named(
        product,
        fleet.cohorts(product).stream()
            .map(
                cohort ->
                    CohortImpact.of(
                        cohort,
                        notAdmitted(cohort.state(), after, stored)
                            .filter(
                                obstacle -> notAdmitted(cohort.state(), before, stored).isEmpty())))
            .toList(),
        Set.of());
  }

  private static Optional<Obstacle> notAdmitted(
      DeviceState state, ProductPolicy policy, Stored stored) {
    String hardware = state.hardware().id();
    if (!policy.hardware().isEmpty() && !policy.hardware().contains(hardware)) {
      return Optional.of(notSigned("hardware " + hardware));
    }
    try {
      return stored
          .build(state.running().version())
          .map(build -> build.manifest().format())
          .filter(format -> !policy.formats().isEmpty() && !policy.formats().contains(format))
          .map(format -> notSigned("format " + format.code()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Obstacle notSigned(String what) {
    return new Obstacle("policy", "not-admitted", "no build to come is signed for its " + what);
  }

  /** What a change does to the devices of a product. */
  public Impact of(String product, Change change) {
    return of(
        product,
        change,
        stored(product),
        fleet.cohorts(product).stream().map(Asked::of).toList(),
        Set.of());
  }

  /**
   * Devices of whom a question is asked.
   *
   * @param seen how they read head files
   */
  record Asked(Cohort cohort, Optional<UnaryOperator<Head>> seen) {
    static Asked of(Cohort cohort) {
      return new Asked(cohort, Optional.empty());
    }
  }

  /**
   * Every change is judged here, whether it is asked about or made.
   *
   * @param broken see {@link #named}
   */
  private Impact of(
      String product, Change change, Stored stored, List<Asked> asked, Set<Long> broken) {
    List<BuildFiles> pruned =
        change.pruned().stream().map(version -> requireBuild(stored, version)).toList();
    if (asked.isEmpty()) {
      return new Impact(List.of()); // without asking what every key and listener is
    }
    Proposed proposed = proposed(product, change, stored);
    Ends ends = new Ends(product, catalogue);
    Inquiry.Comparison really = proposed.really();
    Inquiry.Comparison byConfiguration = proposed.byConfiguration();
    Routes routes = new Routes(stored, edges);
    Harm harm =
        new Harm(
            known(asked.stream().map(Asked::cohort).toList(), stored),
            stored,
            routes,
            really.today().now(),
            List.of(
                new Harm.Future(really.today(), UnaryOperator.identity()),
                new Harm.Future(really.then(), proposed::changed)));
    Inquiry common = inquiry(stored, routes, proposed, really, byConfiguration, ends, harm);
    List<CohortImpact> impacts = new ArrayList<>();
    for (Asked one : asked) {
      Cohort cohort = one.cohort();
      if (stored.registered(cohort.state()).isEmpty()) {
        impacts.add(unknown(cohort, change));
        continue;
      }
      Optional<Obstacle> besides =
          contradiction(change, cohort, stored)
              .or(() -> proposed.notEnrolled(cohort.state()))
              .or(() -> needed(cohort.state(), pruned, really.then().now(), stored));
      impacts.add(
          besides.isPresent()
              ? CohortImpact.of(cohort, besides)
              : one.seen()
                  .map(
                      seen ->
                          inquiry(
                              stored,
                              routes,
                              proposed,
                              really.announcing(seen),
                              byConfiguration.announcing(seen),
                              ends,
                              harm))
                  .orElse(common)
                  .of(cohort));
    }
    return named(product, impacts, broken);
  }

  /**
   * Nothing can be foretold of a device whose profile is not registered: what it trusts is not
   * changed, and what is done about builds alone takes nothing from it that was known.
   */
  private static CohortImpact unknown(Cohort cohort, Change change) {
    CohortImpact impact =
        CohortImpact.of(
            cohort,
            Optional.of(
                new Obstacle(
                    "profile",
                    "profile-unknown",
                    "it reports profile "
                        + cohort.state().running().profile().hex()
                        + ", which is not registered: what it trusts is not known")));
    return change.isAboutBuildsOnly() ? impact.asBefore() : impact;
  }

  private static Inquiry inquiry(
      Stored stored,
      Routes routes,
      Proposed proposed,
      Inquiry.Comparison really,
      Inquiry.Comparison byConfiguration,
      Ends ends,
      Harm harm) {
    return new Inquiry(
        stored, routes, really, byConfiguration, proposed::changed, proposed::concerns, ends, harm);
  }

  /** Those of whom it is known what they trust. */
  private static List<Cohort> known(List<Cohort> cohorts, Stored stored) {
    return cohorts.stream()
        .filter(cohort -> stored.registered(cohort.state()).isPresent())
        .toList();
  }

  private Proposed proposed(String product, Change change, Stored stored) {
    return new Proposed(
        product, change, stored, keyring.list(), doors(), new Standing(product, change, catalogue));
  }

  private static BuildFiles requireBuild(Stored stored, ImageVersion version) {
    try {
      return stored.build(version).orElseThrow(() -> SignerException.notFound("build " + version));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What devices trust is not changed for those that are not what they are taken for. */
  private Optional<Obstacle> contradiction(Change change, Cohort cohort, Stored stored) {
    return change.isAboutBuildsOnly()
        ? Optional.empty()
        : declared.contradiction(cohort.state(), stored);
  }

  private Optional<Obstacle> needed(
      DeviceState state, List<BuildFiles> pruned, World world, Stored stored) {
    return pruned.stream()
        .flatMap(build -> needs(state, build, world, stored).stream())
        .findFirst();
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
    List<CohortImpact> named = new ArrayList<>();
    int namings = 0;
    for (CohortImpact impact : impacts) {
      Cohort cohort = impact.cohort();
      if (impact.obstacle().isEmpty() || cohort.id() == 0) {
        named.add(impact);
        continue;
      }
      namings++;
      Cohort told =
          namings <= MAX_NAMED_COHORTS
              ? cohort.naming(fleet.devices(product, cohort, MAX_NAMED))
              : cohort;
      long given = broken.contains(cohort.id()) ? 0 : writtenOff.getOrDefault(cohort.id(), 0L);
      named.add(impact.forCohort(told).havingWrittenOff(given));
    }
    return new Impact(named);
  }

  /** What keeps a device with this profile from talking to the service as it is. */
  Optional<Obstacle> cutOff(Profile profile) {
    return doors().obstacle(profile, TlsReduction.NONE);
  }

  /** The service as it is at this moment. */
  World present() {
    Doors doors = doors();
    return World.with(profile -> doors.obstacle(profile, TlsReduction.NONE));
  }

  private Doors doors() {
    return new Doors(listeners, handshakes.all(), clock.instant());
  }
}
