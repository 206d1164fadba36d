package dev.otasigner.service.fleet;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.Profile;
import org.jspecify.annotations.NullMarked;

/**
 * Where the registration of a profile learns which root its lineage begins with. The catalogue
 * implements it; here stands only what the fleet needs of it.
 */
@NullMarked
public interface LineageRoots {

  /**
   * SHA-256 of {@code 1.root.json}, what a profile bakes in as {@code lineage.rootSha256}. A
   * lineage that the product does not have yet is created with its role keys, with post-quantum
   * keys beside the classical ones when the profile's thresholds demand any.
   *
   * @param draft the profile but for its root
   * @throws RejectedException when the profile does not trust what its lineage's keys sign, or
   *     would sign if it were created; nothing is created then
   */
  Digest rootSha256(String product, Profile draft) throws RejectedException;

  /**
   * Returns only when a device under this profile would trust what the roles of the lineage that it
   * names are signed with.
   *
   * @throws RejectedException also when there is no such lineage, or it starts from another root
   */
  void requireTrustedUnder(String product, Profile profile) throws RejectedException;
}
