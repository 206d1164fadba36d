package dev.otasigner.verifier.policy;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.tuf.LineagePolicy;
import dev.otasigner.verifier.tuf.Updater;

/**
 * The metadata of catalogues, as far as whoever judges has it. A device holds that of its lineage:
 * a build whose profile stays there goes on from it, so what is stored must do under what the new
 * profile knows and demands. The service knows all lineages, and answers for a new one too.
 */
@FunctionalInterface
public interface LineageCheck {
  /** For a question asked without a catalogue at hand: nothing is checked. */
  LineageCheck NO_CATALOGUE = brought -> {};

  /**
   * Returns only when a device under this profile would trust the metadata of the lineage that the
   * profile names, or nothing of it is here.
   *
   * @throws RejectedException BELOW_THRESHOLD, or KEYID_MISMATCH where a key with a false
   *     identifier is why, for a role that it would not trust; PROFILE_UNFIT of one who knows all
   *     lineages, for a lineage that does not exist or starts from another root
   */
  void requireTrustedUnder(Profile brought) throws RejectedException;

  /**
   * What this client trusts, after its refresh. Of another lineage it holds nothing: there a build
   * is asked on its trial run.
   *
   * @param lineage that the client follows
   */
  static LineageCheck of(Updater updater, String lineage) {
    return brought -> {
      if (brought.lineage().name().equals(lineage)) {
        updater.requireSignedFor(LineagePolicy.of(brought));
      }
    };
  }
}
