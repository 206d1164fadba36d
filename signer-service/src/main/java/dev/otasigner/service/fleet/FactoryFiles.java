package dev.otasigner.service.fleet;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.device.Bootloader;
import java.time.Instant;
import java.util.Optional;

/** What a factory writes into flash, and what is true of a device that left it. */
public interface FactoryFiles {

  /** A file of a build. */
  enum Kind {
    IMAGE,
    MANIFEST,
    PROFILE,
    /** {@code 1.root.json} of the lineage that the build's profile names. */
    ROOT
  }

  /**
   * A build as a device runs it.
   *
   * @param manifest digest of the manifest's file
   * @param built as the manifest states it
   */
  record Build(Digest manifest, Digest profile, long securityCounter, Instant built) {}

  /** The finished build of this version, if there is one for this hardware. */
  Optional<Build> build(String product, ImageVersion version, String hardware);

  /**
   * A file of a finished build, if there is one.
   *
   * @param bootloader the one that shall boot the image, when the build has several variants
   */
  Optional<ByteSource> file(
      String product,
      ImageVersion version,
      String hardware,
      Kind kind,
      Optional<Bootloader> bootloader);
}
