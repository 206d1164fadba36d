package dev.otasigner.device;

import dev.otasigner.device.agent.Consent;
import dev.otasigner.verifier.ImageVersion;

/**
 * What a device is there for. Calls come one at a time, from the device's own threads, and should
 * return soon.
 */
public interface Application {
  /** It runs, on this build. */
  void started(ImageVersion version);

  /**
   * An upgrade is on offer while the application runs. What is deferred is offered again when the
   * wait is over, and a newer one at once; whatever boots the device puts an end to it.
   */
  Consent.Answer offered(ImageVersion version);

  /** It runs no more: the device resets or is switched off. */
  void stopped();
}
