package dev.otasigner.service.catalogue;

import dev.otasigner.service.access.Actor;
import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** A lineage's side of the ceremonies in which people sign its root and its targets role. */
@RestController
@RequestMapping("/api/v1/products/{product}/lineages/{lineage}")
class CeremonyController {
  private static final int MAX_ROLES = 64;

  private final Ceremonies ceremonies;
  private final CeremonyDesk desk;
  private final FleetFacts fleet;

  CeremonyController(Ceremonies ceremonies, CeremonyDesk desk, FleetFacts fleet) {
    this.ceremonies = ceremonies;
    this.desk = desk;
    this.fleet = fleet;
  }

  @GetMapping("/ceremony")
  @AllowedTo
  Json status(@PathVariable String product, @PathVariable String lineage) throws IOException {
    LineageKey key = key(product, lineage);
    List<Json.Obj> waiting = ceremonies.waiting(key).stream().map(RootProposal::toJson).toList();
    return desk.status(key, waiting);
  }

  @GetMapping("/root")
  @AllowedTo
  Json root(@PathVariable String product, @PathVariable String lineage) throws IOException {
    return desk.root(key(product, lineage));
  }

  /** The service's keys for a plan; makes those that are not there, and replaces some if asked. */
  @PostMapping("/role-keys")
  @AllowedTo({Role.ADMINISTRATOR, Role.KEY_CUSTODIAN})
  Json roleKeys(
      @PathVariable String product, @PathVariable String lineage, @RequestBody Json.Obj body) {
    try {
      Fields fields = new Fields(body, "");
      boolean postQuantum = fields.has("postQuantum") && fields.bool("postQuantum");
      boolean targets = fields.has("targets") && fields.bool("targets");
      List<String> replace =
          fields.has("replace") ? fields.strings("replace", MAX_ROLES) : List.of();
      return desk.roleKeys(key(product, lineage), postQuantum, targets, replace);
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  @PostMapping("/targets-draft")
  @AllowedTo({Role.ADMINISTRATOR, Role.KEY_CUSTODIAN})
  Json targetsDraft(
      @PathVariable String product, @PathVariable String lineage, @RequestBody Json.Obj body)
      throws IOException {
    LineageKey key = key(product, lineage);
    DraftOrder order = DraftOrder.of(body);
    try {
      return desk.targetsDraft(key, order.root(), order.signBy(), order.expires());
    } catch (RejectedException e) {
      throw SignerException.refused(e);
    }
  }

  private record DraftOrder(Optional<Json.Obj> root, Instant signBy, Instant expires) {
    static DraftOrder of(Json.Obj body) {
      try {
        Fields fields = new Fields(body, "");
        return new DraftOrder(
            fields.optionalObject("root").map(Fields::json),
            fields.time("signBy"),
            fields.time("expires"));
      } catch (RejectedException e) {
        throw SignerException.badRequest(e);
      }
    }
  }

  /** The lineage when it is done; what waits when another administrator has to confirm it. */
  @PostMapping("/signed")
  @AllowedTo({Role.ADMINISTRATOR, Role.KEY_CUSTODIAN})
  ResponseEntity<Json> signed(
      @PathVariable String product,
      @PathVariable String lineage,
      @RequestBody Json.Obj body,
      @AuthenticationPrincipal Actor actor)
      throws IOException {
    LineageKey key = key(product, lineage);
    HandedIn handed = handed(body);
    try {
      Optional<RootProposal> waiting = ceremonies.handIn(actor, key, handed);
      return waiting.isPresent()
          ? ResponseEntity.status(HttpStatus.ACCEPTED).body(waiting.get().toJson())
          : ResponseEntity.ok(desk.status(key, List.of()));
    } catch (RejectedException e) {
      throw SignerException.refused(e);
    }
  }

  private static HandedIn handed(Json.Obj body) {
    try {
      return HandedIn.read(body);
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  @PostMapping("/root-changes/{id}/confirm")
  @AllowedTo(Role.ADMINISTRATOR)
  Json confirm(
      @PathVariable String product,
      @PathVariable String lineage,
      @PathVariable UUID id,
      @AuthenticationPrincipal Actor actor)
      throws IOException {
    LineageKey key = key(product, lineage);
    try {
      ceremonies.confirm(actor, key, id);
      return desk.status(key, List.of());
    } catch (RejectedException e) {
      throw SignerException.refused(e);
    }
  }

  @DeleteMapping("/root-changes/{id}")
  @AllowedTo(Role.ADMINISTRATOR)
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void drop(
      @PathVariable String product,
      @PathVariable String lineage,
      @PathVariable UUID id,
      @AuthenticationPrincipal Actor actor) {
    ceremonies.drop(actor, key(product, lineage), id);
  }

  private LineageKey key(String product, String lineage) {
    fleet.policy(product);
    if (!Fields.isName(lineage)) {
      throw SignerException.notFound("lineage " + lineage);
    }
    return new LineageKey(product, lineage);
  }
}
