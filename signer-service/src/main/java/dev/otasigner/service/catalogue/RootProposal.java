package dev.otasigner.service.catalogue;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.json.Json;
import java.time.Instant;
import java.util.UUID;

/**
 * A lineage that gets holders, for which another administrator is waited.
 *
 * @param handed as the first administrator handed it in
 * @param root digest of what the holders signed, for people to compare
 * @param proposedBy the person, also when the wish came by an API key of theirs
 */
record RootProposal(
    UUID id, LineageKey lineage, HandedIn handed, Digest root, String proposedBy, Instant expires) {

  Json.Obj toJson() {
    return Json.object()
        .put("id", id.toString())
        .put("fingerprint", root)
        .put("proposedBy", proposedBy)
        .put("waitingUntil", expires)
        .build();
  }
}
