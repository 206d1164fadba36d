package dev.otasigner.service.rotation;

import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.catalogue.KnownStranded;
import dev.otasigner.service.catalogue.Narrowing;
import dev.otasigner.service.catalogue.ReleaseGuard;
import dev.otasigner.service.catalogue.ReleaseName;
import dev.otasigner.service.catalogue.Releases;
import dev.otasigner.service.fleet.PolicyGuard;
import dev.otasigner.service.fleet.ProductPolicy;
import dev.otasigner.service.keyring.KeyEntry;
import dev.otasigner.service.keyring.Keyring;
import dev.otasigner.service.keyring.RetirementGuard;
import dev.otasigner.service.listeners.ListenerGuard;
import dev.otasigner.service.listeners.ListenerSpec;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.rotation.Impact.CohortImpact;
import dev.otasigner.service.rotation.Impact.Obstacle;
import dev.otasigner.service.signing.BuildFiles;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/**
 * Stands before every change that may cut devices off, inside the transaction that makes it. Only
 * one at a time: what is found about one change, another would alter.
 */
@Component
final class RotationGuards implements RetirementGuard, ListenerGuard, ReleaseGuard, PolicyGuard {
  private final ObjectProvider<Rotation> rotation;
  private final ObjectProvider<Keyring> keyring;
  private final ObjectProvider<Releases> releases;
  private final AuditLog audit;
  private final Clock clock;

  /**
   * The guards.
   *
   * @param rotation looked up when asked, since keyring and listeners are made before it
   */
  RotationGuards(
      ObjectProvider<Rotation> rotation,
      ObjectProvider<Keyring> keyring,
      ObjectProvider<Releases> releases,
      AuditLog audit,
      Clock clock) {
    this.rotation = rotation;
    this.keyring = keyring;
    this.releases = releases;
    this.audit = audit;
    this.clock = clock;
  }

  @Override
  public void requireUnneeded(KeyEntry key) {
    beAlone();
    requireAnnounced(key.product());
    require(ofRetiring(key), "retiring key " + key.name());
  }

  @Override
  public void requireLeaving(KeyEntry key, Instant end) {
    beAlone();
    requireAnnounced(key.product());
    require(ofRetiring(key).leaving(), "an end of key " + key.name() + " at " + end);
  }

  /** Judged before the transaction that stops it, since nothing may hold that up. */
  @Override
  public Map<String, String> consequences(KeyEntry key) {
    List<CohortImpact> stranded = ofRetiring(key).stranded();
    long devices = stranded.stream().mapToLong(c -> c.cohort().count()).sum();
    Map<String, String> told = new TreeMap<>();
    told.put("strands", Long.toString(devices));
    stranded.stream()
        .findFirst()
        .ifPresent(
            first ->
                told.put(
                    "firstStranded",
                    first.cohort().state().product()
                        + " "
                        + first.version()
                        + first.savedBy().map(build -> ", saved by " + build).orElse("")));
    return told;
  }

  private Impact ofRetiring(KeyEntry key) {
    Rotation judge = rotation.getObject();
    Impact impact = new Impact(List.of());
    for (String product : judge.products()) {
      if (key.product().isEmpty() || key.product().get().equals(product)) {
        impact = impact.with(judge.ofRetiring(product, List.of(key)));
      }
    }
    return impact;
  }

  @Override
  public void requireUnneeded(ListenerSpec listener) {
    beAlone();
    requireAnnounced(Optional.empty());
    Rotation judge = rotation.getObject();
    Impact impact = new Impact(List.of());
    for (String product : judge.products()) {
      impact = impact.with(judge.ofClosing(product, listener.name()));
    }
    require(impact, "closing listener " + listener.name());
  }

  /** Whoever has taken the build must find the service, and take what comes next. */
  @Override
  public void requireHarmless(ReleaseName release, boolean bridge, BuildFiles build) {
    beAlone();
    Rotation judge = rotation.getObject();
    Optional<Obstacle> cutOff = judge.cutOff(build.profile());
    if (cutOff.isPresent()) {
      throw new SignerException(
          ProblemType.WOULD_STRAND,
          "whoever takes build "
              + build.manifest().version()
              + " finds no listener: "
              + cutOff.get().detail());
    }
    require(judge.ofOffering(release, new Offering(build, bridge)), "releasing " + release);
  }

  @Override
  public void requireForgettable(String product, BuildFiles build) {
    beAlone();
    require(
        rotation.getObject().ofPruning(product, build),
        "pruning build " + build.manifest().version());
  }

  @Override
  public void requireUnneeded(Narrowing change, KnownStranded known) {
    beAlone();
    Impact impact = rotation.getObject().ofNarrowing(change);
    impact.requireAllowed(change.toString(), known);
    tell(impact, change.toString());
  }

  /**
   * Keys that builds to come may no longer be signed with are as good as retired; hardware and
   * formats that are no longer signed for get no build to come at all. What is demanded from a day
   * to come on is an end that alarms are raised for, see {@link Expiries}.
   */
  @Override
  public void requireServed(String product, ProductPolicy before, ProductPolicy after) {
    beAlone();
    requireAnnounced(Optional.of(product));
    Rotation judge = rotation.getObject();
    Demands demands = new Demands(product, keyring.getObject().list());
    List<KeyEntry> weak =
        demands.weaker(after, clock.instant()).stream()
            .filter(key -> !demands.weaker(before, clock.instant()).contains(key))
            .toList();
    if (!weak.isEmpty()) {
      require(
          judge.ofRetiring(product, weak),
          "demanding more than keys have ("
              + weak.stream().map(KeyEntry::name).collect(Collectors.joining(", "))
              + ")");
    }
    require(judge.ofAdmitting(product, before, after), "the new policy");
  }

  /** Waits until nobody else is judged, and keeps others waiting until the transaction ends. */
  private void beAlone() {
    keyring.getObject().lockRetiring();
  }

  /** What is decided about releases counts as soon as devices can read it. */
  private void requireAnnounced(Optional<String> product) {
    for (String pending : releases.getObject().unannounced()) {
      if (product.isEmpty() || product.get().equals(pending)) {
        throw SignerException.conflict(
            "a decision about releases of "
                + pending
                + " is not announced yet, and this depends on it: ask again");
      }
    }
  }

  private void require(Impact impact, String what) {
    impact.requireAllowed(what);
    tell(impact, what);
  }

  /** What is done although it cuts devices off is on record with how many. */
  private void tell(Impact impact, String what) {
    Map<String, Long> devices = new TreeMap<>();
    impact
        .givenUp()
        .forEach(c -> devices.merge(c.cohort().state().product(), c.cohort().count(), Long::sum));
    devices.forEach(
        (product, count) ->
            audit.record(
                "write-off.used",
                "product:" + product,
                Map.of("what", what, "devices", Long.toString(count))));
  }
}
