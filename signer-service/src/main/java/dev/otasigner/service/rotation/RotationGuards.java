package dev.otasigner.service.rotation;

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
import java.util.Optional;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/** Stands before every retirement, inside the transaction that applies it. */
@Component
final class RotationGuards implements RetirementGuard, ListenerGuard, ReleaseGuard {
  private final ObjectProvider<Rotation> rotation;

  /**
   * The guards.
   *
   * @param rotation looked up when asked, since keyring and listeners are made before it
   */
  RotationGuards(ObjectProvider<Rotation> rotation) {
    this.rotation = rotation;
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
    impact.requireAllowed("retiring key " + key.name());
  }

  @Override
  public void requireUnneeded(ListenerSpec listener) {
    Rotation judge = rotation.getObject();
    Impact impact = new Impact(List.of());
    for (String product : judge.products()) {
      impact = impact.with(judge.ofClosing(product, listener.name()));
    }
    impact.requireAllowed("closing listener " + listener.name());
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
    rotation
        .getObject()
        .ofPruning(product, build)
        .requireAllowed("pruning build " + build.manifest().version());
  }

  @Override
  public void requireUnneeded(Narrowing change, KnownStranded known) {
    rotation.getObject().ofNarrowing(change).requireAllowed(change.toString(), known);
  }
}
