package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/**
 * What the worker's own configuration says of one key.
 *
 * @param minApprovals approvals by different people that each use needs
 * @param quota most signatures in any 24 hours
 * @param notAfter no signature after it
 */
public record Rule(
    Digest keyId,
    KeyPurpose purpose,
    int minApprovals,
    Optional<Long> quota,
    Optional<Instant> notAfter) {
  private static final Set<String> MEMBERS =
      Set.of("keyId", "purpose", "minApprovals", "quota", "notAfter");

  static Rule read(Fields fields) throws RejectedException {
    WorkerConfiguration.requireOnly(fields, MEMBERS);
    return new Rule(
        fields.digest("keyId"),
        WorkerConfiguration.purpose(fields),
        WorkerConfiguration.minApprovals(fields),
        WorkerConfiguration.quota(fields),
        fields.has("notAfter") ? Optional.of(fields.time("notAfter")) : Optional.empty());
  }

  Rule endingAt(Instant time) {
    boolean endsEarlier = notAfter.isPresent() && notAfter.get().isBefore(time);
    return endsEarlier ? this : new Rule(keyId, purpose, minApprovals, quota, Optional.of(time));
  }

  Json.Obj toJson() {
    return Json.object()
        .put("keyId", keyId)
        .put("purpose", purpose.code())
        .put("minApprovals", minApprovals)
        .put("quota", quota.map(Json.Num::new).orElse(null))
        .put("notAfter", notAfter.orElse(null))
        .build();
  }
}
