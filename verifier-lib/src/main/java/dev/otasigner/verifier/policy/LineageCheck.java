package dev.otasigner.verifier.policy;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.tuf.LineagePolicy;
import dev.otasigner.verifier.tuf.Updater;

/**
 * The catalogue's metadata as a device holds it. A build whose profile stays in the lineage goes on
 * from there, so what is stored must do under what the new profile knows and demands.
 */
@FunctionalInterface
public interface LineageCheck {
  /** For a question asked without a catalogue at hand: nothing is checked. */
  LineageCheck NO_CATALOGUE = brought -> {};

  /**
   * Returns only when a device under this profile would trust the metadata that it has.
   *
   * @param brought a profile of the lineage that the device follows
   */
  void requireTrustedUnder(Profile brought) throws RejectedException;

  /** What this client trusts, after its refresh. */
  static LineageCheck of(Updater updater) {
    return brought -> updater.requireSignedFor(LineagePolicy.of(brought));
  }
}
