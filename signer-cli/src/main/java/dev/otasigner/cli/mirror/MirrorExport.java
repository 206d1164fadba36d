package dev.otasigner.cli.mirror;

import dev.otasigner.cli.NewFile;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.tuf.Fetcher;
import dev.otasigner.verifier.tuf.MetaFile;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.SignedMetadata;
import dev.otasigner.verifier.tuf.TargetFile;
import dev.otasigner.verifier.tuf.TufLimits;
import dev.otasigner.verifier.tuf.Updater;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/** Writes the archive: roots, timestamp, snapshot and roles first, then what they list. */
final class MirrorExport {
  private final Fetcher repository;
  private final FollowedSet.Holdings held = new FollowedSet.Holdings();

  MirrorExport(Fetcher repository) {
    this.repository = repository;
  }

  /**
   * What was written.
   *
   * @param snapshotVersion that the next export may begin {@code --since}
   */
  record Written(long snapshotVersion, int metadata, int targets, long targetBytes) {}

  /** A refusal in the middle of a file that is being written. */
  private static final class RefusedException extends IOException {
    private static final long serialVersionUID = 1L;
    private final transient RejectedException refusal;

    RefusedException(RejectedException refusal) {
      super(refusal);
      this.refusal = refusal;
    }
  }

  /**
   * Exports.
   *
   * @param root the first one
   * @param since the snapshot whose files the mirror has
   */
  Written write(byte[] root, OptionalLong since, Path file, Instant now)
      throws IOException, RejectedException {
    Updater.trustRoot(held, root, Digest.of(root));
    if (held.roots().firstKey() != 1) {
      throw new RejectedException(
          Reason.METADATA_VERSION_MISMATCH, "the root to begin with", 1L, held.roots().firstKey());
    }
    FollowedSet set = FollowedSet.follow(held, repository, now);
    Set<String> known = since.isPresent() ? listedIn(since.getAsLong()) : Set.of();
    Map<String, TargetFile> targets = new java.util.TreeMap<>(set.targets());
    targets.keySet().removeAll(known);
    try {
      NewFile.write(
          file,
          out -> {
            TarWriter tar = new TarWriter(out);
            for (Map.Entry<Long, byte[]> each : held.roots().entrySet()) {
              tar.file(FollowedSet.root(each.getKey()), each.getValue());
            }
            tar.file(FollowedSet.TIMESTAMP, set.timestamp().toByteArray());
            for (Map.Entry<String, Bytes> each : set.metadata().entrySet()) {
              tar.file(each.getKey(), each.getValue().toByteArray());
            }
            for (Map.Entry<String, TargetFile> each : targets.entrySet()) {
              write(tar, set.updater(), each.getKey(), each.getValue());
            }
            tar.finish();
          });
    } catch (RefusedException e) {
      throw e.refusal;
    }
    return new Written(
        set.snapshotVersion(),
        held.roots().size() + set.metadata().size() + 1,
        targets.size(),
        targets.values().stream().mapToLong(TargetFile::lengthBytes).sum());
  }

  private static void write(TarWriter tar, Updater updater, String location, TargetFile target)
      throws IOException {
    tar.file(
        location,
        target.lengthBytes(),
        out -> {
          try {
            updater.downloadTarget(target, out);
          } catch (RejectedException e) {
            throw new RefusedException(e);
          }
        });
  }

  /** Only says what may be left out: an import that lacks something refuses. */
  private Set<String> listedIn(long version) throws IOException, RejectedException {
    byte[] snapshot = fetch(Metadata.SNAPSHOT, version, TufLimits.COMMON.snapshotBytes());
    Set<String> listed = new HashSet<>();
    for (Map.Entry<String, MetaFile> role :
        SignedMetadata.snapshot(snapshot, TufLimits.COMMON).signed().meta().entrySet()) {
      byte[] file =
          fetch(role.getKey(), role.getValue().version(), TufLimits.COMMON.targetsBytes());
      SignedMetadata.targets(file, TufLimits.COMMON)
          .signed()
          .targets()
          .values()
          .forEach(target -> listed.add(Fetcher.TARGETS + target.location(true)));
    }
    return listed;
  }

  private byte[] fetch(String role, long version, int maxBytes)
      throws IOException, RejectedException {
    return repository.fetch(Fetcher.METADATA + version + "." + role + ".json", maxBytes);
  }
}
