package dev.otasigner.service.rotation;

import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.catalogue.KnownStranded;
import dev.otasigner.service.catalogue.Narrowing;
import dev.otasigner.service.catalogue.ReleaseGuard;
import dev.otasigner.service.keyring.KeyEntry;
import dev.otasigner.service.keyring.RetirementGuard;
import dev.otasigner.service.listeners.ListenerGuard;
import dev.otasigner.service.listeners.ListenerSpec;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.rotation.Impact.Obstacle;
import dev.otasigner.service.signing.BuildFiles;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/** Stands before every retirement, inside the transaction that applies it. */
@Component
final class RotationGuards implements RetirementGuard, ListenerGuard, ReleaseGuard {
  private final ObjectProvider<Rotation> rotation;
  private final AuditLog audit;

  /**
   * The guards.
   *
   * @param rotation looked up when asked, since keyring and listeners are made before it
   */
  RotationGuards(ObjectProvider<Rotation> rotation, AuditLog audit) {
    this.rotation = rotation;
    this.audit = audit;
  }

  @Override
  public void requireUnneeded(KeyEntry key) {
    Rotation judge = rotation.getObject();
    Impact impact = new Impact(List.of());
    for (String product : judge.products()) {
      if (key.product().isEmpty() || key.product().get().equals(product)) {
        impact = impact.with(judge.ofRetiring(product, List.of(key)));
      }
    }
    require(impact, "retiring key " + key.name());
  }

  @Override
  public void requireUnneeded(ListenerSpec listener) {
    Rotation judge = rotation.getObject();
    Impact impact = new Impact(List.of());
    for (String product : judge.products()) {
      impact = impact.with(judge.ofClosing(product, listener.name()));
    }
    require(impact, "closing listener " + listener.name());
  }

  /**
   * The service's own part of the judgement: can the device still connect once it has confirmed?
   */
  @Override
  public void requireHarmless(String product, BuildFiles build) {
    Optional<Obstacle> cutOff = rotation.getObject().cutOff(build.profile());
    if (cutOff.isPresent()) {
      throw new SignerException(
          ProblemType.WOULD_STRAND,
          "whoever takes build "
              + build.manifest().version()
              + " finds no listener: "
              + cutOff.get().detail());
    }
  }

  @Override
  public void requireForgettable(String product, BuildFiles build) {
    require(
        rotation.getObject().ofPruning(product, build),
        "pruning build " + build.manifest().version());
  }

  @Override
  public void requireUnneeded(Narrowing change, KnownStranded known) {
    Impact impact = rotation.getObject().ofNarrowing(change);
    impact.requireAllowed(change.toString(), known);
    tell(impact, change.toString());
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
