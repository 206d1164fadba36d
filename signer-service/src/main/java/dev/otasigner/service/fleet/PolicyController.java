package dev.otasigner.service.fleet;

import dev.otasigner.service.access.Actor;
import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
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
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** A product's policy, and what waits to replace it. */
@RestController
@RequestMapping("/api/v1/products/{product}")
class PolicyController {
  private final Products products;
  private final PolicyChanges changes;

  PolicyController(Products products, PolicyChanges changes) {
    this.products = products;
    this.changes = changes;
  }

  @GetMapping("/policy")
  @AllowedTo
  Json policy(@PathVariable String product) {
    return products.require(product).policy().toJson();
  }

  /** The policy when it is done; what waits when another administrator has to confirm it. */
  @PutMapping("/policy")
  @AllowedTo(Role.ADMINISTRATOR)
  ResponseEntity<Json> change(
      @PathVariable String product,
      @RequestBody Json.Obj body,
      @AuthenticationPrincipal Actor actor) {
    try {
      ProductPolicy policy = ProductPolicy.read(new Fields(body, ""));
      Optional<PolicyChange> waiting = changes.ask(actor, product, policy);
      return waiting.isPresent()
          ? ResponseEntity.status(HttpStatus.ACCEPTED).body(waiting.get().toJson())
          : ResponseEntity.ok(policy.toJson());
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  @GetMapping("/policy-changes")
  @AllowedTo({Role.ADMINISTRATOR, Role.AUDITOR})
  Json waiting(@PathVariable String product) {
    return new Json.Arr(
        List.copyOf(changes.waiting(product).stream().map(PolicyChange::toJson).toList()));
  }

  @PostMapping("/policy-changes/{id}/confirm")
  @AllowedTo(Role.ADMINISTRATOR)
  Json confirm(
      @PathVariable String product, @PathVariable UUID id, @AuthenticationPrincipal Actor actor) {
    return changes.confirm(actor, product, id).toJson();
  }

  @DeleteMapping("/policy-changes/{id}")
  @AllowedTo(Role.ADMINISTRATOR)
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void drop(
      @PathVariable String product, @PathVariable UUID id, @AuthenticationPrincipal Actor actor) {
    changes.drop(actor, product, id);
  }
}
