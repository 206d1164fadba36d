package dev.otasigner.cli.mirror;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.tuf.DelegatedRole;
import dev.otasigner.verifier.tuf.Delegations;
import dev.otasigner.verifier.tuf.Fetcher;
import dev.otasigner.verifier.tuf.LineagePolicy;
import dev.otasigner.verifier.tuf.MetaFile;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.MetadataStore;
import dev.otasigner.verifier.tuf.SignedMetadata;
import dev.otasigner.verifier.tuf.TargetFile;
import dev.otasigner.verifier.tuf.Targets;
import dev.otasigner.verifier.tuf.TrustedPaths;
import dev.otasigner.verifier.tuf.TufLimits;
import dev.otasigner.verifier.tuf.Updater;
import java.io.IOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * All that devices need of what a repository announces, each file verified by a TUF client.
 *
 * @param updater that has followed, and fetches targets
 * @param metadata snapshot and roles by file name
 * @param targets by where they lie
 */
record FollowedSet(
    Updater updater,
    Bytes timestamp,
    long snapshotVersion,
    Map<String, Bytes> metadata,
    Map<String, TargetFile> targets) {
  private static final Pattern NAME =
      Pattern.compile("[A-Za-z0-9][A-Za-z0-9._+-]*(/[A-Za-z0-9][A-Za-z0-9._+-]*)+");

  static final String TIMESTAMP = Fetcher.METADATA + "timestamp.json";

  /** What a client holds, in memory; roots stay, by version. */
  static final class Holdings implements MetadataStore {
    private final Map<String, byte[]> roles = new LinkedHashMap<>();
    private final TreeMap<Long, byte[]> roots = new TreeMap<>();

    @Override
    public Optional<byte[]> load(String role) {
      return Optional.ofNullable(roles.get(role));
    }

    @Override
    public void store(String role, byte[] bytes) {
      roles.put(role, bytes);
      if (role.equals(Metadata.ROOT)) {
        try {
          long version = SignedMetadata.root(bytes, TufLimits.COMMON).signed().version();
          roots.put(version, bytes);
        } catch (RejectedException e) {
          throw new IllegalStateException("a root that was verified", e);
        }
      }
    }

    @Override
    public void delete(String role) {
      roles.remove(role);
    }

    SortedMap<Long, byte[]> roots() {
      return roots;
    }

    private byte[] require(String role) {
      return load(role).orElseThrow(() -> new IllegalStateException("no " + role));
    }
  }

  static String root(long version) {
    return Fetcher.METADATA + version + ".root.json";
  }

  private static String versioned(String role, long version) {
    return Fetcher.METADATA + version + "." + role + ".json";
  }

  /** Follows from what is held. */
  static FollowedSet follow(Holdings held, Fetcher fetcher, Instant now)
      throws IOException, RejectedException {
    Updater updater = new Updater(held, fetcher, TufLimits.COMMON, LineagePolicy.tufAlone(), now);
    updater.refresh();
    byte[] snapshotFile = held.require(Metadata.SNAPSHOT);
    var snapshot = SignedMetadata.snapshot(snapshotFile, TufLimits.COMMON).signed();
    Targets top = targets(held, Metadata.TARGETS);
    for (DelegatedRole role :
        top.delegations().map(Delegations::roles).orElse(java.util.List.of())) {
      visit(updater, role);
    }
    Map<String, Bytes> metadata = new TreeMap<>();
    metadata.put(versioned(Metadata.SNAPSHOT, snapshot.version()), Bytes.copyOf(snapshotFile));
    Map<String, TargetFile> listed = new TreeMap<>();
    for (Map.Entry<String, MetaFile> role : snapshot.meta().entrySet()) {
      Optional<byte[]> file = held.load(role.getKey());
      if (file.isEmpty()) {
        throw new RejectedException(
            Reason.METADATA_MISSING, "nobody delegates to role " + role.getKey());
      }
      String name = requireName(versioned(role.getKey(), role.getValue().version()));
      metadata.put(name, Bytes.copyOf(file.get()));
      for (TargetFile target : targets(held, role.getKey()).targets().values()) {
        if (!updater.find(target.path()).equals(Optional.of(target))) {
          throw new RejectedException(
              Reason.TARGET_NOT_FOUND, "role " + role.getKey() + " lists it in vain: " + target);
        }
        listed.put(requireName(Fetcher.TARGETS + target.location(true)), target);
      }
    }
    return new FollowedSet(
        updater,
        Bytes.copyOf(held.require(Metadata.TIMESTAMP)),
        snapshot.version(),
        metadata,
        listed);
  }

  /** Signed or not: a name must be one of a file below the repository, and of no hidden one. */
  private static String requireName(String name) throws RejectedException {
    if (!NAME.matcher(name).matches()) {
      throw new RejectedException(Reason.MALFORMED, "no catalogue's file can be named " + name);
    }
    return name;
  }

  /** Has the client load and verify a role by looking for what it may list. */
  private static void visit(Updater updater, DelegatedRole role)
      throws IOException, RejectedException {
    if (!(role.paths() instanceof TrustedPaths.Patterns paths)) {
      throw new RejectedException(
          Reason.MALFORMED,
          "role " + role.name() + " is trusted for hashes of paths: no catalogue");
    }
    for (String pattern : paths.patterns()) {
      updater.find(pattern.replace('*', '-').replace('?', '-'));
    }
  }

  private static Targets targets(Holdings held, String role) throws RejectedException {
    return SignedMetadata.targets(held.require(role), TufLimits.COMMON).signed();
  }
}
