package dev.otasigner.service.rotation;

import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.keyring.KeyEntry;
import dev.otasigner.service.keyring.Keyring;
import dev.otasigner.service.listeners.Listeners;
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
  private final Keyring keyring;
  private final Listeners listeners;
  private final FleetFacts fleet;

  RotationController(Rotation rotation, Keyring keyring, Listeners listeners, FleetFacts fleet) {
    this.rotation = rotation;
    this.keyring = keyring;
    this.listeners = listeners;
    this.fleet = fleet;
  }

  @PostMapping("/api/v1/products/{product}/rotation/impact")
  @AllowedTo
  Json impact(@PathVariable String product, @RequestBody Json.Obj body) {
    fleet.policy(product);
    Change change;
    try {
      change = Change.read(product, new Fields(body, ""), this::key);
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
    change.tls().listeners().forEach(this::requireOpen);
    long before = rotation.policyRuns();
    Impact impact = rotation.of(product, change);
    return impact.toJson(rotation.policyRuns() - before);
  }

  private KeyEntry key(String key) {
    return keyring.find(key).orElseThrow(() -> SignerException.notFound("key '" + key + "'"));
  }

  private void requireOpen(String name) {
    if (listeners.list().stream().noneMatch(l -> l.name().equals(name))) {
      throw SignerException.notFound("listener " + name);
    }
  }
}
