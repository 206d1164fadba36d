package dev.otasigner.service.catalogue;

import dev.otasigner.service.fleet.FactoryFiles;
import dev.otasigner.service.signing.BuildFiles;
import dev.otasigner.service.signing.Builds;
import dev.otasigner.service.signing.PrunedBuilds;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.manifest.ImageFormat;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.tuf.Metadata;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.springframework.stereotype.Component;

/** The finished builds, as a factory fetches them; nothing else is on the shelf. */
@Component
final class FactoryShelf implements FactoryFiles {
  private final Builds builds;
  private final Lineages lineages;
  private final PrunedBuilds pruned;

  FactoryShelf(Builds builds, Lineages lineages, PrunedBuilds pruned) {
    this.builds = builds;
    this.pruned = pruned;
    this.lineages = lineages;
  }

  @Override
  public Optional<Build> build(String product, ImageVersion version, String hardware) {
    return files(product, version, hardware)
        .map(
            files ->
                new Build(
                    files.manifestDigest(),
                    files.manifest().profile(),
                    files.manifest().securityCounter(),
                    files.manifest().built()));
  }

  @Override
  public Optional<ByteSource> file(
      String product,
      ImageVersion version,
      String hardware,
      Kind kind,
      Optional<Bootloader> bootloader) {
    return files(product, version, hardware)
        .flatMap(
            files ->
                switch (kind) {
                  case IMAGE -> image(files, bootloader);
                  case MANIFEST -> Optional.of(ByteSource.of(files.envelope().toByteArray()));
                  case PROFILE -> Optional.of(ByteSource.of(files.profile().bytes().toByteArray()));
                  case ROOT -> root(product, files.profile().lineage().name());
                });
  }

  private Optional<BuildFiles> files(String product, ImageVersion version, String hardware) {
    return builds
        .find(product, version)
        .filter(build -> pruned.at(product, version).isEmpty())
        .map(
            build -> {
              try {
                return builds.files(build);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            })
        .filter(
            files -> files.manifest().hardware().stream().anyMatch(h -> h.id().equals(hardware)));
  }

  /** The first variant that the bootloader boots, or the first of all when none is named. */
  private static Optional<ByteSource> image(BuildFiles files, Optional<Bootloader> bootloader) {
    return files.manifest().variants().stream()
        .filter(v -> bootloader.isEmpty() || suits(files.manifest(), v, bootloader.get()))
        .findFirst()
        .map(v -> files.image(v.name()));
  }

  private static boolean suits(Manifest manifest, Manifest.Variant variant, Bootloader bootloader) {
    if (manifest.format() == ImageFormat.OPAQUE) {
      return bootloader.anchors().isEmpty();
    }
    for (BootAnchor anchor : bootloader.anchors()) {
      if (anchor.hash() == variant.hash()
          && anchor.pure() == variant.pure()
          && variant.anchors().contains(anchor.keyId())) {
        return true;
      }
    }
    return false;
  }

  private Optional<ByteSource> root(String product, String lineage) {
    return lineages
        .find(product, lineage)
        .flatMap(
            found -> {
              try {
                return lineages.repository(found).files().versioned(1, Metadata.ROOT);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            })
        .map(ByteSource::of);
  }
}
