package dev.otasigner.device.boot;

import dev.otasigner.verifier.ImageVersion;
import java.util.Optional;

/**
 * What the bootloader hands to the image it starts.
 *
 * @param status as it is now; TRIAL means that the image has to confirm this attempt
 * @param version of the image, where its format tells
 */
public record BootReport(BootStatus status, Optional<ImageVersion> version) {
  public boolean isTrial() {
    return status.phase() == BootStatus.Phase.TRIAL;
  }

  /** How this attempt ended, if it has. */
  public Optional<BootStatus.Outcome> outcomeOf(long attempt) {
    return status.outcome().filter(o -> o.attempt() == attempt);
  }
}
