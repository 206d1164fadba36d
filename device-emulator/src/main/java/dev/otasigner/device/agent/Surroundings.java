package dev.otasigner.device.agent;

import dev.otasigner.device.transport.Server;
import dev.otasigner.verifier.tuf.TufLimits;

/**
 * What an agent finds around it beside the flash.
 *
 * @param consent asked before an upgrade is begun
 */
public record Surroundings(
    DeviceClock clock, Server.Dialling dialling, TufLimits limits, Consent consent, Steps steps) {

  /** The same, by another clock. */
  Surroundings by(DeviceClock other) {
    return new Surroundings(other, dialling, limits, consent, steps);
  }
}
