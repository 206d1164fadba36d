package dev.otasigner.service.catalogue;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.tuf.MetaFile;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.Root;
import dev.otasigner.verifier.tuf.SignedMetadata;
import dev.otasigner.verifier.tuf.Snapshot;
import dev.otasigner.verifier.tuf.Targets;
import dev.otasigner.verifier.tuf.Timestamp;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

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

  /** Empty when nothing was announced yet. */
  static Optional<PublishedSet> read(RepositoryFiles files) throws IOException {
    Optional<byte[]> timestampBytes = files.timestamp();
    if (timestampBytes.isEmpty()) {
      return Optional.empty();
    }
    try {
      Map<String, byte[]> bytes = new LinkedHashMap<>();
      bytes.put(Metadata.TIMESTAMP, timestampBytes.get());
      Timestamp timestamp = SignedMetadata.timestamp(timestampBytes.get(), MAX_BYTES).signed();
      byte[] snapshotBytes = require(files, timestamp.snapshot().version(), Metadata.SNAPSHOT);
      bytes.put(Metadata.SNAPSHOT, snapshotBytes);
      Snapshot snapshot = SignedMetadata.snapshot(snapshotBytes, MAX_BYTES).signed();
      Map<String, Targets> roles = new LinkedHashMap<>();
      for (Map.Entry<String, MetaFile> listed : snapshot.meta().entrySet()) {
        byte[] role = require(files, listed.getValue().version(), listed.getKey());
        bytes.put(listed.getKey(), role);
        roles.put(listed.getKey(), SignedMetadata.targets(role, MAX_BYTES).signed());
      }
      Root root = root(files);
      return Optional.of(new PublishedSet(root, timestamp, snapshot, roles, bytes));
    } catch (RejectedException e) {
      throw new IOException(files.directory() + " is damaged: " + e.getMessage(), e);
    }
  }

  /** The newest root, announced by being there. */
  static Root root(RepositoryFiles files) throws IOException {
    long version = files.highestVersion(Metadata.ROOT);
    try {
      return SignedMetadata.root(require(files, version, Metadata.ROOT), MAX_BYTES).signed();
    } catch (RejectedException e) {
      throw new IOException(files.directory() + " is damaged: " + e.getMessage(), e);
    }
  }

  private static byte[] require(RepositoryFiles files, long version, String role)
      throws IOException {
    return files
        .versioned(version, role)
        .orElseThrow(
            () ->
                new IOException(
                    files.directory() + " is damaged: " + version + "." + role + ".json is gone"));
  }
}
