package dev.otasigner.service.catalogue;

import dev.otasigner.service.catalogue.storage.Pointer;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.tuf.MetaFile;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.Root;
import dev.otasigner.verifier.tuf.SignedMetadata;
import dev.otasigner.verifier.tuf.Snapshot;
import dev.otasigner.verifier.tuf.TargetFile;
import dev.otasigner.verifier.tuf.Targets;
import dev.otasigner.verifier.tuf.Timestamp;
import java.io.IOException;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a repository announces now, read back from its files: the publisher trusts no memory of what
 * it did last.
 *
 * @param bytes of every announced metadata file, by role
 * @param roles the targets role and every delegated one, by name
 */
record PublishedSet(
    Root root,
    Timestamp timestamp,
    Snapshot snapshot,
    Map<String, Targets> roles,
    Map<String, byte[]> bytes) {
  private static final int MAX_BYTES = 16 * 1024 * 1024;

  /** Every file that a role lists. */
  Set<TargetFile> listed() {
    Set<TargetFile> listed = new HashSet<>();
    roles.values().forEach(role -> listed.addAll(role.targets().values()));
    return listed;
  }

  /** A file of the set is gone or not what was announced; the message names it. */
  static final class DamagedException extends IOException {
    private static final long serialVersionUID = 1L;

    DamagedException(RepositoryFiles files, String file, String what) {
      super(files.placeOf(file) + ": " + what);
    }
  }

  /**
   * Empty when nothing was announced yet.
   *
   * @throws DamagedException when a file of the set can not be read
   */
  static Optional<PublishedSet> read(RepositoryFiles files) throws IOException {
    Optional<Pointer> pointer = files.pointer();
    if (pointer.isEmpty()) {
      return Optional.empty();
    }
    Root root = root(files);
    Optional<PublishedSet> before = files.readBefore(pointer.get().tag());
    if (before.isPresent()) {
      return before.map(set -> set.under(root));
    }
    byte[] bytes = pointer.get().bytes().toByteArray();
    Timestamp timestamp;
    try {
      timestamp = SignedMetadata.timestamp(bytes, MAX_BYTES).signed();
    } catch (RejectedException e) {
      throw new DamagedException(files, "timestamp.json", e.getMessage());
    }
    PublishedSet set = under(timestamp, files);
    set.bytes().put(Metadata.TIMESTAMP, bytes);
    files.remember(pointer.get().tag(), set);
    return Optional.of(set);
  }

  private PublishedSet under(Root newest) {
    return new PublishedSet(newest, timestamp, snapshot, roles, bytes);
  }

  /** The same, but empty too when a file of the set is damaged. */
  static Optional<PublishedSet> ifWhole(RepositoryFiles files) throws IOException {
    try {
      return read(files);
    } catch (DamagedException e) {
      return Optional.empty();
    }
  }

  /**
   * The newest set that can still be read whole, with a timestamp that has run out. It may be older
   * than what clients hold: everything is to be signed anew under higher versions.
   *
   * @param timestampVersion the highest that was ever given
   */
  static Optional<PublishedSet> newestWhole(RepositoryFiles files, long timestampVersion)
      throws IOException {
    for (long v = files.highestVersion(Metadata.SNAPSHOT); v > 0; v--) {
      Optional<byte[]> snapshot = files.versioned(v, Metadata.SNAPSHOT);
      if (snapshot.isPresent()) {
        MetaFile named = MetaFile.of(v, snapshot.get());
        try {
          return Optional.of(
              under(
                  new Timestamp(
                      Math.max(1, timestampVersion), Instant.EPOCH, Optional.empty(), named),
                  files));
        } catch (DamagedException e) {
          // The one before may be whole.
        }
      }
    }
    return Optional.empty();
  }

  private static PublishedSet under(Timestamp timestamp, RepositoryFiles files) throws IOException {
    Root root = root(files);
    Map<String, byte[]> bytes = new LinkedHashMap<>();
    Map<String, Targets> roles = new LinkedHashMap<>();
    String reading = "";
    try {
      reading = timestamp.snapshot().version() + ".snapshot.json";
      byte[] snapshotBytes = require(files, timestamp.snapshot().version(), Metadata.SNAPSHOT);
      bytes.put(Metadata.SNAPSHOT, snapshotBytes);
      Snapshot snapshot = SignedMetadata.snapshot(snapshotBytes, MAX_BYTES).signed();
      for (Map.Entry<String, MetaFile> listed : snapshot.meta().entrySet()) {
        reading = listed.getValue().version() + "." + listed.getKey() + ".json";
        byte[] role = require(files, listed.getValue().version(), listed.getKey());
        bytes.put(listed.getKey(), role);
        roles.put(listed.getKey(), SignedMetadata.targets(role, MAX_BYTES).signed());
      }
      return new PublishedSet(root, timestamp, snapshot, roles, bytes);
    } catch (RejectedException e) {
      throw new DamagedException(files, reading, e.getMessage());
    }
  }

  /**
   * The newest root, announced by being there.
   *
   * @throws IOException when it is damaged: another in its place no client would accept
   */
  static Root root(RepositoryFiles files) throws IOException {
    long version = files.highestVersion(Metadata.ROOT);
    Optional<byte[]> bytes = files.versioned(version, Metadata.ROOT);
    try {
      if (bytes.isPresent()) {
        return SignedMetadata.root(bytes.get(), MAX_BYTES).signed();
      }
    } catch (RejectedException e) {
      throw new IOException(rootDamaged(files, version) + " (" + e.getMessage() + ")", e);
    }
    throw new IOException(rootDamaged(files, version));
  }

  private static String rootDamaged(RepositoryFiles files, long version) {
    return files.placeOf(version + ".root.json")
        + " can not be read, and no other can take its place: restore it from a backup or a mirror";
  }

  private static byte[] require(RepositoryFiles files, long version, String role)
      throws IOException {
    return files
        .versioned(version, role)
        .orElseThrow(
            () -> new DamagedException(files, version + "." + role + ".json", "the file is gone"));
  }
}
