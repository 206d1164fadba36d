package dev.otasigner.device.agent;

import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import java.time.Duration;
import java.util.Optional;

/** How an update cycle ended, as long as the service was reached. */
public sealed interface UpdateOutcome {
  /** Another build runs now, and is confirmed. */
  record Installed(ImageVersion version) implements UpdateOutcome {}

  /** There is nothing to take. */
  record UpToDate(ImageVersion version) implements UpdateOutcome {}

  /**
   * An upgrade is on offer, and the application wants it later.
   *
   * @param time for how long; nothing is until the next boot
   */
  record Deferred(ImageVersion version, Optional<Duration> time) implements UpdateOutcome {}

  /** What was offered was refused; the device runs what it ran. */
  record Refused(Reason reason, String message) implements UpdateOutcome {}
}
