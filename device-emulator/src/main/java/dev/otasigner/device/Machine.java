package dev.otasigner.device;

import dev.otasigner.device.agent.Consent;
import dev.otasigner.device.agent.UpdateOutcome;
import dev.otasigner.verifier.ImageVersion;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** A device between switch-on and switch-off, as its power sees it; one call at a time. */
interface Machine {
  /**
   * What the bootloader does when the power comes.
   *
   * @throws IOException when no image boots
   */
  void boot() throws IOException;

  /** Whether what runs is an image that has yet to confirm itself. */
  boolean isOnTrial();

  /** The build that runs. */
  ImageVersion running() throws IOException;

  /**
   * One update cycle, with the resets it takes.
   *
   * @throws IOException when the service is not reached, or the flash cannot be used
   */
  Cycle cycle(Occasions occasions) throws IOException;

  /**
   * How a cycle ended.
   *
   * @param next when the service would like to hear from the device again
   */
  record Cycle(UpdateOutcome outcome, Optional<Duration> next) {}

  /** What is told of a cycle while it goes on. */
  interface Occasions extends Consent {
    /** The service has answered, for the first time in this cycle. */
    void reached();

    /** Whatever runs ends now. */
    void resetting();
  }
}
