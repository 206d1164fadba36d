package dev.otasigner.service.signing;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A request with every name in it resolved: which files will be made, and who signs each.
 *
 * @param payload the stored payload
 * @param images the image files to be made of it; none for an opaque or a finished image
 * @param signedBy keys by which a finished image is signed, as bootloaders hold them
 * @param bootloader what the component installs, when the build brings one
 * @param keyTlv how images name their keys
 */
record SigningPlan(
    Path payload,
    long payloadBytes,
    List<ImageFile> images,
    List<BootAnchor> signedBy,
    List<SigningKey> manifestKeys,
    Optional<Bootloader> bootloader,
    Bootloader.KeyTlv keyTlv) {

  /**
   * One image file: all of its signers share one hash.
   *
   * @param name of the variant
   */
  record ImageFile(String name, ImageHash hash, boolean pure, List<SigningKey> keys) {
    ImageFile {
      keys = List.copyOf(keys);
    }
  }

  SigningPlan {
    images = List.copyOf(images);
    signedBy = List.copyOf(signedBy);
    manifestKeys = List.copyOf(manifestKeys);
  }

  /** Image keys, then manifest keys, each once. */
  List<Digest> keyIds() {
    Set<Digest> ids = new LinkedHashSet<>();
    images.forEach(image -> image.keys().forEach(key -> ids.add(key.keyId())));
    manifestKeys.forEach(key -> ids.add(key.keyId()));
    return List.copyOf(ids);
  }
}
