package dev.otasigner.service.catalogue;

import dev.otasigner.service.catalogue.Wanted.ChannelRole;
import dev.otasigner.service.signing.CandidateListing;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.manifest.Manifest;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Makes the head file of a channel and hardware. */
final class HeadFile {
  private HeadFile() {}

  /** A listed build. */
  record Listed(Release release, Manifest manifest, ReleaseDevices.Lists devices) {}

  /**
   * The head file that lists these builds, newest first. The one before is kept, byte for byte,
   * when it lists the same: only a change is a new file.
   */
  static byte[] of(ChannelRole role, List<Listed> builds, Optional<byte[]> before, Instant issued) {
    List<Head.Candidate> candidates =
        builds.stream()
            .sorted(Comparator.comparing((Listed b) -> b.manifest().version()).reversed())
            .map(b -> candidate(role, b))
            .toList();
    if (before.isPresent() && candidatesOf(before.get()).equals(candidates)) {
      return before.get();
    }
    return new Head(role.channel(), role.hardware(), issued, candidates).toJson().textBytes();
  }

  private static Head.Candidate candidate(ChannelRole role, Listed build) {
    return candidate(
        role, build.release(), build.manifest(), build.release().state(), build.devices());
  }

  /** How a release is listed in this state. */
  static Head.Candidate candidate(
      ChannelRole role,
      Release release,
      Manifest manifest,
      ReleaseState state,
      ReleaseDevices.Lists devices) {
    boolean offered = state == ReleaseState.PUBLISHED;
    Head.Candidate plain =
        CandidateListing.of(
            manifest,
            role.channel(),
            role.hardware(),
            // A bridge ignores the share, so a paused one is listed as none.
            release.isBridge() && offered,
            release.salt(),
            offered ? release.sharePerMille() : 0);
    // Whoever goes first waits as well while a release is paused.
    return new Head.Candidate(
        plain.version(),
        plain.securityCounter(),
        plain.manifest(),
        plain.from(),
        plain.variants(),
        plain.bridge(),
        plain.salt(),
        plain.sharePerMille(),
        marks(release, devices.hold()),
        offered ? marks(release, devices.test()) : List.of());
  }

  /** In an order that says nothing of when a device was named. */
  private static List<Digest> marks(Release release, Set<String> devices) {
    return devices.stream()
        .map(device -> Head.mark(release.salt(), device))
        .sorted(Comparator.comparing(Digest::hex))
        .toList();
  }

  private static List<Head.Candidate> candidatesOf(byte[] head) {
    try {
      return Head.read(head).candidates();
    } catch (RejectedException e) {
      throw new IllegalStateException("a head file of our own is not read", e);
    }
  }
}
