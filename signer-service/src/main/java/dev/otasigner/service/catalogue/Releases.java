package dev.otasigner.service.catalogue;

import dev.otasigner.service.Milestones;
import dev.otasigner.service.access.Actor;
import dev.otasigner.service.audit.RecordKind;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.problem.StorageRoom;
import dev.otasigner.service.signing.BuildFiles;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.RejectedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/**
 * Which builds are offered to whom. A decision is durable first, then the catalogue follows; one
 * that the device's own client would not accept is taken back.
 */
@Component
public class Releases {
  private static final Logger log = LoggerFactory.getLogger(Releases.class);

  private final ReleaseStore store;
  private final Catalogue catalogue;
  private final ReleaseChecks checks;
  private final ReleaseDevices devices;
  private final ObjectProvider<ReleaseGuard> guards;
  private final ReleaseDecisions decisions;
  private final Milestones milestones;
  private final StorageRoom storage;
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();

  /** Decisions come one after the other: each publishes what all of them say. */
  private final ReentrantLock deciding = new ReentrantLock();

  Releases(
      ReleaseStore store,
      Catalogue catalogue,
      ReleaseChecks checks,
      ReleaseDevices devices,
      ObjectProvider<ReleaseGuard> guards,
      ReleaseDecisions decisions,
      Milestones milestones,
      StorageRoom storage,
      Clock clock) {
    this.store = store;
    this.catalogue = catalogue;
    this.checks = checks;
    this.devices = devices;
    this.guards = guards;
    this.decisions = decisions;
    this.milestones = milestones;
    this.storage = storage;
    this.clock = clock;
  }

  /**
   * Lists a build, or lists it for another share.
   *
   * @throws SignerException NOT_FOUND, BAD_REQUEST, CONFLICT when it leads to another lineage and
   *     is not a bridge, or would silently reach fewer; REFUSED when no device of the channel would
   *     take it; WOULD_STRAND when whoever takes it, or no longer gets it, is cut off
   */
  public Release publish(ReleaseOrder order) {
    deciding.lock();
    try {
      ReleaseName name = order.name();
      BuildFiles build = checks.requireBuild(name);
      checks.requireProduction(name);
      Optional<Release> before = find(name);
      ReleaseTerms terms = order.after(before);
      checks.requireFollowable(name, build);
      requireDelegated(name, terms, build);
      if (before.isEmpty()) {
        checks.requireWanted(name, build);
      }
      checks.requireBridge(name, terms.bridge(), build);
      Optional<Narrowing> narrowing = before.flatMap(release -> narrowing(release, terms));
      List<Release> superseded = checks.supersededBy(name, terms, build, before);
      Instant now = clock.instant();
      String author = Actor.current().label();
      Release release =
          before.orElseGet(() -> new Release(name, terms, Bytes.copyOf(salt()), author, now));
      if (before.isPresent()) {
        release.list(terms, author, now);
      }
      Map<Release, ReleaseState> changes = new LinkedHashMap<>();
      superseded.forEach(r -> changes.put(r, ReleaseState.SUPERSEDED));
      return decide(
          new ReleaseDecisions.Decision(RecordKind.RELEASE_PUBLISHED, release, changes)
              .with(order.known())
              .unless(
                  () -> {
                    guards
                        .orderedStream()
                        .forEach(guard -> guard.requireHarmless(name, terms.bridge(), build));
                    narrowing.ifPresent(change -> requireUnneeded(change, order.known()));
                  }));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      deciding.unlock();
    }
  }

  /** A listing for fewer than before, in share or in lineages. */
  private static Optional<Narrowing> narrowing(Release release, ReleaseTerms terms) {
    return release.state() == ReleaseState.PUBLISHED
            && (terms.sharePerMille() < release.sharePerMille()
                || release.isBridge() && !terms.bridge())
        ? Optional.of(Narrowing.to(release.name(), terms))
        : Optional.empty();
  }

  private void requireUnneeded(Narrowing change, KnownStranded known) {
    guards.orderedStream().forEach(guard -> guard.requireUnneeded(change, known));
  }

  /** A bridge is listed in lineages that wait for nobody too. */
  private void requireDelegated(ReleaseName name, ReleaseTerms terms, BuildFiles build)
      throws IOException {
    if (!terms.bridge()) {
      Wanted.ChannelRole role = new Wanted.ChannelRole(name.channel(), name.hardware());
      String lineage = build.profile().lineage().name();
      catalogue.requireDelegated(name.product(), role, lineage);
    }
  }

  /** Takes a build back; see {@link ReleaseState#WITHDRAWN}. */
  public Release withdraw(ReleaseName which, KnownStranded known) {
    return move(which, ReleaseState.WITHDRAWN, known);
  }

  /** Offers a listed build to nobody for a while. */
  public Release pause(ReleaseName which, KnownStranded known) {
    return move(which, ReleaseState.PAUSED, known);
  }

  /** Ends a rollout for good; see {@link ReleaseState#STOPPED}. */
  public Release stop(ReleaseName which, KnownStranded known) {
    return move(which, ReleaseState.STOPPED, known);
  }

  /**
   * Ends a rollout by the service itself, whoever is cut off by it: what fails in the field is not
   * offered on.
   *
   * @param figures why, for the audit log
   * @return whether it did; not when somebody has ended it already
   */
  boolean halt(ReleaseName which, ReleaseState next, String why, Map<String, String> figures) {
    deciding.lock();
    try {
      Release release = require(which);
      if (release.state() != ReleaseState.PUBLISHED) {
        return false;
      }
      decide(
          new ReleaseDecisions.Decision(RecordKind.RELEASE_HALTED, release, Map.of(release, next))
              .because(why, figures));
      return true;
    } finally {
      deciding.unlock();
    }
  }

  /**
   * Offers a paused or withdrawn build again, as it was but for what the order says.
   *
   * @throws SignerException CONFLICT when it was stopped for good, and as {@link #publish}
   */
  public Release resume(ReleaseOrder order) {
    // Here already: a share that is being set meanwhile is the one it has.
    deciding.lock();
    try {
      Release release = require(order.name());
      if (release.state() == ReleaseState.STOPPED) {
        throw SignerException.conflict(
            "release " + order.name().version() + " was stopped for good: publish it anew");
      }
      return publish(order);
    } finally {
      deciding.unlock();
    }
  }

  private Release move(ReleaseName which, ReleaseState next, KnownStranded known) {
    deciding.lock();
    try {
      Release release = require(which);
      ReleaseState state = release.state();
      if (!state.maybe(next)) {
        throw SignerException.conflict(
            "release " + which.version() + " is " + state.code() + ": nothing to " + next.verb());
      }
      Narrowing change =
          next.isListed()
              ? Narrowing.toNobody(which, next.doing())
              : Narrowing.away(which, next.doing());
      return decide(
          new ReleaseDecisions.Decision(next.recordKind(), release, Map.of(release, next))
              .with(known)
              .unless(
                  () -> {
                    if (state == ReleaseState.PUBLISHED) {
                      requireUnneeded(change, known);
                    }
                  }));
    } finally {
      deciding.unlock();
    }
  }

  /**
   * Names devices that go first or wait; see {@link ReleaseDevices}.
   *
   * @throws SignerException WOULD_STRAND when one that is to wait has no other way to the head
   */
  Release name(
      ReleaseName which, ReleaseDevices.Kind kind, ListChange change, KnownStranded known) {
    deciding.lock();
    try {
      Release release = require(which);
      Set<String> named = devices.changed(release, kind, change);
      Set<String> before = devices.of(release).of(kind);
      checks.requireOnRecord(which, named, before);
      Set<String> added = new TreeSet<>(named);
      added.removeAll(before);
      boolean isNarrower =
          kind == ReleaseDevices.Kind.HOLD
              && release.state() == ReleaseState.PUBLISHED
              && !added.isEmpty();
      catalogue.requireReadable(release, devices.of(release).with(kind, named));
      return announce(
          decisions.name(
              release,
              kind,
              named,
              known,
              () -> {
                if (isNarrower) {
                  requireUnneeded(Narrowing.holding(which, added), known);
                }
              }));
    } catch (RejectedException e) {
      throw SignerException.refused(e);
    } finally {
      deciding.unlock();
    }
  }

  /** Does something while nobody decides about releases. */
  <T> T alone(Supplier<T> work) {
    deciding.lock();
    try {
      return work.get();
    } finally {
      deciding.unlock();
    }
  }

  /** Products of which something is decided that the catalogue does not say yet. */
  public List<String> unannounced() {
    return decisions.pendingProducts();
  }

  /** Where a release stands; empty when the build was never released there. */
  public Optional<ReleaseState> state(ReleaseName name) {
    return find(name).map(Release::state);
  }

  private Optional<Release> find(ReleaseName name) {
    return store.findByProductAndChannelAndHardwareAndVersion(
        name.product(), name.channel(), name.hardware(), name.version().toString());
  }

  /**
   * The release of this name.
   *
   * @throws SignerException NOT_FOUND
   */
  Release require(ReleaseName name) {
    return find(name)
        .orElseThrow(
            () ->
                SignerException.notFound(
                    "a release of "
                        + name.version()
                        + " in "
                        + name.channel()
                        + " for "
                        + name.hardware()));
  }

  /** Durable first; then the catalogue; and back, when the device's own client says no. */
  private Release decide(ReleaseDecisions.Decision decision) {
    Release saved = decisions.write(decision);
    milestones.passed("release.decided");
    Instant until;
    try {
      until = catalogue.publish(saved.product());
    } catch (RejectedException e) {
      if (saved.isStoppedSince()) {
        // What somebody has stopped stays stopped, whatever keeps the catalogue from saying so.
        throw notAnnounced(saved, e);
      }
      decisions.takeBack(
          saved, decision.changes().keySet(), catalogue.timestampsUntil(saved.product()));
      throw SignerException.refused(e);
    } catch (IOException | RuntimeException e) {
      // What was decided stays decided: the catalogue follows as soon as it can be written.
      throw notAnnounced(saved, e);
    }
    milestones.passed("release.published");
    followed(saved.product(), until);
    return require(saved.name());
  }

  /** The catalogue follows what is decided, and there is nothing to take back. */
  private Release announce(Release saved) {
    try {
      catalogue.publish(saved.product());
    } catch (RejectedException | IOException | RuntimeException e) {
      throw notAnnounced(saved, e);
    }
    return saved;
  }

  private void followed(String product, Instant until) {
    try {
      decisions.followed(product, until);
    } catch (RuntimeException e) {
      log.warn("that the catalogue of {} has followed is not noted yet", product, e);
    }
  }

  /** Before the catalogue is brought to what is released: perhaps it refuses what was decided. */
  @EventListener(ApplicationReadyEvent.class)
  @Order(Ordered.HIGHEST_PRECEDENCE)
  void onReady() {
    followUp();
  }

  /** Goes on with decisions that the catalogue has not followed, or takes them back. */
  @Scheduled(initialDelay = 60_000, fixedDelay = 60_000)
  void followUp() {
    deciding.lock();
    try {
      decisions.pendingProducts().forEach(this::followUp);
    } finally {
      deciding.unlock();
    }
  }

  private void followUp(String product) {
    try {
      publishOrTakeBack(product);
    } catch (IOException | RuntimeException e) {
      log.warn("what was decided about releases of {} is not announced yet", product, e);
    }
  }

  private void publishOrTakeBack(String product) throws IOException {
    try {
      decisions.followed(product, catalogue.publish(product));
    } catch (RejectedException e) {
      log.warn("what was decided about releases of {} is taken back: {}", product, e.getMessage());
      decisions.takeBackPending(product, catalogue.timestampsUntil(product));
    }
  }

  private SignerException notAnnounced(Release release, Exception e) {
    String outcome =
        "release "
            + release.version()
            + " is decided ("
            + release.state().code()
            + ") and not yet announced; it will be, without being asked again, once this is mended:"
            + " ";
    if (storage.isWhy(e)) {
      return storage.full(outcome);
    }
    ProblemType type =
        e instanceof SignerException known ? known.type() : ProblemType.NOT_ANNOUNCED;
    if (type == ProblemType.NOT_ANNOUNCED) {
      log.error("release {} is not announced", release.version(), e);
    }
    return new SignerException(type, outcome + CatalogueStanding.sentence(e));
  }

  private byte[] salt() {
    byte[] salt = new byte[8];
    random.nextBytes(salt);
    return salt;
  }
}
