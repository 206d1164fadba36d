package dev.otasigner.service.rotation;

import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.verifier.json.Json;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** Shows what ends by itself and would strand devices. */
@RestController
class EndAlarmController {
  private final EndAlarmStore store;
  private final EndAlarms alarms;
  private final FleetFacts fleet;

  EndAlarmController(EndAlarmStore store, EndAlarms alarms, FleetFacts fleet) {
    this.store = store;
    this.alarms = alarms;
    this.fleet = fleet;
  }

  @GetMapping("/api/v1/products/{product}/rotation/alarms")
  @AllowedTo
  Json alarms(@PathVariable String product) {
    fleet.policy(product);
    return Json.object()
        .put("alarms", store.standing(product).stream().map(EndAlarm::toJson).toList())
        .put("looked", alarms.looked().orElse(null))
        .build();
  }
}
