package dev.otasigner.service.fleet;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.json.Json;
import java.time.Instant;
import java.util.UUID;

/**
 * A policy that waits for a second administrator.
 *
 * @param replaces digest of the policy that it is meant to replace
 * @param proposedBy the person, also when the wish came by an API key of theirs
 */
record PolicyChange(
    UUID id,
    String product,
    ProductPolicy policy,
    Digest replaces,
    String proposedBy,
    Instant expires) {

  Json.Obj toJson() {
    return Json.object()
        .put("id", id.toString())
        .put("product", product)
        .put("policy", policy.toJson())
        .put("replaces", replaces)
        .put("proposedBy", proposedBy)
        .put("waitingUntil", expires)
        .build();
  }
}
