package dev.otasigner.service.signing;

import dev.otasigner.service.signing.SigningPlan.ImageFile;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which image files a set of keys makes. One file carries one hash, and a bootloader refuses an
 * image with another one than its own: keys that bootloaders use with different hashes need files
 * of their own, with the same payload.
 */
final class VariantPlan {
  private VariantPlan() {}

  private record Way(ImageHash hash, boolean pure) {
    String variantName() {
      return hash.code() + (pure ? "-pure" : "");
    }
  }

  /**
   * Groups keys by the ways in which the given bootloaders check them; a key that none of them
   * holds is used in the way that is usual for its suite.
   *
   * @throws IllegalArgumentException when no bootloader can check a key's suite
   */
  static List<ImageFile> of(List<SigningKey> keys, List<Bootloader> bootloaders) {
    Map<Way, List<SigningKey>> files = new LinkedHashMap<>();
    for (SigningKey key : keys) {
      for (Way way : waysOf(key, bootloaders)) {
        files.computeIfAbsent(way, w -> new ArrayList<>()).add(key);
      }
    }
    List<ImageFile> images = new ArrayList<>();
    files.forEach(
        (way, own) -> images.add(new ImageFile(way.variantName(), way.hash, way.pure, own)));
    return images;
  }

  private static Set<Way> waysOf(SigningKey key, List<Bootloader> bootloaders) {
    Set<Way> ways = new LinkedHashSet<>();
    for (Bootloader bootloader : bootloaders) {
      for (BootAnchor anchor : bootloader.accepted()) {
        if (anchor.keyId().equals(key.keyId())) {
          ways.add(new Way(anchor.hash(), anchor.pure()));
        }
      }
    }
    if (ways.isEmpty()) {
      BootAnchor usual = BootAnchor.of(key.anchor());
      ways.add(new Way(usual.hash(), usual.pure()));
    }
    return ways;
  }
}
