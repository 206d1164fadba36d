package dev.otasigner.service.catalogue;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.tuf.Fetcher;
import dev.otasigner.verifier.tuf.LineagePolicy;
import dev.otasigner.verifier.tuf.MetaFile;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.MetadataStore;
import dev.otasigner.verifier.tuf.NotFoundException;
import dev.otasigner.verifier.tuf.SignedMetadata;
import dev.otasigner.verifier.tuf.TargetFile;
import dev.otasigner.verifier.tuf.Targets;
import dev.otasigner.verifier.tuf.TufLimits;
import dev.otasigner.verifier.tuf.Updater;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Asks the device's own client whether it accepts what is about to be announced: as a device that
 * comes from the factory with the first root, and as one that holds everything announced before.
 */
final class ClientCheck {
  private final LineagePolicy policy;

  /**
   * The clients of a lineage.
   *
   * @param thresholds the signatures of each kind that its profiles may demand
   */
  ClientCheck(Profile.Thresholds thresholds) {
    this.policy = new LineagePolicy(EnumSet.allOf(SignatureSuite.class), 0, thresholds);
  }

  /**
   * Returns only when both accept the files on disk under this timestamp, find every listed file,
   * and the content of every newly listed file is the listed one.
   */
  void requireAccepted(
      RepositoryFiles files, Optional<PublishedSet> before, byte[] timestamp, Instant now)
      throws RejectedException, IOException {
    Fetcher fetcher = new FilesFetcher(files, Bytes.copyOf(timestamp));
    Set<TargetFile> known = new HashSet<>();
    before.ifPresent(
        set -> set.roles().values().forEach(role -> known.addAll(role.targets().values())));
    MemoryStore fresh = new MemoryStore();
    byte[] first = require(files, 1, Metadata.ROOT);
    Updater.trustRoot(fresh, first, Digest.of(first));
    visit(fetcher, fresh, known, now);
    if (before.isPresent()) {
      MemoryStore old = new MemoryStore();
      old.store(Metadata.ROOT, require(files, before.get().root().version(), Metadata.ROOT));
      before.get().bytes().forEach(old::store);
      visit(fetcher, old, known, now);
    }
  }

  private void visit(Fetcher fetcher, MemoryStore store, Set<TargetFile> known, Instant now)
      throws RejectedException, IOException {
    Updater updater = new Updater(store, fetcher, TufLimits.COMMON, policy, now);
    updater.refresh();
    byte[] snapshot = store.require(Metadata.SNAPSHOT);
    Map<String, MetaFile> roles =
        SignedMetadata.snapshot(snapshot, snapshot.length).signed().meta();
    for (Map.Entry<String, MetaFile> role : roles.entrySet()) {
      if (!role.getKey().equals(Metadata.TARGETS)) {
        requireRole(updater, fetcher, role.getKey(), role.getValue().version(), known);
      }
    }
  }

  private static void requireRole(
      Updater updater, Fetcher fetcher, String role, long version, Set<TargetFile> known)
      throws RejectedException, IOException {
    byte[] bytes =
        fetcher.fetch(
            Fetcher.METADATA + version + "." + role + ".json", TufLimits.COMMON.targetsBytes());
    Targets listed = SignedMetadata.targets(bytes, bytes.length).signed();
    for (TargetFile target : listed.targets().values()) {
      if (!updater.find(target.path()).equals(Optional.of(target))) {
        throw new RejectedException(
            Reason.TARGET_NOT_FOUND, "role " + role + " lists " + target.path() + " in vain");
      }
      if (!known.contains(target)) {
        updater.downloadTarget(target, OutputStream.nullOutputStream());
      }
    }
  }

  private static byte[] require(RepositoryFiles files, long version, String role)
      throws IOException {
    return files
        .versioned(version, role)
        .orElseThrow(() -> new NotFoundException(version + "." + role + ".json"));
  }

  /** The repository on disk under a timestamp that is not there yet. */
  private record FilesFetcher(RepositoryFiles files, Bytes timestamp) implements Fetcher {

    @Override
    public void fetch(String path, long maxBytes, OutputStream to)
        throws IOException, RejectedException {
      try (InputStream from = open(path)) {
        Fetcher.copy(from, maxBytes, to);
      }
    }

    private InputStream open(String encoded) throws IOException {
      // Names of roles and files hold no plus sign that means a space.
      String path = URLDecoder.decode(encoded.replace("+", "%2B"), StandardCharsets.UTF_8);
      if (path.equals(METADATA + "timestamp.json")) {
        return new ByteArrayInputStream(timestamp.toByteArray());
      }
      if (path.startsWith(METADATA)) {
        String name = path.substring(METADATA.length());
        return new ByteArrayInputStream(
            files.metadata(name).orElseThrow(() -> new NotFoundException(path)));
      }
      Path file = files.directory().resolve(path).normalize();
      if (!file.startsWith(files.directory()) || !Files.isRegularFile(file)) {
        throw new NotFoundException(path);
      }
      return Files.newInputStream(file);
    }
  }

  /** A client's store that lives as long as the question. */
  private static final class MemoryStore implements MetadataStore {
    private final Map<String, byte[]> roles = new LinkedHashMap<>();

    @Override
    public Optional<byte[]> load(String role) {
      return Optional.ofNullable(roles.get(role));
    }

    byte[] require(String role) {
      return load(role).orElseThrow(() -> new IllegalStateException("no " + role + " was stored"));
    }

    @Override
    public void store(String role, byte[] bytes) {
      roles.put(role, bytes);
    }

    @Override
    public void delete(String role) {
      roles.remove(role);
    }
  }
}
