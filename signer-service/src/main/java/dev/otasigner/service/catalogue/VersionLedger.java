package dev.otasigner.service.catalogue;

import dev.otasigner.verifier.tuf.TufKey;
import java.util.List;
import java.util.Map;

/**
 * Remembers apart from the files which versions were given to a repository's roles, so that a
 * directory restored from a backup is not taken for the newest.
 */
interface VersionLedger {
  /** The highest version given to a role, 0 when none was. */
  long highest(String role);

  /**
   * Remembers the versions durably, before anything is signed or written under them; with them
   * stands in the audit log which keys are about to sign what.
   *
   * @param signers keys of the service, by role; none where people have signed
   */
  void reserve(Map<String, Long> versions, Map<String, List<TufKey>> signers);
}
