package dev.otasigner.service.signing;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.manifest.Manifest;
import java.util.Map;
import java.util.Optional;

/**
 * All bytes of a build.
 *
 * @param manifest what the envelope says
 * @param envelope the manifest's file
 * @param images by variant name
 * @param profile the profile it brings
 * @param component the bootloader component's file, when it brings one
 */
public record BuildFiles(
    Manifest manifest,
    Bytes envelope,
    Map<String, ByteSource> images,
    Profile profile,
    Optional<ByteSource> component) {
  public BuildFiles {
    images = Map.copyOf(images);
  }

  public Digest manifestDigest() {
    return Digest.of(envelope);
  }

  /** The image file of a variant. */
  public ByteSource image(String variant) {
    ByteSource image = images.get(variant);
    if (image == null) {
      throw new IllegalArgumentException("build " + manifest.version() + " has no " + variant);
    }
    return image;
  }
}
