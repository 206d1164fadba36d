package dev.otasigner.service.signing;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.catalogue.CataloguePaths;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.manifest.Manifest;
import java.util.List;

/** How a build is listed in the head file of a channel and hardware. */
public final class CandidateListing {
  private static final Bytes NO_SALT = Bytes.copyOf(new byte[8]);

  private CandidateListing() {}

  /** Listed for everyone: how a build is judged before anybody has decided for whom it is. */
  public static Head.Candidate forEveryone(Manifest manifest, String channel, String hardware) {
    return of(manifest, channel, hardware, false, NO_SALT, 1000);
  }

  public static Head.Candidate of(
      Manifest manifest,
      String channel,
      String hardware,
      boolean bridge,
      Bytes salt,
      int sharePerMille) {
    return new Head.Candidate(
        manifest.version(),
        manifest.securityCounter(),
        CataloguePaths.manifest(channel, hardware, manifest.version()),
        manifest.from(),
        manifest.variants().stream().map(v -> variant(manifest, v, channel, hardware)).toList(),
        bridge,
        salt,
        sharePerMille,
        List.of(),
        List.of());
  }

  private static Head.Variant variant(
      Manifest manifest, Manifest.Variant variant, String channel, String hardware) {
    return new Head.Variant(
        variant.name(),
        CataloguePaths.image(channel, hardware, manifest.version(), variant.name()),
        manifest.format(),
        variant.suite(),
        variant.hash(),
        variant.pure(),
        variant.anchors());
  }
}
