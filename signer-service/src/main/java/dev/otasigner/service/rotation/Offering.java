package dev.otasigner.service.rotation;

import dev.otasigner.service.signing.BuildFiles;

/**
 * A build as it would be offered to all devices of a channel and hardware.
 *
 * @param bridge whether every lineage announces it, or only its own
 */
record Offering(BuildFiles build, boolean bridge) {

  /** Whether devices of this lineage hear of it. */
  boolean isFor(String lineage) {
    return bridge || build.profile().lineage().name().equals(lineage);
  }
}
