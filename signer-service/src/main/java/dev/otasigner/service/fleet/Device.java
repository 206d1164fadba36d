package dev.otasigner.service.fleet;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.device.ClientKeyType;
import java.time.Instant;
import java.util.Optional;

/**
 * A manufactured device as it is on record.
 *
 * @param made what the factory made
 * @param clockFloor the earliest time it can be, for a device without a clock
 * @param report what it last said, or what the factory said for it
 * @param certified the key it authenticates with, once it enrolled
 * @param next a key it was certified for and has not used yet
 */
record Device(
    DeviceKey key,
    Made made,
    Instant clockFloor,
    Report report,
    Secret secret,
    Optional<Certified> certified,
    Optional<Certified> next,
    Optional<Sighting> seen) {

  /** Whether it came itself: from then on no list is believed over it. */
  boolean speaksForItself() {
    return certified.isPresent()
        || report.seq() >= 0
        || seen.flatMap(Sighting::through).isPresent();
  }

  /** What left the factory. */
  record Made(String hardware, String revision, ImageVersion build) {}

  /**
   * The one-time secret, until the certificate it bought is first used.
   *
   * @param spki the one key that the secret enrols, from its first use on
   */
  record Secret(Optional<Digest> sha256, Optional<Digest> spki) {
    static final Secret SPENT = new Secret(Optional.empty(), Optional.empty());
  }

  /** A key with a certificate of ours. */
  record Certified(Digest spki, ClientKeyType keyType, Instant notAfter) {}

  /**
   * When and how a device was last heard of.
   *
   * @param through empty when it did not come here: a list told of it
   */
  record Sighting(Instant at, Optional<Through> through) {}

  /**
   * How a device came.
   *
   * @param protocol the version of TLS, as the connection tells
   * @param group in which keys were agreed, as the connection tells; empty when a session was
   *     resumed that agrees on none
   */
  record Through(String listener, Optional<String> protocol, Optional<String> group) {}
}
