package dev.otasigner.service.rotation;

import dev.otasigner.verifier.json.Json;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Devices that people give up, so that a change may cut them off.
 *
 * @param change as it was proposed: docs/reference/http-api.md describes it
 * @param cohorts whom it names
 * @param proposedBy the person, also when the wish came by an API key of theirs
 * @param expires when it is no longer there to be approved
 * @param inForce since when, or empty while approvals are missing
 */
record WriteOff(
    UUID id,
    String product,
    Json.Obj change,
    List<Named> cohorts,
    String reason,
    String proposedBy,
    Instant created,
    Instant expires,
    List<Approval> approvals,
    Optional<Instant> inForce,
    Optional<Ended> ended) {
  /** Of different people, none of them who proposed it. */
  static final int APPROVALS = 2;

  /**
   * A cohort by name and number.
   *
   * @param shown what it was, and what would cut it off
   */
  record Named(long cohort, long devices, Json.Obj shown) {
    Json.Obj toJson() {
      Json.Builder json = Json.object().put("cohort", cohort).put("count", devices);
      shown.members().forEach(json::put);
      return json.build();
    }
  }

  /** Somebody's yes. */
  record Approval(String approver, Instant given) {
    Json.Obj toJson() {
      return Json.object().put("approver", approver).put("given", given).build();
    }
  }

  /** Turned down, or taken back. */
  record Ended(Instant at, String by, String reason) {}

  WriteOff {
    cohorts = List.copyOf(cohorts);
    approvals = List.copyOf(approvals);
  }

  /** How many devices it names. */
  long devices() {
    return cohorts.stream().mapToLong(Named::devices).sum();
  }

  boolean waits(Instant now) {
    return inForce.isEmpty() && ended.isEmpty() && now.isBefore(expires);
  }

  String state(Instant now) {
    if (ended.isPresent()) {
      return inForce.isPresent() ? "taken-back" : "rejected";
    }
    return inForce.isPresent() ? "in-force" : waits(now) ? "waiting" : "lapsed";
  }

  /**
   * For the wire.
   *
   * @param standing how many of the devices are still as they were
   */
  Json.Obj toJson(Instant now, long standing) {
    Json.Builder json =
        Json.object()
            .put("id", id.toString())
            .put("product", product)
            .put("state", state(now))
            .put("change", change)
            .put("reason", reason)
            .put("devices", devices())
            .put("cohorts", cohorts.stream().map(Named::toJson).toList())
            .put("proposedBy", proposedBy)
            .put("created", created)
            .put("approvals", approvals.stream().map(Approval::toJson).toList())
            .put("needed", APPROVALS);
    if (waits(now)) {
      json.put("waitingUntil", expires);
    }
    inForce.ifPresent(at -> json.put("inForce", at).put("standing", standing));
    ended.ifPresent(
        e -> json.put("ended", e.at()).put("endedBy", e.by()).put("endedReason", e.reason()));
    return json.build();
  }
}
