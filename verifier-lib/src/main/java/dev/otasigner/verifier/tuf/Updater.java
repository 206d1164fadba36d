package dev.otasigner.verifier.tuf;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One update by the client workflow of TUF 5: refresh once, then ask for targets. Stores metadata
 * the moment it is verified, and leaves nothing unverified behind; whatever fails, the next update
 * can go on from what is stored.
 *
 * <pre>{@code
 * Updater updater = new Updater(store, fetcher, TufLimits.COMMON, policy, now);
 * updater.refresh();
 * TargetFile head = updater.find("stable/pump-a/head.json").orElseThrow();
 * byte[] bytes = updater.fetchTarget(head, Head.MAX_BYTES);
 * }</pre>
 */
public final class Updater {
  private final MetadataStore store;
  private final Fetcher fetcher;
  private final TufLimits limits;
  private final TrustedMetadata trusted;
  private boolean refreshed;

  /**
   * Begins an update from the stored root, TUF 5.1 and 5.2.
   *
   * @param now the one reading of the clock for the whole update; for a device with a clock floor
   *     the later of the two
   * @throws RejectedException BELOW_THRESHOLD or KEYID_MISMATCH when the stored root is not signed
   *     as it says of itself and the policy demands; any reason of {@link
   *     SignedMetadata#root(byte[], TufLimits)} when it is damaged
   * @throws IOException when the store cannot be read
   * @throws IllegalStateException when the store holds no root: see {@link #trustRoot}
   */
  public Updater(
      MetadataStore store, Fetcher fetcher, TufLimits limits, LineagePolicy policy, Instant now)
      throws IOException, RejectedException {
    this.store = store;
    this.fetcher = fetcher;
    this.limits = limits;
    // TUF 5.2: load the trusted root.
    byte[] root =
        store
            .load(Metadata.ROOT)
            .orElseThrow(() -> new IllegalStateException("no trusted root is stored"));
    this.trusted = new TrustedMetadata(root, limits, policy, now);
  }

  /**
   * Puts the first root of a lineage into an empty store, under {@link TufLimits#COMMON}. Each
   * lineage has a store of its own, so that nothing one of them vouches for is ever taken for the
   * other's.
   *
   * @param rootSha256 as the build's profile has it baked in
   * @throws RejectedException METADATA_DIGEST_MISMATCH when the bytes are another file;
   *     BELOW_THRESHOLD or KEYID_MISMATCH when the root is not signed as it says of itself; any
   *     reason of {@link SignedMetadata#root(byte[], TufLimits)}
   * @throws IOException when the store cannot be read or written
   * @throws IllegalStateException when the store already follows a root
   */
  public static void trustRoot(MetadataStore store, byte[] root, Digest rootSha256)
      throws IOException, RejectedException {
    trustRoot(store, root, rootSha256, TufLimits.COMMON);
  }

  /**
   * The same under a client's limits.
   *
   * @throws RejectedException with the reasons of {@link #trustRoot(MetadataStore, byte[], Digest)}
   * @throws IOException when the store cannot be read or written
   * @throws IllegalStateException when the store already follows a root
   */
  public static void trustRoot(
      MetadataStore store, byte[] root, Digest rootSha256, TufLimits limits)
      throws IOException, RejectedException {
    if (!Digest.of(root).equals(rootSha256)) {
      throw new RejectedException(
          Reason.METADATA_DIGEST_MISMATCH, "first root", rootSha256, Digest.of(root));
    }
    if (store.load(Metadata.ROOT).isPresent()) {
      throw new IllegalStateException("the store already follows a root");
    }
    SignedMetadata<Root> file = SignedMetadata.root(root, limits);
    Root first = file.signed();
    LineagePolicy.tufAlone()
        .requireSigned(Metadata.ROOT, file, first.keys(), first.roleKeys(Metadata.ROOT));
    store.store(Metadata.ROOT, root);
  }

  /**
   * Brings the four top-level roles up to date, TUF 5.3 to 5.6.
   *
   * @throws RejectedException when the repository offers what must not be trusted:
   *     METADATA_EXPIRED, METADATA_ROLLED_BACK, METADATA_VERSION_MISMATCH,
   *     METADATA_DIGEST_MISMATCH, METADATA_WRONG_ROLE, METADATA_MISSING, BELOW_THRESHOLD,
   *     KEYID_MISMATCH, UNSUPPORTED_ALGORITHM for a hash, UNSUPPORTED_VERSION, LIMIT_EXCEEDED,
   *     MALFORMED
   * @throws IOException when it cannot be reached, or the store cannot be read or written
   * @throws IllegalStateException when this update has refreshed already
   */
  public void refresh() throws IOException, RejectedException {
    if (refreshed) {
      throw new IllegalStateException("an update refreshes once");
    }
    refreshed = true;
    updateRoot();
    updateTimestamp();
    updateSnapshot();
    updateTargets();
  }

  private void updateRoot() throws IOException, RejectedException {
    // TUF 5.3.3: up to Y versions; the next update goes on where this one stopped.
    for (int i = 0; i < limits.roots(); i++) {
      // TUF 5.3.2 and 5.3.3: version N+1, under its versioned name in any case.
      long next = trusted.root().version() + 1;
      byte[] bytes;
      try {
        bytes = fetchMetadata(RoleFiles.versioned(next, Metadata.ROOT), limits.rootBytes());
      } catch (NotFoundException e) {
        break;
      }
      // TUF 5.3.4 to 5.3.7.
      boolean rotated = trusted.updateRoot(bytes);
      // TUF 5.3.11: recovery from a fast-forward attack. Done before the root that asks for it is
      // stored, so that no crash in between can leave the attacker's versions in force.
      if (rotated) {
        store.delete(Metadata.TIMESTAMP);
        store.delete(Metadata.SNAPSHOT);
      }
      // TUF 5.3.8: one by one.
      store.store(Metadata.ROOT, bytes);
    }
    // TUF 5.3.10.
    trusted.finishRoot();
  }

  private void updateTimestamp() throws IOException, RejectedException {
    Optional<byte[]> stored = store.load(Metadata.TIMESTAMP);
    if (stored.isPresent()) {
      try {
        trusted.restoreTimestamp(stored.get());
      } catch (RejectedException e) {
        // Signed by keys that root has since replaced, or damaged: it guards nothing any more.
        stored = Optional.empty();
      }
    }
    // TUF 5.4.1: never under a versioned name.
    byte[] bytes =
        fetchMetadata(RoleFiles.unversioned(Metadata.TIMESTAMP), limits.timestampBytes());
    // TUF 5.4.2 to 5.4.4, then 5.4.5.
    if (trusted.updateTimestamp(bytes)) {
      store.store(Metadata.TIMESTAMP, bytes);
    }
  }

  private void updateSnapshot() throws IOException, RejectedException {
    Optional<byte[]> stored = store.load(Metadata.SNAPSHOT);
    if (stored.isPresent()) {
      try {
        if (trusted.restoreSnapshot(stored.get())) {
          return;
        }
      } catch (RejectedException e) {
        // As with the timestamp; what its signatures still vouch for stays as guard.
        stored = Optional.empty();
      }
    }
    // TUF 5.5.1.
    MetaFile announced = trusted.timestamp().snapshot();
    byte[] bytes = fetchAnnounced(Metadata.SNAPSHOT, announced, limits.snapshotBytes());
    // TUF 5.5.2 to 5.5.6, then 5.5.7.
    trusted.updateSnapshot(bytes);
    store.store(Metadata.SNAPSHOT, bytes);
  }

  private void updateTargets() throws IOException, RejectedException {
    load(Metadata.TARGETS, trusted::updateTargets);
  }

  /** Checks bytes of a targets role and takes them. */
  private interface Verification {
    void accept(byte[] bytes) throws RejectedException;
  }

  /** From the store if what is there passes every check, else from the repository. */
  private void load(String role, Verification verification) throws IOException, RejectedException {
    MetaFile announced = trusted.announced(role);
    Optional<byte[]> stored = store.load(role);
    if (stored.isPresent() && passes(verification, stored.get())) {
      return;
    }
    // TUF 5.6.1.
    byte[] bytes = fetchAnnounced(role, announced, limits.targetsBytes());
    // TUF 5.6.2 to 5.6.5, then 5.6.6.
    verification.accept(bytes);
    store.store(role, bytes);
  }

  private static boolean passes(Verification verification, byte[] bytes) {
    try {
      verification.accept(bytes);
      return true;
    } catch (RejectedException e) {
      return false;
    }
  }

  /** A role of the search, and the one through which it was reached. */
  private record Visit(String delegator, DelegatedRole role) {}

  /**
   * Looks a target up, TUF 5.6.7, after a refresh.
   *
   * @param targetPath not encoded
   * @return empty when no role that is trusted for the path lists it
   * @throws RejectedException with the reasons of {@link #refresh} when a role on the way cannot be
   *     trusted; LIMIT_EXCEEDED also when more than the limit of roles would have to be asked
   * @throws IOException when a role cannot be fetched, or the store cannot be read or written
   * @throws IllegalStateException before a refresh
   */
  public Optional<TargetFile> find(String targetPath) throws IOException, RejectedException {
    // TUF 5.6.7: pre-order depth-first search, beginning with the top-level role.
    TargetFile listed = trusted.targets(Metadata.TARGETS).targets().get(targetPath);
    Set<String> visited = new HashSet<>();
    Deque<Visit> ahead = new ArrayDeque<>();
    visited.add(Metadata.TARGETS);
    push(ahead, Metadata.TARGETS, targetPath);
    while (listed == null && !ahead.isEmpty()) {
      Visit visit = ahead.pop();
      String role = visit.role().name();
      // TUF 5.6.7.1: no role twice, and not without end.
      if (!visited.add(role)) {
        continue;
      }
      if (visited.size() - 1 > limits.roles()) {
        throw new RejectedException(
            Reason.LIMIT_EXCEEDED, "more than " + limits.roles() + " roles asked about a target");
      }
      listed = visit(visit).targets().get(targetPath);
      if (listed == null) {
        push(ahead, role, targetPath);
      }
    }
    return Optional.ofNullable(listed);
  }

  /** TUF 5.6.7.2: delegations in their order; nobody after a terminating one is asked. */
  private void push(Deque<Visit> ahead, String delegator, String targetPath) {
    List<DelegatedRole> roles = trusted.delegations(delegator, targetPath);
    Deque<Visit> next = new ArrayDeque<>();
    for (DelegatedRole role : roles) {
      next.push(new Visit(delegator, role));
      if (role.terminating()) {
        ahead.clear();
        break;
      }
    }
    next.forEach(ahead::push);
  }

  private Targets visit(Visit visit) throws IOException, RejectedException {
    Optional<Targets> known = trusted.delegated(visit.delegator(), visit.role());
    if (known.isPresent()) {
      return known.get();
    }
    String role = visit.role().name();
    load(role, bytes -> trusted.updateDelegated(visit.delegator(), visit.role(), bytes));
    return trusted.targets(role);
  }

  /**
   * Looks a small target up and fetches it into memory.
   *
   * @param maxBytes the caller's limit, whatever length is listed
   * @throws RejectedException TARGET_NOT_FOUND when no role that is trusted for the path lists it;
   *     the reasons of {@link #find} and {@link #fetchTarget(TargetFile, long)}
   * @throws IOException when it cannot be fetched
   */
  public byte[] fetchTarget(String targetPath, long maxBytes)
      throws IOException, RejectedException {
    Optional<TargetFile> target = find(targetPath);
    if (target.isEmpty()) {
      throw new RejectedException(Reason.TARGET_NOT_FOUND, "no trusted role lists " + targetPath);
    }
    return fetchTarget(target.get(), maxBytes);
  }

  /**
   * Fetches a small target into memory.
   *
   * @param maxBytes the caller's limit, whatever length is listed
   * @throws RejectedException LIMIT_EXCEEDED when a longer one is listed, before anything is
   *     fetched; the reasons of {@link #downloadTarget}
   * @throws IOException when it cannot be fetched
   */
  public byte[] fetchTarget(TargetFile target, long maxBytes)
      throws IOException, RejectedException {
    if (target.lengthBytes() > maxBytes) {
      throw new RejectedException(
          Reason.LIMIT_EXCEEDED, "length of " + target.path(), maxBytes, target.lengthBytes());
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    downloadTarget(target, out);
    return out.toByteArray();
  }

  /**
   * Copies a target as it arrives, TUF 5.7. What was written before this method returns is not
   * verified, and must not be used when it does not return.
   *
   * @throws RejectedException LIMIT_EXCEEDED when more arrives than is listed,
   *     TARGET_LENGTH_MISMATCH, TARGET_DIGEST_MISMATCH; UNSUPPORTED_ALGORITHM when one of the
   *     listed hashes cannot be checked
   * @throws IOException when it cannot be fetched, or {@code to} fails
   */
  public void downloadTarget(TargetFile target, OutputStream to)
      throws IOException, RejectedException {
    TargetCheck check = new TargetCheck(target, to);
    // TUF 5.7.3: up to the listed length, then length and hashes.
    Capped.fetch(fetcher, location(target), target.lengthBytes(), check);
    check.finish();
  }

  /**
   * Where the fetcher finds a target, percent-encoded, TUF 6.2: for those who fetch it piece by
   * piece.
   */
  public String location(TargetFile target) {
    // TUF 5.3.12: consistent snapshots are used as the trusted root says.
    return Fetcher.TARGETS
        + RoleFiles.encodePath(target.location(trusted.root().consistentSnapshot()));
  }

  /** Version of the root that is trusted now. */
  public long rootVersion() {
    return trusted.root().version();
  }

  /** The trusted timestamp, after a refresh. */
  public Timestamp timestamp() {
    return trusted.timestamp();
  }

  /**
   * What a clock may not be earlier than, after a refresh: when the trusted timestamp was signed,
   * if it says so, but never later than the first expiry of the four top-level roles. Whoever
   * steals a timestamp key can push a clock no further than what the other keys vouch for, where a
   * newer root, snapshot and targets role are always valid.
   */
  public Optional<Instant> clockFloor() {
    return trusted.clockFloor();
  }

  /**
   * Demands that the metadata trusted now, delegated roles as far as they were asked for, would be
   * trusted under another policy too: whoever goes over to it goes on from what is stored.
   *
   * @throws RejectedException BELOW_THRESHOLD of the first role that would not
   */
  public void requireSignedFor(LineagePolicy other) throws RejectedException {
    trusted.requireSignedFor(other);
  }

  private byte[] fetchAnnounced(String role, MetaFile announced, int limit)
      throws IOException, RejectedException {
    long length = announced.lengthBytes().orElse(limit);
    if (length > limit) {
      throw new RejectedException(
          Reason.LIMIT_EXCEEDED, "announced length of role " + role, limit, length);
    }
    String file =
        trusted.root().consistentSnapshot()
            ? RoleFiles.versioned(announced.version(), role)
            : RoleFiles.unversioned(role);
    return fetchMetadata(file, length);
  }

  private byte[] fetchMetadata(String file, long maxBytes) throws IOException, RejectedException {
    // Whoever ignores the limit is caught when the bytes are read: every role has one there too.
    return fetcher.fetch(Fetcher.METADATA + file, maxBytes);
  }
}
