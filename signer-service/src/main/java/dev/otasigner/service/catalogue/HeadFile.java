package dev.otasigner.service.catalogue;

import dev.otasigner.service.catalogue.Wanted.ChannelRole;
import dev.otasigner.service.signing.CandidateListing;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.manifest.Manifest;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Makes the head file of a channel and hardware. */
final class HeadFile {
  private HeadFile() {}

  /** A listed build. */
  record Listed(Release release, Manifest manifest) {}

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
    Release release = build.release();
    boolean paused = release.state() == ReleaseState.PAUSED;
    return CandidateListing.of(
        build.manifest(),
        role.channel(),
        role.hardware(),
        // A bridge ignores the share, so a paused one is listed as none.
        release.isBridge() && !paused,
        release.salt(),
        paused ? 0 : release.sharePerMille());
  }

  private static List<Head.Candidate> candidatesOf(byte[] head) {
    try {
      return Head.read(head).candidates();
    } catch (RejectedException e) {
      throw new IllegalStateException("a head file of our own is not read", e);
    }
  }
}
