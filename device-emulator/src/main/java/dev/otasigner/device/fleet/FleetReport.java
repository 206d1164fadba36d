package dev.otasigner.device.fleet;

import dev.otasigner.verifier.json.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How a fleet fares.
 *
 * @param enrolling how long enrolment took
 * @param running how long the devices have been on since
 * @param faults what the emulator made go wrong, by kind
 * @param troubles cycles that led nowhere, by reason
 * @param wire {@code requests}, {@code bytes} of bodies both ways, and {@code handshake PROTOCOL
 *     SUITE} for each kind of connection
 * @param stranded devices that are not at the head of their channel
 * @param named the first of them
 */
public record FleetReport(
    String product,
    long seed,
    int devices,
    Duration enrolling,
    Duration running,
    List<Cohort> cohorts,
    Map<String, Long> faults,
    Map<String, Long> troubles,
    Map<String, Long> wire,
    int stranded,
    List<Stranded> named) {
  /** So many stranded devices are named. */
  public static final int MAX_NAMED = 100;

  /**
   * One cohort.
   *
   * @param versions devices by what they run
   * @param outcomes devices by {@code waiting}, {@code under-way}, {@code at-head}, {@code behind},
   *     {@code not-enrolled}, {@code unbootable}, {@code crashed}
   * @param reasons devices that are not at the head, by what held them up last
   * @param inFlight devices that are switched on at the moment
   */
  public record Cohort(
      String name,
      int devices,
      Map<String, Integer> versions,
      Map<String, Integer> outcomes,
      Map<String, Integer> reasons,
      int inFlight) {
    /** How many have this outcome. */
    public int with(String outcome) {
      return outcomes.getOrDefault(outcome, 0);
    }
  }

  /** A device that is not at the head of its channel. */
  public record Stranded(
      String deviceId, String cohort, String version, String outcome, String reason) {}

  /** Devices at the head of their channel, over all cohorts. */
  public int atHead() {
    return cohorts.stream().mapToInt(c -> c.with("at-head")).sum();
  }

  /** Connections whose TLS handshake was completed. */
  public long handshakes() {
    return wire.entrySet().stream()
        .filter(e -> e.getKey().startsWith("handshake "))
        .mapToLong(Map.Entry::getValue)
        .sum();
  }

  /** The report as docs/reference/device.md tells it. */
  public Json.Obj toJson() {
    List<Json> groups = new ArrayList<>();
    for (Cohort cohort : cohorts) {
      groups.add(
          Json.object()
              .put("name", cohort.name)
              .put("devices", cohort.devices)
              .put("versions", counts(cohort.versions))
              .put("outcomes", counts(cohort.outcomes))
              .put("reasons", counts(cohort.reasons))
              .build());
    }
    List<Json> names = new ArrayList<>();
    for (Stranded device : named) {
      names.add(
          Json.object()
              .put("deviceId", device.deviceId)
              .put("cohort", device.cohort)
              .put("version", device.version)
              .put("outcome", device.outcome)
              .put("reason", device.reason)
              .build());
    }
    return Json.object()
        .put("schema", 1)
        .put("product", product)
        .put("seed", seed)
        .put("devices", devices)
        .put("atHead", atHead())
        .put("stranded", stranded)
        .put("enrolMillis", enrolling.toMillis())
        .put("runMillis", running.toMillis())
        .put("cohorts", groups)
        .put("faults", counts(faults))
        .put("troubles", counts(troubles))
        .put("wire", counts(wire))
        .put("named", names)
        .build();
  }

  private static Json.Obj counts(Map<String, ? extends Number> counts) {
    Json.Builder json = Json.object();
    new TreeMap<>(counts).forEach((name, count) -> json.put(name, count.longValue()));
    return json.build();
  }
}
