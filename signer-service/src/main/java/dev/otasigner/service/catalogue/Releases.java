package dev.otasigner.service.catalogue;

import dev.otasigner.service.Milestones;
import dev.otasigner.service.access.Actor;
import dev.otasigner.service.fleet.ProductPolicy;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.problem.StorageRoom;
import dev.otasigner.service.signing.Build;
import dev.otasigner.service.signing.BuildFiles;
import dev.otasigner.service.signing.Builds;
import dev.otasigner.service.signing.Cohort;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.service.signing.PopulationJudgement;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.policy.ProfileFit;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
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
  private final Builds builds;
  private final FleetFacts fleet;
  private final PopulationJudgement judgement;
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
      Builds builds,
      FleetFacts fleet,
      PopulationJudgement judgement,
      ObjectProvider<ReleaseGuard> guards,
      ReleaseDecisions decisions,
      Milestones milestones,
      StorageRoom storage,
      Clock clock) {
    this.store = store;
    this.catalogue = catalogue;
    this.builds = builds;
    this.fleet = fleet;
    this.judgement = judgement;
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
   *     is not a bridge, REFUSED when no device of the channel would take it
   */
  public Release publish(ReleaseOrder order) {
    deciding.lock();
    try {
      BuildFiles build = requireBuild(order);
      requireProduction(order);
      Optional<Release> before =
          store.findByProductAndChannelAndHardwareAndVersion(
              order.product(), order.channel(), order.hardware(), order.version().toString());
      requireFollowable(order, build);
      if (before.isEmpty()) {
        requireWanted(order, build);
      }
      requireBridge(order, build);
      guards.orderedStream().forEach(guard -> guard.requireHarmless(order.product(), build));
      List<Release> superseded = supersededBy(order, build);
      Instant now = clock.instant();
      String author = Actor.current().label();
      Release release =
          before.orElseGet(() -> new Release(order, Bytes.copyOf(salt()), author, now));
      if (before.isPresent()) {
        release.list(order, author, now);
      }
      Map<Release, ReleaseState> changes = new LinkedHashMap<>();
      superseded.forEach(r -> changes.put(r, ReleaseState.SUPERSEDED));
      return decide("release.published", release, changes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      deciding.unlock();
    }
  }

  /** Takes a build back; see {@link ReleaseState#WITHDRAWN}. */
  public Release withdraw(ReleaseOrder which) {
    return move(which, ReleaseState.WITHDRAWN, "release.withdrawn");
  }

  /** Offers a listed build to nobody for a while. */
  public Release pause(ReleaseOrder which) {
    return move(which, ReleaseState.PAUSED, "release.paused");
  }

  /**
   * Offers a paused or withdrawn build again.
   *
   * @param sharePerMille another share, or empty for the one it had
   */
  public Release resume(ReleaseOrder which, Optional<Integer> sharePerMille) {
    // Here already: a share that is being set meanwhile is the one it has.
    deciding.lock();
    try {
      Release release = require(which);
      return publish(
          new ReleaseOrder(
              which.product(),
              which.channel(),
              which.hardware(),
              which.version(),
              release.isBridge(),
              sharePerMille.orElse(release.sharePerMille())));
    } finally {
      deciding.unlock();
    }
  }

  private Release move(ReleaseOrder which, ReleaseState next, String action) {
    deciding.lock();
    try {
      Release release = require(which);
      if (next == ReleaseState.PAUSED && release.state() != ReleaseState.PUBLISHED) {
        throw SignerException.conflict(
            "release " + which.version() + " is " + release.state().code() + ": nothing to pause");
      }
      return decide(action, release, Map.of(release, next));
    } finally {
      deciding.unlock();
    }
  }

  private Release require(ReleaseOrder which) {
    return store
        .findByProductAndChannelAndHardwareAndVersion(
            which.product(), which.channel(), which.hardware(), which.version().toString())
        .orElseThrow(
            () ->
                SignerException.notFound(
                    "a release of "
                        + which.version()
                        + " in "
                        + which.channel()
                        + " for "
                        + which.hardware()));
  }

  /** Durable first; then the catalogue; and back, when the device's own client says no. */
  private Release decide(String action, Release release, Map<Release, ReleaseState> changes) {
    Release saved = decisions.write(action, release, changes);
    milestones.passed("release.decided");
    try {
      catalogue.publish(release.product());
    } catch (RejectedException e) {
      decisions.takeBack(saved, changes.keySet());
      throw SignerException.refused(e);
    } catch (IOException | RuntimeException e) {
      // What was decided stays decided: the catalogue follows as soon as it can be written.
      throw notAnnounced(saved, e);
    }
    milestones.passed("release.published");
    followed(release.product());
    return saved;
  }

  private void followed(String product) {
    try {
      decisions.followed(product);
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
      catalogue.publish(product);
      decisions.followed(product);
    } catch (RejectedException e) {
      log.warn("what was decided about releases of {} is taken back: {}", product, e.getMessage());
      decisions.takeBackPending(product);
    }
  }

  private SignerException notAnnounced(Release release, Exception e) {
    String outcome =
        "release "
            + release.version()
            + " is decided ("
            + release.state().code()
            + ") and not yet announced; it will be, without being asked again, once this is mended: ";
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

  private BuildFiles requireBuild(ReleaseOrder order) throws IOException {
    fleet.policy(order.product());
    if (!fleet.channels(order.product()).contains(order.channel())) {
      throw SignerException.notFound("channel " + order.channel());
    }
    Build build =
        builds
            .find(order.product(), order.version())
            .orElseThrow(() -> SignerException.notFound("build " + order.version()));
    BuildFiles files = builds.files(build);
    boolean isFor =
        files.manifest().hardware().stream().anyMatch(h -> h.id().equals(order.hardware()));
    if (!isFor) {
      throw SignerException.refused(
          new RejectedException(
              Reason.WRONG_HARDWARE,
              "build " + order.version() + " is not made for this hardware",
              order.hardware(),
              files.manifest().hardware()));
    }
    return files;
  }

  /** An odd major version is internal, where the product says so. */
  private void requireProduction(ReleaseOrder order) {
    ProductPolicy policy = fleet.policy(order.product());
    if (policy.evenMajorsOnly()
        && policy.stableChannels().contains(order.channel())
        && order.version().major() % 2 != 0) {
      throw new SignerException(
          ProblemType.REFUSED,
          order.version()
              + " has an odd major version: these are internal, and never released to channel "
              + order.channel());
    }
  }

  /** Whoever takes it must be able to trust the catalogue afterwards, today's fleet or not. */
  private void requireFollowable(ReleaseOrder order, BuildFiles build) {
    try {
      ProfileFit.requireTrusted(build.profile(), fleet.lineages(order.product()));
    } catch (RejectedException e) {
      throw SignerException.refused(e);
    }
  }

  /** Nothing is released that no device's own code accepts. */
  private void requireWanted(ReleaseOrder order, BuildFiles build) throws IOException {
    List<Cohort> cohorts = cohorts(order);
    RejectedException refusal = null;
    for (Cohort cohort : cohorts) {
      Optional<RejectedException> no = judgement.refusal(cohort.state(), build);
      if (no.isEmpty() || PopulationJudgement.runs(cohort.state(), build)) {
        return;
      }
      refusal = no.get();
    }
    if (refusal != null) {
      throw SignerException.refused(refusal);
    }
  }

  /** A build that takes devices to another lineage must be found where they are. */
  private void requireBridge(ReleaseOrder order, BuildFiles build) {
    String home = build.profile().lineage().name();
    boolean leavesSome =
        !order.bridge() && cohorts(order).stream().anyMatch(c -> !c.state().lineage().equals(home));
    boolean anyAtHome = cohorts(order).stream().anyMatch(c -> c.state().lineage().equals(home));
    if (leavesSome && !anyAtHome) {
      throw SignerException.conflict(
          "build "
              + order.version()
              + " leads to lineage "
              + home
              + ", and no device of the channel is there: release it as a bridge");
    }
  }

  private List<Cohort> cohorts(ReleaseOrder order) {
    return Cohort.of(
        fleet.devices(order.product()).stream()
            .filter(d -> d.channel().equals(order.channel()))
            .filter(d -> d.hardware().id().equals(order.hardware()))
            .toList());
  }

  /**
   * Older builds that nobody needs once this one is listed: it is for everyone, may be taken from
   * anywhere, and whoever would take the older one would take it too. Bridges stay.
   */
  private List<Release> supersededBy(ReleaseOrder order, BuildFiles build) throws IOException {
    if (order.bridge()
        || order.sharePerMille() < 1000
        || !build.manifest().from().isEmpty()
        || !build.manifest().requires().isEmpty()) {
      return List.of();
    }
    List<Release> superseded = new ArrayList<>();
    for (Release older : store.findByProductOrderByCreated(order.product())) {
      if (older.channel().equals(order.channel())
          && older.hardware().equals(order.hardware())
          && !older.isBridge()
          && older.state().isListed()
          && build.manifest().version().isNewerThan(older.version())
          && isReplacedBy(older, build, order)) {
        superseded.add(older);
      }
    }
    return superseded;
  }

  private boolean isReplacedBy(Release older, BuildFiles build, ReleaseOrder order)
      throws IOException {
    Build olderBuild = builds.find(older.product(), older.version()).orElseThrow();
    Manifest manifest = builds.manifest(olderBuild);
    if (!catalogue.lineageOf(manifest).equals(build.profile().lineage().name())) {
      return false;
    }
    BuildFiles files = builds.files(olderBuild);
    for (Cohort cohort : cohorts(order)) {
      if (judgement.refusal(cohort.state(), files).isEmpty()
          && judgement.refusal(cohort.state(), build).isPresent()) {
        return false;
      }
    }
    return true;
  }

  private byte[] salt() {
    byte[] salt = new byte[8];
    random.nextBytes(salt);
    return salt;
  }

  /** Which release is meant, when a request only names it. */
  static ReleaseOrder named(String product, String channel, String hardware, ImageVersion version) {
    return new ReleaseOrder(product, channel, hardware, version, false, 0);
  }
}
