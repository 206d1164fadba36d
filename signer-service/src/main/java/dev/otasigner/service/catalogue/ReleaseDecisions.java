package dev.otasigner.service.catalogue;

import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.audit.RecordKind;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
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

  /** Of the text that names devices, in a record. */
  private static final int MAX_NAMED = 1000;

  private final ReleaseDevices devices;
  private final AuditLog audit;
  private final Clock clock;

  ReleaseDecisions(
      ReleaseStore store,
      TransactionTemplate transaction,
      ReleaseDevices devices,
      AuditLog audit,
      Clock clock) {
    this.store = store;
    this.transaction = transaction;
    this.devices = devices;
    this.audit = audit;
    this.clock = clock;
  }

  /**
   * Something that was decided.
   *
   * @param changes states that releases move to by it, this one or others
   * @param guard asked in the transaction that writes it; throws when it must not be
   * @param halted why the service itself has ended the rollout, or nothing
   * @param more for the audit log
   */
  record Decision(
      RecordKind kind,
      Release release,
      Map<Release, ReleaseState> changes,
      Runnable guard,
      Optional<String> halted,
      Map<String, String> more) {

    Decision(RecordKind kind, Release release, Map<Release, ReleaseState> changes) {
      this(kind, release, changes, () -> {}, Optional.empty(), Map.of());
    }

    Decision with(KnownStranded known) {
      return known.devices().isEmpty()
          ? this
          : new Decision(kind, release, changes, guard, halted, Map.of("stranded", known.text()));
    }

    Decision unless(Runnable other) {
      return new Decision(kind, release, changes, other, halted, more);
    }

    Decision because(String why, Map<String, String> figures) {
      return new Decision(kind, release, changes, guard, Optional.of(why), figures);
    }
  }

  /** Writes a decision. */
  Release write(Decision decision) {
    Instant now = clock.instant();
    Release release = decision.release();
    return Objects.requireNonNull(
        transaction.execute(
            status -> {
              decision.guard().run();
              decision
                  .changes()
                  .forEach(
                      (changed, next) -> {
                        changed.remember();
                        changed.moveTo(next, now);
                      });
              decision.halted().ifPresent(release::halt);
              decision.changes().keySet().stream().filter(r -> r != release).forEach(store::save);
              Release stored = store.save(release);
              record(decision.kind(), stored, decision.more());
              return stored;
            }));
  }

  /**
   * Names devices for a release.
   *
   * @param guard asked first; throws when it must not be
   */
  Release name(
      Release release,
      ReleaseDevices.Kind kind,
      Set<String> named,
      KnownStranded known,
      Runnable guard) {
    return Objects.requireNonNull(
        transaction.execute(
            status -> {
              guard.run();
              int before = devices.of(release).of(kind).size();
              devices.write(release, kind, named);
              Map<String, String> details = new LinkedHashMap<>();
              details.put("list", kind.code());
              details.put("before", Integer.toString(before));
              details.put("devices", text(named));
              if (!known.devices().isEmpty()) {
                details.put("stranded", known.text());
              }
              record(RecordKind.RELEASE_DEVICES_NAMED, release, details);
              return release;
            }));
  }

  /** As many as a record holds. */
  private static String text(Set<String> devices) {
    String all = String.join(",", devices);
    return all.length() <= MAX_NAMED ? all : devices.size() + " devices";
  }

  /** The catalogue is as decided: there is no way back any more. */
  void followed(String product, Instant until) {
    transaction.executeWithoutResult(
        status ->
            store.findByProductAndPendingTrue(product).forEach(release -> release.settle(until)));
  }

  /** Takes back a decision that the catalogue has just refused. */
  void takeBack(Release decided, Collection<Release> changed, Instant until) {
    Set<Release> touched = new LinkedHashSet<>(List.of(decided));
    changed.stream().filter(r -> !r.id().equals(decided.id())).forEach(touched::add);
    transaction.executeWithoutResult(
        status ->
            touched.forEach(
                release ->
                    store
                        .findById(release.id())
                        .ifPresent(
                            found -> takeBack(found, found.id().equals(decided.id()), until))));
  }

  /** What goes away with a decision has a record of its own. */
  private void takeBack(Release release, boolean decided, Instant until) {
    if (decided || release.before().isEmpty()) {
      record(RecordKind.RELEASE_TAKEN_BACK, release, Map.of());
    }
    goBack(release, until);
  }

  /** Products with decisions that the catalogue has not followed yet. */
  List<String> pendingProducts() {
    return store.pendingProducts();
  }

  /**
   * Takes back what the catalogue refuses long after it was decided; what somebody has stopped
   * stays stopped.
   */
  void takeBackPending(String product, Instant until) {
    transaction.executeWithoutResult(
        status ->
            store.findByProductAndPendingTrue(product).stream()
                .filter(release -> !release.isStoppedSince())
                .forEach(release -> takeBack(release, true, until)));
  }

  private void goBack(Release release, Instant until) {
    Optional<ReleaseState> before = release.before();
    if (before.isPresent()) {
      release.goBack(before.get(), clock.instant(), until);
    } else {
      store.delete(release);
    }
  }

  private void record(RecordKind kind, Release release, Map<String, String> more) {
    Map<String, String> details = new LinkedHashMap<>(more);
    details.put("state", release.state().code());
    details.put("bridge", Boolean.toString(release.isBridge()));
    details.put("sharePerMille", Integer.toString(release.sharePerMille()));
    audit.record(kind.code(), release.name().subject(), details);
  }
}
