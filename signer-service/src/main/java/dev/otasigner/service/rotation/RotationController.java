package dev.otasigner.service.rotation;

import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Shows what a change would do, without doing it. */
@RestController
class RotationController {
  private final Rotation rotation;
  private final Changes changes;
  private final EndedBy ended;
  private final FleetFacts fleet;

  RotationController(Rotation rotation, Changes changes, EndedBy ended, FleetFacts fleet) {
    this.rotation = rotation;
    this.changes = changes;
    this.ended = ended;
    this.fleet = fleet;
  }

  @PostMapping("/api/v1/products/{product}/rotation/impact")
  @AllowedTo
  Json impact(@PathVariable String product, @RequestBody Json.Obj body) {
    fleet.policy(product);
    Change change;
    try {
      change = ended.with(changes.read(product, new Fields(body, "")));
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
    long before = rotation.policyRuns();
    Impact impact = rotation.of(product, change);
    return impact.toJson(rotation.policyRuns() - before);
  }
}
