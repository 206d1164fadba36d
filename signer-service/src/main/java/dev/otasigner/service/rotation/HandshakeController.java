package dev.otasigner.service.rotation;

import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.audit.RecordKind;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.verifier.json.Json;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Real handshakes where devices dial: asked for they are shown, sent for they are made. */
@RestController
@RequestMapping("/api/v1/products/{product}/rotation/handshakes")
class HandshakeController {
  private final HandshakeTrials trials;
  private final HandshakeStore store;
  private final FleetFacts fleet;
  private final AuditLog audit;
  private final Clock clock;

  HandshakeController(
      HandshakeTrials trials, HandshakeStore store, FleetFacts fleet, AuditLog audit, Clock clock) {
    this.trials = trials;
    this.store = store;
    this.fleet = fleet;
    this.audit = audit;
    this.clock = clock;
  }

  @GetMapping
  @AllowedTo
  Json list(@PathVariable String product) {
    fleet.policy(product);
    return json(store.of(product));
  }

  @PostMapping
  @AllowedTo({Role.ADMINISTRATOR, Role.RELEASE_ENGINEER})
  Json run(@PathVariable String product) {
    fleet.policy(product);
    List<HandshakeResult> results = trials.run(product);
    audit.record(
        RecordKind.HANDSHAKES_TRIED.code(),
        "product:" + product,
        Map.of("addresses", Integer.toString(results.size())));
    return json(results);
  }

  private Json json(List<HandshakeResult> results) {
    Instant now = clock.instant();
    return Json.object()
        .put("handshakes", results.stream().map(result -> result.toJson(now)).toList())
        .build();
  }
}
