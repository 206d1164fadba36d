package dev.otasigner.service.catalogue;

import dev.otasigner.verifier.json.Json;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How far a rollout has come.
 *
 * @param devices of the channel and hardware
 * @param heard of them, at any time
 * @param inShare whose turn it is while it is offered
 * @param running it now
 * @param installed it since it is counted
 * @param failed refused or reverted it since it is counted, by the newest that each told
 * @param silent since it is counted, while others are heard
 */
record RolloutFigures(
    long devices,
    long heard,
    long inShare,
    long running,
    long installed,
    long failed,
    long silent) {

  /** Devices of which something is known. */
  long executed() {
    return installed + failed + silent;
  }

  Json.Obj toJson() {
    return Json.object()
        .put("devices", devices)
        .put("heard", heard)
        .put("inShare", inShare)
        .put("running", running)
        .put("executed", executed())
        .put("installed", installed)
        .put("failed", failed)
        .put("silent", silent)
        .build();
  }

  /** For the audit log. */
  Map<String, String> details() {
    Map<String, String> details = new LinkedHashMap<>();
    details.put("executed", Long.toString(executed()));
    details.put("failed", Long.toString(failed));
    details.put("silent", Long.toString(silent));
    return details;
  }
}
