package dev.otasigner.service.fleet;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.device.Profile;
import java.util.Optional;
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
   * keys beside the classical ones when {@code thresholds} demands any.
   *
   * @throws dev.otasigner.service.problem.SignerException when the lineage exists and its keys
   *     cannot meet the thresholds
   */
  Digest rootSha256(String product, String lineage, Optional<Profile.Thresholds> thresholds);
}
