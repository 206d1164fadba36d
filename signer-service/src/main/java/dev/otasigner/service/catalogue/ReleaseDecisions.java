package dev.otasigner.service.catalogue;

import dev.otasigner.service.audit.AuditLog;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * What is decided about releases, in the database. Each release keeps how it was until the
 * catalogue has followed, so that a decision which it refuses can be taken back, also after a kill.
 */
@Component
class ReleaseDecisions {
  private final ReleaseStore store;
  private final TransactionTemplate transaction;
  private final AuditLog audit;
  private final Clock clock;

  ReleaseDecisions(
      ReleaseStore store, TransactionTemplate transaction, AuditLog audit, Clock clock) {
    this.store = store;
    this.transaction = transaction;
    this.audit = audit;
    this.clock = clock;
  }

  /**
   * Writes a decision.
   *
   * @param changes states that releases move to by it, this one or others
   */
  Release write(String action, Release release, Map<Release, ReleaseState> changes) {
    Instant now = clock.instant();
    return Objects.requireNonNull(
        transaction.execute(
            status -> {
              changes.forEach(
                  (changed, next) -> {
                    changed.remember();
                    changed.moveTo(next, now);
                  });
              changes.keySet().stream().filter(r -> r != release).forEach(store::save);
              Release stored = store.save(release);
              record(action, stored);
              return stored;
            }));
  }

  /** The catalogue is as decided: there is no way back any more. */
  void followed(String product) {
    transaction.executeWithoutResult(
        status -> store.findByProductAndPendingTrue(product).forEach(Release::settle));
  }

  /** Takes back a decision that the catalogue has just refused. */
  void takeBack(Release decided, Collection<Release> changed) {
    Set<Release> touched = new LinkedHashSet<>(changed);
    touched.removeIf(release -> release.id().equals(decided.id()));
    touched.add(decided);
    transaction.executeWithoutResult(
        status -> {
          record("release.taken-back", decided);
          touched.forEach(release -> store.findById(release.id()).ifPresent(this::goBack));
        });
  }

  /** Products with decisions that the catalogue has not followed yet. */
  List<String> pendingProducts() {
    return store.pendingProducts();
  }

  /**
   * Takes back what the catalogue refuses long after it was decided; what somebody has stopped
   * stays stopped.
   */
  void takeBackPending(String product) {
    transaction.executeWithoutResult(
        status ->
            store.findByProductAndPendingTrue(product).stream()
                .filter(release -> !release.isStoppedSince())
                .forEach(
                    release -> {
                      record("release.taken-back", release);
                      goBack(release);
                    }));
  }

  private void goBack(Release release) {
    Optional<ReleaseState> before = release.before();
    if (before.isPresent()) {
      release.goBack(before.get(), clock.instant());
    } else {
      store.delete(release);
    }
  }

  private void record(String action, Release release) {
    audit.record(
        action,
        "release:"
            + String.join(
                "/",
                release.product(),
                release.channel(),
                release.hardware(),
                release.version().toString()),
        Map.of(
            "state", release.state().code(),
            "bridge", Boolean.toString(release.isBridge()),
            "sharePerMille", Integer.toString(release.sharePerMille())));
  }
}
