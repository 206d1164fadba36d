package dev.otasigner.service.signing;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import org.jspecify.annotations.Nullable;

/**
 * What is on record of a build, without its files.
 *
 * @param manifest digest of the manifest's file
 * @param hasComponent whether it brings a bootloader component
 */
public record FiledBuild(ImageVersion version, Digest manifest, boolean hasComponent) {
  FiledBuild(String version, String manifest, @Nullable String component) {
    this(version(version), new Digest(manifest), component != null);
  }

  private static ImageVersion version(String text) {
    try {
      return ImageVersion.parse(text);
    } catch (RejectedException e) {
      throw new IllegalStateException("build " + text + " is damaged in the database", e);
    }
  }
}
