package dev.otasigner.service.rotation;

import dev.otasigner.service.access.Actor;
import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.page.Page;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.springframework.http.HttpStatus;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Devices that people give up. */
@RestController
@RequestMapping("/api/v1/products/{product}/write-offs")
class WriteOffController {
  private static final int MAX_COHORTS = 1_000;
  private static final int MAX_REASON = 1_000;

  private final WriteOffs writeOffs;

  WriteOffController(WriteOffs writeOffs) {
    this.writeOffs = writeOffs;
  }

  @GetMapping
  @AllowedTo
  Json list(
      @PathVariable String product,
      @RequestParam(defaultValue = "") String from,
      @RequestParam(defaultValue = Page.DEFAULT) int limit) {
    Page page = new Page(limit);
    return page.of(
        "writeOffs",
        writeOffs.list(product, cursor(from), page.toRead()),
        writeOffs::told,
        next -> next.id().toString());
  }

  @GetMapping("/{id}")
  @AllowedTo
  Json show(@PathVariable String product, @PathVariable UUID id) {
    return writeOffs.told(writeOffs.require(product, id));
  }

  @PostMapping
  @AllowedTo({Role.ADMINISTRATOR, Role.KEY_CUSTODIAN, Role.RELEASE_ENGINEER})
  @ResponseStatus(HttpStatus.CREATED)
  Json propose(
      @PathVariable String product,
      @RequestBody Json.Obj body,
      @AuthenticationPrincipal Actor actor) {
    try {
      return writeOffs.told(writeOffs.propose(actor, product, proposal(new Fields(body, ""))));
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  /** Of two people who did not propose it. */
  @PostMapping("/{id}/approve")
  @AllowedTo(Role.APPROVER)
  Json approve(
      @PathVariable String product,
      @PathVariable UUID id,
      @RequestBody Json.Obj body,
      @AuthenticationPrincipal Actor actor) {
    try {
      writeOffs.require(product, id);
      long devices = new Fields(body, "").integer("devices", 1, Integer.MAX_VALUE);
      return writeOffs.told(writeOffs.approve(actor, product, id, devices));
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  /** Turned down or taken back: the careful side asks for nobody else. */
  @PostMapping("/{id}/end")
  @AllowedTo({Role.APPROVER, Role.ADMINISTRATOR})
  Json end(
      @PathVariable String product,
      @PathVariable UUID id,
      @RequestBody Json.Obj body,
      @AuthenticationPrincipal Actor actor) {
    try {
      writeOffs.require(product, id);
      return writeOffs.told(writeOffs.end(actor, product, id, reason(new Fields(body, ""))));
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  private static Optional<UUID> cursor(String from) {
    try {
      return from.isEmpty() ? Optional.empty() : Optional.of(UUID.fromString(from));
    } catch (IllegalArgumentException e) {
      throw Page.notFrom();
    }
  }

  private static WriteOffs.Proposal proposal(Fields fields) throws RejectedException {
    Map<Long, Long> cohorts = new TreeMap<>();
    for (Fields item : fields.objects("cohorts", MAX_COHORTS)) {
      long cohort = item.integer("cohort", 1, Long.MAX_VALUE);
      if (cohorts.put(cohort, item.integer("count", 1, Integer.MAX_VALUE)) != null) {
        throw item.malformed("cohort", "each cohort is expected once");
      }
    }
    if (cohorts.isEmpty()) {
      throw fields.malformed("cohorts", "at least one cohort is expected");
    }
    return new WriteOffs.Proposal(fields.object("change").json(), cohorts, reason(fields));
  }

  private static String reason(Fields fields) throws RejectedException {
    String reason = fields.string("reason");
    if (reason.isBlank() || reason.length() > MAX_REASON) {
      throw fields.malformed("reason", "1 to " + MAX_REASON + " characters are expected");
    }
    return reason;
  }
}
