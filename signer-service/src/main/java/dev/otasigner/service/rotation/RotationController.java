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
import java.util.ArrayList;
import java.util.List;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Shows what a change would do, without doing it. */
@RestController
class RotationController {
  private static final int MAX_KEYS = 32;

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
    try {
      Fields change = new Fields(body, "");
      if (change.has("closeListener") == change.has("retireKeys")) {
        throw change.malformed(
            "retireKeys", "exactly one of 'retireKeys' and 'closeListener' is expected");
      }
      if (change.has("closeListener")) {
        return rotation.ofClosing(product, requireOpen(change.name("closeListener"))).toJson();
      }
      List<KeyEntry> keys = new ArrayList<>();
      for (String key : change.strings("retireKeys", MAX_KEYS)) {
        keys.add(
            keyring.find(key).orElseThrow(() -> SignerException.notFound("key '" + key + "'")));
      }
      return rotation.ofRetiring(product, keys).toJson();
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  private String requireOpen(String name) {
    if (listeners.list().stream().noneMatch(l -> l.name().equals(name))) {
      throw SignerException.notFound("listener " + name);
    }
    return name;
  }
}
