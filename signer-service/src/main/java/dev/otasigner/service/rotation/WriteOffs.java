package dev.otasigner.service.rotation;

import dev.otasigner.service.access.AccessChanged;
import dev.otasigner.service.access.Actor;
import dev.otasigner.service.access.People;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.fleet.WrittenOff;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.rotation.Impact.CohortImpact;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/**
 * How devices are given up: somebody names cohorts and how many devices they have, out of those
 * that a change would cut off, and two other people agree to just these (ADR 27). From then on
 * these devices, as they are, hold no change up.
 */
@Component
class WriteOffs {
  private static final Duration STANDS = Duration.ofDays(7);

  /** Of one product. */
  private static final int MAX_WAITING = 20;

  private static final int MAX_DETAIL = 500;

  /** As long as an audit record lets it be. */
  private static final int MAX_TOLD = 2_000;

  /** What takes somebody's say away. */
  private static final Set<String> GONE = Set.of("user.deleted", "user.roles-taken");

  private static final String PROPOSER_GONE = "who proposed it has no say any more";

  private final Rotation rotation;
  private final Changes changes;
  private final FleetFacts fleet;
  private final WrittenOff devices;
  private final WriteOffStore store;
  private final People people;
  private final AuditLog audit;
  private final Clock clock;

  WriteOffs(
      Rotation rotation,
      Changes changes,
      FleetFacts fleet,
      WrittenOff devices,
      WriteOffStore store,
      People people,
      AuditLog audit,
      Clock clock) {
    this.rotation = rotation;
    this.changes = changes;
    this.fleet = fleet;
    this.devices = devices;
    this.store = store;
    this.people = people;
    this.audit = audit;
    this.clock = clock;
  }

  /**
   * What somebody wants.
   *
   * @param cohorts how many devices of which; some or all of those that are stranded by the change
   */
  record Proposal(Json.Obj change, Map<Long, Long> cohorts, String reason) {}

  /**
   * Keeps a proposal for two other people.
   *
   * @throws SignerException CONFLICT when a cohort that is named would not be cut off, or has
   *     another number of devices
   */
  @Transactional
  public WriteOff propose(Actor actor, String product, Proposal proposal) throws RejectedException {
    fleet.policy(product);
    Instant now = now();
    if (store.waiting(product, now) >= MAX_WAITING) {
      throw SignerException.conflict(
          MAX_WAITING + " write-offs of " + product + " wait already: decide about them first");
    }
    WriteOff writeOff =
        new WriteOff(
            UUID.randomUUID(),
            product,
            proposal.change(),
            named(product, proposal.change(), proposal.cohorts()),
            proposal.reason(),
            people.behind(actor.label()),
            now,
            now.plus(STANDS),
            List.of(),
            Optional.empty(),
            Optional.empty());
    store.add(writeOff);
    record("write-off.proposed", writeOff, Map.of("reason", writeOff.reason()));
    return writeOff;
  }

  /**
   * Somebody's yes, to as many devices as they have seen; the last that was missing puts the
   * write-off in force.
   *
   * @throws SignerException FORBIDDEN for who proposed it; CONFLICT when the person has agreed
   *     already, or what would be cut off is not what was proposed any more
   */
  @Transactional
  public WriteOff approve(Actor actor, String product, UUID id, long count)
      throws RejectedException {
    store.lock(id);
    WriteOff writeOff = require(product, id);
    Instant now = now();
    requireWaiting(writeOff, now);
    String person = people.behind(actor.label());
    if (People.isSame(person, writeOff.proposedBy())) {
      throw new SignerException(
          ProblemType.FORBIDDEN, "two others approve what " + person + " proposed");
    }
    if (writeOff.approvals().stream().anyMatch(a -> People.isSame(a.approver(), person))) {
      throw SignerException.conflict(person + " has approved this write-off already");
    }
    if (count != writeOff.devices()) {
      throw SignerException.conflict(
          "the write-off names " + writeOff.devices() + " devices, not " + count);
    }
    Map<Long, Long> counts =
        writeOff.cohorts().stream()
            .collect(Collectors.toMap(WriteOff.Named::cohort, WriteOff.Named::devices));
    named(product, writeOff.change(), counts);
    store.approve(id, new WriteOff.Approval(person, now));
    record("write-off.approved", writeOff, Map.of("approver", person));
    if (writeOff.approvals().size() + 1 >= WriteOff.APPROVALS) {
      putInForce(writeOff, now);
    }
    return require(product, id);
  }

  private void putInForce(WriteOff writeOff, Instant now) {
    for (WriteOff.Named named : writeOff.cohorts()) {
      long marked = devices.mark(writeOff.product(), named.cohort(), writeOff.id());
      if (marked != named.devices()) {
        throw changed(named.cohort(), named.devices(), marked);
      }
    }
    store.putInForce(writeOff.id(), now);
    record("write-off.in-force", writeOff, Map.of());
  }

  /**
   * Turns down what waits, or takes back what is in force: its devices count again.
   *
   * @throws SignerException CONFLICT when it has ended
   */
  @Transactional
  public WriteOff end(Actor actor, String product, UUID id, String reason) {
    store.lock(id);
    WriteOff writeOff = require(product, id);
    if (writeOff.ended().isPresent()) {
      throw SignerException.conflict(
          "write-off " + id + " is " + writeOff.state(now()) + " already");
    }
    end(writeOff, people.behind(actor.label()), reason);
    return require(product, id);
  }

  private void end(WriteOff writeOff, String by, String reason) {
    devices.clear(writeOff.id());
    store.end(writeOff.id(), new WriteOff.Ended(now(), by, reason));
    record("write-off.ended", writeOff, Map.of("reason", reason));
  }

  /** The product's, the newest first. */
  @Transactional(readOnly = true)
  public List<WriteOff> list(String product, Optional<UUID> from, int limit) {
    fleet.policy(product);
    return store.list(product, from.map(id -> require(product, id)), limit);
  }

  @Transactional(readOnly = true)
  public WriteOff require(String product, UUID id) {
    return store
        .find(product, id)
        .orElseThrow(() -> SignerException.notFound("write-off " + id + " of " + product));
  }

  Json.Obj told(WriteOff writeOff) {
    return writeOff.toJson(
        now(), writeOff.inForce().isPresent() ? devices.standing(writeOff.id()) : 0);
  }

  @EventListener
  void onAccessChanged(AccessChanged event) {
    if (GONE.contains(event.action())) {
      store.forget(event.subject());
      store
          .waitingOf(event.subject())
          .forEach(
              id -> store.end(id, new WriteOff.Ended(now(), Actor.SYSTEM.label(), PROPOSER_GONE)));
    }
  }

  /** Whom a change would cut off, out of those that are named. */
  private List<WriteOff.Named> named(String product, Json.Obj change, Map<Long, Long> counts)
      throws RejectedException {
    Map<Long, CohortImpact> stranded =
        rotation
            .of(product, changes.read(product, new Fields(change, "change")))
            .stranded()
            .stream()
            .collect(Collectors.toMap(c -> c.cohort().id(), c -> c, (first, second) -> first));
    List<WriteOff.Named> named = new ArrayList<>();
    for (Map.Entry<Long, Long> each : new TreeMap<>(counts).entrySet()) {
      CohortImpact impact = stranded.get(each.getKey());
      if (impact == null) {
        throw SignerException.conflict(
            "cohort " + each.getKey() + " would not be cut off: nothing to write off");
      }
      if (impact.cohort().count() != each.getValue()) {
        throw changed(each.getKey(), each.getValue(), impact.cohort().count());
      }
      named.add(new WriteOff.Named(each.getKey(), each.getValue(), shown(impact)));
    }
    return named;
  }

  private static SignerException changed(long cohort, long named, long devices) {
    return SignerException.conflict(
        "cohort "
            + cohort
            + " has "
            + devices
            + " devices now, and "
            + named
            + " are named: propose it again");
  }

  private static Json.Obj shown(CohortImpact impact) {
    DeviceState state = impact.cohort().state();
    Impact.Obstacle obstacle = impact.obstacle().orElseThrow();
    String detail = obstacle.detail();
    return Json.object()
        .put("version", impact.version().toString())
        .put("hardware", state.hardware().id())
        .put("channel", state.channel())
        .put("bootloader", state.bootloader().id())
        .put("lineage", state.lineage())
        .put("check", obstacle.check())
        .put("reason", obstacle.reason())
        .put("detail", detail.length() > MAX_DETAIL ? detail.substring(0, MAX_DETAIL) : detail)
        .build();
  }

  private void requireWaiting(WriteOff writeOff, Instant now) {
    if (!writeOff.waits(now)) {
      throw SignerException.conflict(
          "write-off " + writeOff.id() + " is " + writeOff.state(now) + ", and waits for nobody");
    }
  }

  private void record(String action, WriteOff writeOff, Map<String, String> more) {
    Map<String, String> details = new TreeMap<>(more);
    details.put("id", writeOff.id().toString());
    details.put("devices", Long.toString(writeOff.devices()));
    String cohorts =
        writeOff.cohorts().stream()
            .map(named -> named.cohort() + "=" + named.devices())
            .collect(Collectors.joining(","));
    details.put(
        "cohorts", cohorts.length() <= MAX_TOLD ? cohorts : writeOff.cohorts().size() + " cohorts");
    details.put("proposedBy", writeOff.proposedBy());
    audit.record(action, "product:" + writeOff.product(), details);
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MILLIS);
  }
}
