package dev.otasigner.verifier.tuf;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.tuf.SignedMetadata.KeySignature;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A TUF repository in memory, which is also the {@link Fetcher} of its clients. It publishes what
 * it is told to, right or wrong, and every file can be replaced by an attacker's.
 */
public final class RepositorySimulator implements Fetcher {
  /** When version 1 of everything is published. */
  public static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  /** How long metadata lives, unless a test says otherwise. */
  public static final Duration LIFETIME = Duration.ofDays(30);

  private static final String[] ROLES = {
    Metadata.ROOT, Metadata.TIMESTAMP, Metadata.SNAPSHOT, Metadata.TARGETS
  };

  private final Map<String, byte[]> files = new LinkedHashMap<>();
  private final List<String> requests = new ArrayList<>();
  private final Map<String, List<TestKey>> listed = new LinkedHashMap<>();
  private final Map<String, Integer> thresholds = new LinkedHashMap<>();
  private final Map<String, List<TestKey>> signers = new LinkedHashMap<>();
  private final Map<String, Long> versions = new LinkedHashMap<>();
  private final Map<String, Instant> expires = new LinkedHashMap<>();
  private final Map<String, Map<String, TargetFile>> targets = new LinkedHashMap<>();
  private final Map<String, Delegations> delegations = new LinkedHashMap<>();
  private final Map<String, byte[]> latest = new LinkedHashMap<>();
  private boolean consistentSnapshot = true;
  private boolean announcesHashes;
  private Optional<Instant> issued = Optional.empty();

  /** Version 1 of everything, each role with an Ed25519 key of its own. */
  public RepositorySimulator() {
    for (String role : ROLES) {
      keys(role, 1, key(role));
    }
    targets.put(Metadata.TARGETS, new LinkedHashMap<>());
    publishRoot();
    publish();
  }

  /** The Ed25519 key of this name. */
  public static TestKey key(String name) {
    return TestKey.of(SignatureSuite.ED25519, "tuf-" + name);
  }

  // --- what the repository is told

  /** Who is listed for a top-level role from the next root on; they also sign. */
  public RepositorySimulator keys(String role, int threshold, TestKey... keys) {
    listed.put(role, List.of(keys));
    thresholds.put(role, threshold);
    return signedBy(role, keys);
  }

  /** Who signs a role from now on, whoever is listed. */
  public RepositorySimulator signedBy(String role, TestKey... keys) {
    signers.put(role, List.of(keys));
    return this;
  }

  /** The version after which the next publication counts on. */
  public RepositorySimulator version(String role, long version) {
    versions.put(role, version);
    return this;
  }

  public RepositorySimulator expires(String role, Instant time) {
    expires.put(role, time);
    return this;
  }

  public RepositorySimulator issued(Instant time) {
    issued = Optional.of(time);
    return this;
  }

  public RepositorySimulator consistentSnapshot(boolean consistent) {
    consistentSnapshot = consistent;
    return this;
  }

  /** Whether timestamp and snapshot announce lengths and hashes beside versions. */
  public RepositorySimulator announcesHashes(boolean announces) {
    announcesHashes = announces;
    return this;
  }

  /** Adds a target to a role and to the files. */
  public TargetFile add(String role, String path, String content) {
    return add(role, path, content.getBytes(StandardCharsets.UTF_8));
  }

  /** Adds a target to a role and to the files. */
  public TargetFile add(String role, String path, byte[] bytes) {
    TargetFile file = TargetFile.of(path, bytes);
    list(role, file);
    files.put(Fetcher.TARGETS + RoleFiles.encodePath(file.location(consistentSnapshot)), bytes);
    return file;
  }

  /** Lists a target without adding a file. */
  public void list(String role, TargetFile file) {
    targets.computeIfAbsent(role, r -> new LinkedHashMap<>()).put(file.path(), file);
  }

  /** Makes a targets role trust others. */
  public RepositorySimulator delegate(
      String delegator, List<TestKey> keys, DelegatedRole... roles) {
    delegations.put(delegator, Delegations.of(tufKeys(keys), List.of(roles)));
    for (DelegatedRole role : roles) {
      targets.computeIfAbsent(role.name(), r -> new LinkedHashMap<>());
      signers.putIfAbsent(role.name(), keys);
    }
    return this;
  }

  /** A role for these paths with one key, in a delegator's list of its own. */
  public RepositorySimulator delegate(String delegator, String role, TestKey key, String... paths) {
    return delegate(delegator, List.of(key), role(role, key, paths));
  }

  public static DelegatedRole role(String name, TestKey key, String... paths) {
    return new DelegatedRole(
        name, RoleKeys.of(1, TufKey.of(key.key())), TrustedPaths.matching(paths), false);
  }

  public static DelegatedRole terminating(String name, TestKey key, String... paths) {
    return new DelegatedRole(
        name, RoleKeys.of(1, TufKey.of(key.key())), TrustedPaths.matching(paths), true);
  }

  public RepositorySimulator delegate(String delegator, List<TestKey> keys, SuccinctRoles bins) {
    delegations.put(delegator, Delegations.of(tufKeys(keys), bins));
    return this;
  }

  /** A targets role leaves the repository, and the next snapshot. */
  public void remove(String role) {
    targets.remove(role);
  }

  // --- publishing

  /** The next root, signed by the keys of this one and of the last one. */
  public void publishRoot() {
    List<TestKey> before = signers.getOrDefault("last-root", List.of());
    List<TestKey> now = signers.getOrDefault(Metadata.ROOT, List.of());
    Set<TestKey> both = new LinkedHashSet<>(before);
    both.addAll(now);
    publishRoot(both.toArray(TestKey[]::new));
  }

  /** The next root, signed by these keys only. */
  public void publishRoot(TestKey... by) {
    signers.put("last-root", listed.getOrDefault(Metadata.ROOT, List.of()));
    Map<String, TufKey> keys = new LinkedHashMap<>();
    Map<String, RoleKeys> roles = new LinkedHashMap<>();
    for (String role : ROLES) {
      List<TufKey> of = tufKeys(listed.getOrDefault(role, List.of()));
      keys.putAll(TufKey.byId(of));
      roles.put(
          role,
          new RoleKeys(of.stream().map(TufKey::keyId).toList(), thresholds.getOrDefault(role, 1)));
    }
    put(
        new Root(next(Metadata.ROOT), expiry(Metadata.ROOT), consistentSnapshot, keys, roles)
            .toJson(),
        Metadata.ROOT,
        by);
  }

  /** All targets roles, snapshot and timestamp, in the order in which a repository writes them. */
  public void publish() {
    for (String role : List.copyOf(targets.keySet())) {
      publishTargets(role);
    }
    publishSnapshot();
    publishTimestamp();
  }

  public void publishTargets(String role) {
    Targets next =
        new Targets(
            next(role),
            expiry(role),
            targets.getOrDefault(role, Map.of()),
            Optional.ofNullable(delegations.get(role)));
    put(next.toJson(), role, signers(role));
  }

  public void publishSnapshot() {
    Map<String, MetaFile> meta = new LinkedHashMap<>();
    for (String role : targets.keySet()) {
      meta.put(role, announce(role));
    }
    put(
        new Snapshot(next(Metadata.SNAPSHOT), expiry(Metadata.SNAPSHOT), meta).toJson(),
        Metadata.SNAPSHOT,
        signers(Metadata.SNAPSHOT));
  }

  public void publishTimestamp() {
    put(
        new Timestamp(
                next(Metadata.TIMESTAMP),
                expiry(Metadata.TIMESTAMP),
                issued,
                announce(Metadata.SNAPSHOT))
            .toJson(),
        Metadata.TIMESTAMP,
        signers(Metadata.TIMESTAMP));
  }

  /** Signs a role's next file and puts it where clients look for it. */
  public void put(Json.Obj signed, String role, TestKey... by) {
    byte[] bytes = sign(signed, by);
    latest.put(role, bytes);
    files.put(METADATA + fileName(role), bytes);
  }

  /** A metadata file with valid signatures by these keys. */
  public static byte[] sign(Json.Obj signed, TestKey... by) {
    List<KeySignature> signatures = new ArrayList<>();
    for (TestKey key : by) {
      TufKey listed = TufKey.of(key.key());
      signatures.add(KeySignature.of(listed, key.sign(SignedMetadata.toBeSigned(listed, signed))));
    }
    return SignedMetadata.envelope(signed, signatures);
  }

  private MetaFile announce(String role) {
    byte[] bytes = latest(role);
    return announcesHashes ? MetaFile.of(version(role), bytes) : MetaFile.of(version(role));
  }

  private String fileName(String role) {
    boolean versioned =
        role.equals(Metadata.ROOT) || consistentSnapshot && !role.equals(Metadata.TIMESTAMP);
    return versioned ? RoleFiles.versioned(version(role), role) : RoleFiles.unversioned(role);
  }

  private long next(String role) {
    return versions.merge(role, 1L, Long::sum);
  }

  private Instant expiry(String role) {
    return expires.getOrDefault(role, START.plus(LIFETIME));
  }

  private TestKey[] signers(String role) {
    return signers.getOrDefault(role, List.of()).toArray(TestKey[]::new);
  }

  private static List<TufKey> tufKeys(List<TestKey> keys) {
    return keys.stream().map(key -> TufKey.of(key.key())).toList();
  }

  // --- what tests look at and tamper with

  public long version(String role) {
    return versions.getOrDefault(role, 0L);
  }

  /** The role's file as last published. */
  public byte[] latest(String role) {
    byte[] bytes = latest.get(role);
    if (bytes == null) {
      throw new IllegalStateException("never published: " + role);
    }
    return bytes.clone();
  }

  /** Every file by its path, to be changed at will. */
  public Map<String, byte[]> files() {
    return files;
  }

  /** What clients have asked for, in order. */
  public List<String> requests() {
    return requests;
  }

  /** The same without the root that is always asked for and not found. */
  public List<String> requestsAfterRoot() {
    int last = -1;
    for (int i = 0; i < requests.size(); i++) {
      last = requests.get(i).endsWith(".root.json") ? i : last;
    }
    return requests.subList(last + 1, requests.size());
  }

  @Override
  public void fetch(String path, long maxBytes, OutputStream to)
      throws IOException, RejectedException {
    requests.add(path);
    byte[] bytes = files.get(path);
    if (bytes == null) {
      throw new NotFoundException(path);
    }
    try (InputStream in = new ByteArrayInputStream(bytes)) {
      Fetcher.copy(in, maxBytes, to);
    }
  }

  @Override
  public String toString() {
    return "repository " + versions;
  }
}
