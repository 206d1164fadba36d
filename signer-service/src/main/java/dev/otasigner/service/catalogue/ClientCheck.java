package dev.otasigner.service.catalogue;

import dev.otasigner.service.catalogue.Followers.Follower;
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
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the device's own client whether it accepts what is about to be announced: as a device that
 * comes from the factory with the first root, as one that holds everything announced before, and as
 * each kind of device that follows the lineage.
 */
final class ClientCheck {
  private static final Logger log = LoggerFactory.getLogger(ClientCheck.class);

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
   * Returns only when all accept the files on disk under this timestamp, find every listed file,
   * and the content of every newly listed file is the listed one. A follower that cannot trust even
   * what is announced now loses nothing, and may not keep the catalogue from all the others.
   *
   * @throws RejectedException its sentence names the role, and the profile where it is a follower's
   */
  void requireAccepted(
      RepositoryFiles files,
      Optional<PublishedSet> before,
      Coming coming,
      Followers followers,
      RepositoryWriter writer,
      Instant now)
      throws RejectedException, IOException {
    Fetcher stored = FilesFetcher.of(files, coming);
    Fetcher fetcher =
        (path, maxBytes, to) -> {
          writer.alive();
          stored.fetch(path, maxBytes, new Alive(to, writer));
        };
    Set<TargetFile> known = new HashSet<>();
    before.ifPresent(set -> known.addAll(set.listed()));
    MemoryStore fresh = new MemoryStore();
    byte[] first = require(files, 1, Metadata.ROOT);
    Updater.trustRoot(fresh, first, Digest.of(first));
    visit(fetcher, fresh, policy, known, now);
    if (before.isPresent()) {
      MemoryStore old = new MemoryStore();
      old.store(Metadata.ROOT, require(files, before.get().root().version(), Metadata.ROOT));
      before.get().bytes().forEach(old::store);
      visit(fetcher, old, policy, known, now);
    }
    for (Map.Entry<Follower, Digest> follower : followers.profiles().entrySet()) {
      Optional<byte[]> root = files.versioned(follower.getKey().rootVersion(), Metadata.ROOT);
      if (root.isPresent()) {
        requireFollowed(fetcher, root.get(), files, before, follower, known, now);
      }
    }
  }

  private static void requireFollowed(
      Fetcher fetcher,
      byte[] root,
      RepositoryFiles files,
      Optional<PublishedSet> before,
      Map.Entry<Follower, Digest> follower,
      Set<TargetFile> known,
      Instant now)
      throws RejectedException, IOException {
    LineagePolicy policy = follower.getKey().policy();
    MemoryStore store = new MemoryStore();
    store.store(Metadata.ROOT, root);
    try {
      visit(fetcher, store, policy, known, now);
    } catch (RejectedException e) {
      if (before.isEmpty() || isFollowed(files, root, before.get(), policy)) {
        throw e.in("a device under profile " + follower.getValue());
      }
      log.warn(
          "{}: a device under profile {} can trust neither what is announced now nor this: {}",
          files.place(),
          follower.getValue(),
          e.getMessage());
    }
  }

  /** Whether a client could trust what is announced now, when that was new. */
  private static boolean isFollowed(
      RepositoryFiles files, byte[] root, PublishedSet announced, LineagePolicy policy)
      throws IOException {
    byte[] timestamp = announced.bytes().get(Metadata.TIMESTAMP);
    if (timestamp == null) {
      return false; // what is left of a damaged set; nobody can follow it
    }
    Fetcher asBefore = FilesFetcher.of(files, Coming.of(timestamp, Optional.empty()));
    MemoryStore store = new MemoryStore();
    store.store(Metadata.ROOT, root);
    Instant then = announced.timestamp().issued().orElse(Instant.EPOCH);
    try {
      visit(asBefore, store, policy, announced.listed(), then);
      return true;
    } catch (RejectedException e) {
      return false;
    }
  }

  private static void visit(
      Fetcher fetcher, MemoryStore store, LineagePolicy policy, Set<TargetFile> known, Instant now)
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
        known.add(target);
      }
    }
  }

  private static byte[] require(RepositoryFiles files, long version, String role)
      throws IOException {
    return files
        .versioned(version, role)
        .orElseThrow(() -> new NotFoundException(version + "." + role + ".json"));
  }

  /**
   * What is about to be written.
   *
   * @param root that follows the newest that is stored
   */
  record Coming(Bytes timestamp, Optional<Bytes> root) {
    static Coming of(byte[] timestamp, Optional<byte[]> root) {
      return new Coming(Bytes.copyOf(timestamp), root.map(Bytes::copyOf));
    }
  }

  /** The repository as it is stored, with files that are not there yet. */
  private record FilesFetcher(RepositoryFiles files, Map<String, Bytes> coming) implements Fetcher {

    static FilesFetcher of(RepositoryFiles files, Coming coming) throws IOException {
      Map<String, Bytes> byPath = new HashMap<>();
      byPath.put(METADATA + "timestamp.json", coming.timestamp());
      if (coming.root().isPresent()) {
        long version = files.highestVersion(Metadata.ROOT) + 1;
        byPath.put(METADATA + version + ".root.json", coming.root().get());
      }
      return new FilesFetcher(files, byPath);
    }

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
      Bytes next = coming.get(path);
      if (next != null) {
        return new ByteArrayInputStream(next.toByteArray());
      }
      return files.find(path).orElseThrow(() -> new NotFoundException(path)).open();
    }
  }

  /** Shows a sign of life while a large file is read. */
  private static final class Alive extends FilterOutputStream {
    private final RepositoryWriter writer;

    Alive(OutputStream to, RepositoryWriter writer) {
      super(to);
      this.writer = writer;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
      writer.alive();
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
