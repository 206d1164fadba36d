package dev.otasigner.service.rotation;

import dev.otasigner.verifier.Digest;
import java.time.Instant;
import java.util.Optional;

/**
 * Somebody's wish that one key takes another's place in a product. How far it has come is not here:
 * that is what keys, builds, releases and devices are.
 */
record KeyRotation(
    long id,
    String product,
    Digest oldKey,
    Digest newKey,
    String startedBy,
    Instant started,
    Optional<Aborted> aborted) {

  /** Who gave it up, and why. */
  record Aborted(String by, Instant at, String reason) {}

  /** As the audit log and the transitions of keys name it. */
  String subject() {
    return "rotation:" + product + "/" + id;
  }
}
