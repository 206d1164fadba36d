package dev.otasigner.service.rotation;

import dev.otasigner.keys.KeyState;
import dev.otasigner.service.access.Actor;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.catalogue.KnownStranded;
import dev.otasigner.service.catalogue.ReleaseName;
import dev.otasigner.service.catalogue.ReleaseOrder;
import dev.otasigner.service.catalogue.Releases;
import dev.otasigner.service.keyring.KeyEntry;
import dev.otasigner.service.keyring.Keyring;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.rotation.Crossings.Crossing;
import dev.otasigner.service.rotation.KeyRotation.Aborted;
import dev.otasigner.service.rotation.Place.Missing;
import dev.otasigner.service.signing.Cohort;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.verifier.json.Json;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * One key taking another's place, step by step. Only that somebody wants it is kept; where it
 * stands is found out each time, so that a step which was done by hand, or before a crash, is just
 * done. What a step does is done by who does it otherwise, under the same guards.
 */
@Component
class KeyRotations {
  private final KeyRotationStore store;
  private final Keyring keyring;
  private final Releases releases;
  private final Rotation rotation;
  private final FleetFacts fleet;
  private final Edges edges;
  private final SigningHints hints;
  private final AuditLog audit;
  private final TransactionTemplate transaction;
  private final Clock clock;

  KeyRotations(
      KeyRotationStore store,
      Keyring keyring,
      Releases releases,
      Rotation rotation,
      FleetFacts fleet,
      Edges edges,
      SigningHints hints,
      AuditLog audit,
      TransactionTemplate transaction,
      Clock clock) {
    this.store = store;
    this.keyring = keyring;
    this.releases = releases;
    this.rotation = rotation;
    this.fleet = fleet;
    this.edges = edges;
    this.hints = hints;
    this.audit = audit;
    this.transaction = transaction;
    this.clock = clock;
  }

  /** The two keys, when one may follow the other; see {@link Succession#requireSound}. */
  Succession succession(String product, String oldKey, String newKey) {
    Succession keys = new Succession(key(oldKey), key(newKey));
    keys.requireSound(product, fleet.policy(product));
    return keys;
  }

  private KeyEntry key(String nameOrId) {
    return keyring
        .find(nameOrId)
        .orElseThrow(() -> SignerException.notFound("key '" + nameOrId + "'"));
  }

  Succession keys(KeyRotation of) {
    return new Succession(keyring.byId(of.oldKey()), keyring.byId(of.newKey()));
  }

  /**
   * Begins to replace a key, and changes nothing yet.
   *
   * @throws SignerException CONFLICT when the old key has a rotation already; as {@link
   *     Succession#requireSound}
   */
  KeyRotation start(String product, Succession keys) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    KeyEntry old = keys.before();
    try {
      return transaction.execute(
          status -> {
            store
                .open(product, old.keyId())
                .ifPresent(
                    open -> {
                      throw alreadyOpen(old, open);
                    });
            store.add(product, old.keyId(), keys.after().keyId(), Actor.current().label(), now);
            KeyRotation started = store.open(product, old.keyId()).orElseThrow();
            record("rotation.started", started, keys, Map.of());
            return started;
          });
    } catch (DuplicateKeyException raced) {
      throw alreadyOpen(old, store.open(product, old.keyId()).orElseThrow(() -> raced));
    }
  }

  private static SignerException alreadyOpen(KeyEntry old, KeyRotation open) {
    return new SignerException(
        ProblemType.CONFLICT,
        "rotation " + open.id() + " replaces key " + old.name() + " already",
        Map.of("rotation", new Json.Num(open.id())));
  }

  private void record(String kind, KeyRotation of, Succession keys, Map<String, String> more) {
    Map<String, String> details = new LinkedHashMap<>();
    details.put("oldKey", keys.before().name());
    details.put("newKey", keys.after().name());
    details.putAll(more);
    audit.record(kind, of.subject(), details);
  }

  KeyRotation require(String product, long id) {
    fleet.policy(product);
    return store
        .find(product, id)
        .orElseThrow(() -> SignerException.notFound("rotation " + id + " of " + product));
  }

  /** A product's, newest first, from this one on. */
  List<KeyRotation> newest(String product, long from, int limit) {
    fleet.policy(product);
    return store.newest(product, from, limit);
  }

  /** How often the device's own judgement was run; what was remembered is not counted. */
  long policyRuns() {
    return rotation.policyRuns();
  }

  /** Where it stands at this moment. */
  Place place(String product, Succession keys) {
    List<Crossing> crossings =
        new Crossings(keys, rotation.present(), rotation.stored(product), edges)
            .of(notGivenUp(product));
    return new Place(
        keys,
        crossings,
        retiring(keys.before()),
        missing(crossings),
        hints.of(product, keys, crossings));
  }

  /** Cohorts with a device that people have not given up. */
  private List<Cohort> notGivenUp(String product) {
    Map<Long, Long> writtenOff = fleet.writtenOff(product);
    return fleet.cohorts(product).stream()
        .filter(cohort -> writtenOff.getOrDefault(cohort.id(), 0L) < cohort.count())
        .toList();
  }

  /** Of every product that the key serves: it goes for all of them. */
  private Impact retiring(KeyEntry key) {
    Impact impact = new Impact(List.of());
    for (String product : rotation.products()) {
      boolean isServed = key.product().isEmpty() || key.product().get().equals(product);
      if (isServed && !fleet.cohorts(product).isEmpty()) {
        impact = impact.with(rotation.ofRetiring(product, List.of(key)));
      }
    }
    return impact;
  }

  private List<Missing> missing(List<Crossing> crossings) {
    Map<ReleaseName, Long> devices = new LinkedHashMap<>();
    for (Crossing crossing : crossings) {
      crossing
          .missing()
          .ifPresent(name -> devices.merge(name, crossing.cohort().count(), Long::sum));
    }
    return devices.entrySet().stream()
        .map(e -> new Missing(e.getKey(), e.getValue(), releases.state(e.getKey())))
        .toList();
  }

  /**
   * Does the next step.
   *
   * @param step that the caller was shown as the next one
   * @param seen releases that the caller was shown with it, or empty for whichever there are
   * @throws SignerException CONFLICT when another step is next, or this one is for people or
   *     devices to do; FORBIDDEN; whatever refuses it when it is done by hand
   */
  void advance(KeyRotation of, RotationStep step, Optional<Set<ReleaseName>> seen) {
    Succession keys = keys(of);
    requireOpen(of);
    Place place = place(of.product(), keys);
    requireNext(of, place, step);
    Map<String, String> details = new LinkedHashMap<>();
    details.put("step", step.code());
    switch (step) {
      case INTRODUCE -> change(of, keys.after(), KeyState.ACTIVE);
      case SIGN -> throw unsigned(place);
      case BRIDGE -> details.put("releases", publish(of, place, seen));
      case FLEET ->
          throw SignerException.conflict(
              "rotation " + of.id() + " waits for devices: " + place.detail(step));
      case NEW_ONLY -> change(of, keys.before(), KeyState.SUSPENDED);
      case RETIRE -> change(of, keys.before(), KeyState.DEACTIVATED);
      case DESTROY -> change(of, keys.before(), KeyState.DESTROYED);
    }
    record("rotation.advanced", of, keys, details);
  }

  private static void requireOpen(KeyRotation of) {
    of.aborted()
        .ifPresent(
            aborted -> {
              throw SignerException.conflict(
                  "rotation " + of.id() + " was aborted by " + aborted.by());
            });
  }

  private static void requireNext(KeyRotation of, Place place, RotationStep step) {
    RotationStep next =
        place
            .next()
            .orElseThrow(
                () ->
                    SignerException.conflict("rotation " + of.id() + " is done: no step is left"));
    if (next != step) {
      throw SignerException.conflict(
          "the next step of rotation "
              + of.id()
              + " is "
              + next.code()
              + ", and not "
              + step.code()
              + (place.isDone(step) ? ", which is done" : ""));
    }
  }

  private static SignerException unsigned(Place place) {
    return new SignerException(
        ProblemType.CONFLICT,
        place.detail(RotationStep.SIGN),
        Map.of(
            "hints",
            new Json.Arr(place.hints().stream().map(hint -> (Json) hint.toJson()).toList())));
  }

  /** A key that serves every product is for who may change it everywhere. */
  private void change(KeyRotation of, KeyEntry key, KeyState next) {
    Actor actor = Actor.current();
    if (key.product().isPresent()) {
      actor.require(of.product(), Role.KEY_CUSTODIAN);
    } else if (!actor.has(Role.KEY_CUSTODIAN)) {
      throw new SignerException(
          ProblemType.FORBIDDEN,
          "key "
              + key.name()
              + " serves every product: this asks for role "
              + Role.KEY_CUSTODIAN.code()
              + " for all of them");
    }
    keyring.change(key.keyId(), next, Optional.of(of.subject()));
  }

  private String publish(KeyRotation of, Place place, Optional<Set<ReleaseName>> seen) {
    Actor.current().require(of.product(), Role.RELEASE_ENGINEER);
    Set<ReleaseName> names = new HashSet<>();
    for (Missing missing : place.missing()) {
      if (missing.isTakenBack()) {
        throw SignerException.conflict(
            "release "
                + missing.name()
                + " is "
                + missing.state().orElseThrow().code()
                + ": who has decided that publishes it again, or another build is signed");
      }
      names.add(missing.name());
    }
    if (seen.isPresent() && !seen.get().equals(names)) {
      throw SignerException.conflict(
          "other releases are missing than were named: " + place.detail(RotationStep.BRIDGE));
    }
    names.forEach(name -> releases.publish(asBridge(name)));
    return String.join(", ", names.stream().map(ReleaseName::toString).sorted().toList());
  }

  private static ReleaseOrder asBridge(ReleaseName name) {
    return new ReleaseOrder(
        name,
        Optional.of(true),
        Optional.empty(),
        false,
        Optional.empty(),
        Optional.empty(),
        new KnownStranded(Map.of()));
  }

  /**
   * Gives it up: an old key that is suspended signs again, and all else stays as it is.
   *
   * @throws SignerException CONFLICT when the old key has been retired, or somebody was first
   */
  KeyRotation abort(KeyRotation of, String reason) {
    return transaction.execute(
        status -> {
          requireOpen(of);
          Succession keys = keys(of);
          KeyState state = keys.before().state();
          if (state == KeyState.DEACTIVATED || state == KeyState.DESTROYED) {
            throw SignerException.conflict(
                "key "
                    + keys.before().name()
                    + " is "
                    + state.code()
                    + ": there is no way back to it");
          }
          if (!store.abort(
              of,
              new Aborted(
                  Actor.current().label(),
                  clock.instant().truncatedTo(ChronoUnit.MILLIS),
                  reason))) {
            requireOpen(require(of.product(), of.id()));
          }
          if (state == KeyState.SUSPENDED) {
            change(of, keys.before(), KeyState.ACTIVE);
          }
          record("rotation.aborted", of, keys, Map.of("reason", reason));
          return require(of.product(), of.id());
        });
  }
}
