package dev.otasigner.cli.mirror;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.tuf.Fetcher;
import dev.otasigner.verifier.tuf.NotFoundException;
import dev.otasigner.verifier.tuf.TargetFile;
import dev.otasigner.verifier.tuf.TufLimits;
import dev.otasigner.verifier.tuf.Updater;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Takes an archive into a mirror. Its metadata is small, comes first, and is judged as by a client
 * that holds what the mirror has; then nothing is taken that it does not list. The mirror's own
 * files change when all has been judged.
 */
final class MirrorImport {
  private static final Pattern METADATA =
      Pattern.compile("metadata/(timestamp|[1-9][0-9]{0,17}\\.[A-Za-z0-9._-]{1,100})\\.json");
  private static final int MAX_METADATA_BYTES = 64 * 1024 * 1024;

  private final MirrorDirectory mirror;
  private final Map<String, byte[]> metadata = new LinkedHashMap<>();
  private long metadataBytes;

  MirrorImport(MirrorDirectory mirror) {
    this.mirror = mirror;
  }

  /** What the mirror announces now. */
  record Imported(long snapshotVersion, int targets) {}

  /**
   * Imports.
   *
   * @param root the first one, for a mirror that has none yet
   */
  Imported read(InputStream archive, Optional<byte[]> root, Instant now)
      throws IOException, RejectedException {
    TarReader tar = new TarReader(archive);
    Optional<TarReader.Entry> next = tar.next();
    while (next.isPresent() && next.get().name().startsWith(Fetcher.METADATA)) {
      takeMetadata(next.get(), tar);
      next = tar.next();
    }
    FollowedSet.Holdings held = begin(root);
    FollowedSet set = FollowedSet.follow(held, this::fetch, now);
    requireAsFollowed(held, set);
    Set<String> staged = new HashSet<>();
    for (; next.isPresent(); next = tar.next()) {
      String name = next.get().name();
      TargetFile target = set.targets().get(name);
      if (target == null) {
        throw new RejectedException(Reason.TARGET_NOT_FOUND, "nobody lists " + name);
      }
      if (next.get().lengthBytes() != target.lengthBytes() || !staged.add(name)) {
        throw new RejectedException(
            Reason.TARGET_LENGTH_MISMATCH, name, target.lengthBytes(), next.get().lengthBytes());
      }
      mirror.stage(name, target, tar.content());
    }
    for (Map.Entry<String, TargetFile> listed : set.targets().entrySet()) {
      if (!staged.contains(listed.getKey()) && !mirror.holds(listed.getKey(), listed.getValue())) {
        throw new RejectedException(
            Reason.TARGET_NOT_FOUND,
            listed.getKey()
                + " is neither in the archive nor in the mirror: export it --since an"
                + " older snapshot, or whole");
      }
    }
    mirror.publish(staged, set, held.roots());
    return new Imported(set.snapshotVersion(), staged.size());
  }

  private void takeMetadata(TarReader.Entry entry, TarReader tar)
      throws IOException, RejectedException {
    String name = entry.name();
    if (!METADATA.matcher(name).matches()) {
      throw new RejectedException(Reason.MALFORMED, "the archive has no catalogue's file: " + name);
    }
    int limit =
        name.equals(FollowedSet.TIMESTAMP)
            ? TufLimits.COMMON.timestampBytes()
            : TufLimits.COMMON.targetsBytes();
    metadataBytes += entry.lengthBytes() + TarWriter.BLOCK;
    if (entry.lengthBytes() > limit || metadataBytes > MAX_METADATA_BYTES) {
      throw new RejectedException(Reason.LIMIT_EXCEEDED, name, limit, entry.lengthBytes());
    }
    if (metadata.put(name, tar.content().readAllBytes()) != null) {
      throw new RejectedException(Reason.MALFORMED, "the archive has " + name + " twice");
    }
  }

  private FollowedSet.Holdings begin(Optional<byte[]> root) throws IOException, RejectedException {
    FollowedSet.Holdings held = mirror.holdings();
    if (!held.roots().isEmpty()) {
      if (root.isPresent() && !Bytes.copyOf(root.get()).equals(mirror.firstRoot())) {
        throw new RejectedException(
            Reason.METADATA_DIGEST_MISMATCH, "the mirror began with another root");
      }
      return held;
    }
    if (root.isEmpty()) {
      throw new RejectedException(
          Reason.METADATA_MISSING, "the mirror is empty: say which first root to trust, --root");
    }
    Updater.trustRoot(held, root.get(), Digest.of(root.get()));
    return held;
  }

  private void fetch(String path, long maxBytes, java.io.OutputStream to)
      throws IOException, RejectedException {
    byte[] file = metadata.get(path);
    if (file == null) {
      throw new NotFoundException(path);
    }
    Fetcher.copy(new ByteArrayInputStream(file), maxBytes, to);
  }

  /** Every file of the archive is one that was verified, or one that the mirror has. */
  private void requireAsFollowed(FollowedSet.Holdings held, FollowedSet set)
      throws IOException, RejectedException {
    Map<String, Bytes> known = new LinkedHashMap<>(set.metadata());
    known.put(FollowedSet.TIMESTAMP, set.timestamp());
    held.roots().forEach((v, bytes) -> known.put(FollowedSet.root(v), Bytes.copyOf(bytes)));
    for (Map.Entry<String, byte[]> file : metadata.entrySet()) {
      Bytes verified = known.get(file.getKey());
      if (verified == null) {
        throw new RejectedException(
            Reason.METADATA_VERSION_MISMATCH,
            file.getKey() + " does not follow from what the mirror has: is a root missing?");
      }
      if (!verified.equals(Bytes.copyOf(file.getValue()))) {
        throw new RejectedException(
            Reason.METADATA_DIGEST_MISMATCH, file.getKey() + " is another one than was verified");
      }
    }
  }
}
