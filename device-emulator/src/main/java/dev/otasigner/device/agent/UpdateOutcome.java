package dev.otasigner.device.agent;

import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;

/** How an update cycle ended, as long as the service was reached. */
public sealed interface UpdateOutcome {
  /** Another build runs now, and is confirmed. */
  record Installed(ImageVersion version) implements UpdateOutcome {}

  /** There is nothing to take. */
  record UpToDate(ImageVersion version) implements UpdateOutcome {}

  /** What was offered was refused; the device runs what it ran. */
  record Refused(Reason reason, String message) implements UpdateOutcome {}
}
