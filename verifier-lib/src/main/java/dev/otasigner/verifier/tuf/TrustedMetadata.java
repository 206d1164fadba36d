package dev.otasigner.verifier.tuf;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The client workflow of TUF 5 without input and output: what is trusted now, and the rules by
 * which something newer takes its place. Comments number the steps of specification 1.0.34.
 *
 * <ol>
 *   <li>Metadata is loaded in order: roots one by one, timestamp, snapshot, targets, delegated
 *       roles. Another order is {@link IllegalStateException}: a mistake of the caller, never of
 *       the repository.
 *   <li>Nothing takes effect before all its checks have passed.
 *   <li>What was stored by an earlier update comes first, and serves as guard against rollback even
 *       when it has expired; what is served by it must be fresh.
 *   <li>One reading of the clock serves the whole update.
 *   <li>A delegated role is judged by the keys of the delegator through which it is reached,
 *       however often it was trusted through another.
 * </ol>
 */
final class TrustedMetadata {
  private final TufLimits limits;
  private final LineagePolicy policy;
  private final Instant now;

  private SignedMetadata<Root> root;
  private boolean rootIsFinal;
  private @Nullable SignedMetadata<Timestamp> timestamp;
  private @Nullable SignedMetadata<Snapshot> snapshot;
  private boolean snapshotIsCurrent;
  private final Map<String, SignedMetadata<Targets>> targets = new HashMap<>();
  private final Map<Delegation, RoleKeys> verified = new HashMap<>();

  private record Delegation(String delegator, String role) {}

  /**
   * TUF 5.1: the update start time is fixed. TUF 5.2: the trusted root was shipped with the product
   * or was verified before; it must still be signed as it says of itself. Its expiry is not
   * checked: a newer root may follow.
   */
  TrustedMetadata(byte[] trustedRoot, TufLimits limits, LineagePolicy policy, Instant now)
      throws RejectedException {
    this.limits = limits;
    this.policy = policy;
    this.now = now;
    this.root = SignedMetadata.root(trustedRoot, limits);
    requireSigned(policy, Metadata.ROOT, root);
  }

  /** A top-level role by the keys of the trusted root. */
  private void requireSigned(LineagePolicy by, String role, SignedMetadata<?> file)
      throws RejectedException {
    by.requireSigned(role, file, root().keys(), root().roleKeys(role));
  }

  /**
   * Demands that everything trusted now is also signed as another policy demands it.
   *
   * @throws RejectedException BELOW_THRESHOLD of the first role that is not
   */
  void requireSignedFor(LineagePolicy other) throws RejectedException {
    requireSigned(other, Metadata.ROOT, root);
    requireSigned(other, Metadata.TIMESTAMP, required(timestamp, Metadata.TIMESTAMP));
    requireSigned(other, Metadata.SNAPSHOT, required(snapshot, Metadata.SNAPSHOT));
    for (Map.Entry<Delegation, RoleKeys> by : verified.entrySet()) {
      String role = by.getKey().role();
      SignedMetadata<Targets> file = targets.get(role);
      other.requireSigned(
          role, required(file, role), keysOf(by.getKey().delegator()), by.getValue());
    }
  }

  Root root() {
    return root.signed();
  }

  Timestamp timestamp() {
    return required(timestamp, Metadata.TIMESTAMP).signed();
  }

  Snapshot snapshot() {
    Snapshot current = required(snapshot, Metadata.SNAPSHOT).signed();
    if (!snapshotIsCurrent) {
      throw new IllegalStateException("the current snapshot is not loaded yet");
    }
    return current;
  }

  /**
   * Takes the next root.
   *
   * @return whether a timestamp or snapshot key was rotated out
   */
  boolean updateRoot(byte[] bytes) throws RejectedException {
    if (rootIsFinal) {
      throw new IllegalStateException("roots come first");
    }
    SignedMetadata<Root> file = SignedMetadata.root(bytes, limits);
    Root next = file.signed();

    // TUF 5.3.4: signed by a threshold of the keys of version N, and of those of version N+1.
    requireSigned(policy, Metadata.ROOT, file);
    policy.requireSigned(Metadata.ROOT, file, next.keys(), next.roleKeys(Metadata.ROOT));

    // TUF 5.3.5: exactly N+1; neither a rollback nor a jump.
    if (next.version() != root().version() + 1) {
      throw new RejectedException(
          next.version() <= root().version()
              ? Reason.METADATA_ROLLED_BACK
              : Reason.METADATA_VERSION_MISMATCH,
          "root version",
          root().version() + 1,
          next.version());
    }

    // TUF 5.3.6: the expiry of an intermediate root does not matter.
    // TUF 5.3.7: trusted from here on.
    boolean rotated = rotates(next, Metadata.TIMESTAMP) || rotates(next, Metadata.SNAPSHOT);
    root = file;
    return rotated;
  }

  /** Whether a key that could sign for the role no longer can. A mere addition recovers nothing. */
  private boolean rotates(Root next, String role) {
    return !next.roleKeys(role).keyIds().containsAll(root().roleKeys(role).keyIds());
  }

  /** No newer root is to be had. */
  void finishRoot() throws RejectedException {
    // TUF 5.3.10: freeze attack.
    requireFresh(Metadata.ROOT, root());
    // TUF 5.3.11: the caller has deleted timestamp and snapshot where updateRoot said so.
    rootIsFinal = true;
  }

  /**
   * Takes the timestamp that an earlier update stored.
   *
   * @throws RejectedException when it is of no use any more, for instance after a key rotation
   */
  void restoreTimestamp(byte[] bytes) throws RejectedException {
    // Expiry is not checked: an expired timestamp still guards against rollback.
    timestamp = signedTimestamp(bytes);
  }

  /**
   * Takes a downloaded timestamp.
   *
   * @return whether it is newer than the trusted one
   */
  boolean updateTimestamp(byte[] bytes) throws RejectedException {
    // TUF 5.4.2: arbitrary software attack.
    SignedMetadata<Timestamp> file = signedTimestamp(bytes);
    Timestamp next = file.signed();

    if (timestamp != null) {
      Timestamp trusted = timestamp.signed();
      // TUF 5.4.3.1: rollback attack. The same version is no error, and is not looked at further.
      if (next.version() < trusted.version()) {
        throw rolledBack("timestamp version", trusted.version(), next.version());
      }
      if (next.version() == trusted.version()) {
        requireFresh(Metadata.TIMESTAMP, trusted);
        return false;
      }
      // TUF 5.4.3.2: nor may the snapshot that it announces be older.
      if (next.snapshot().version() < trusted.snapshot().version()) {
        throw rolledBack(
            "announced snapshot version", trusted.snapshot().version(), next.snapshot().version());
      }
    }

    // TUF 5.4.4: freeze attack.
    requireFresh(Metadata.TIMESTAMP, next);
    timestamp = file;
    return true;
  }

  private SignedMetadata<Timestamp> signedTimestamp(byte[] bytes) throws RejectedException {
    requireOrder(rootIsFinal, "timestamp comes after root");
    requireOrder(snapshot == null, "timestamp comes before snapshot");
    SignedMetadata<Timestamp> file = SignedMetadata.timestamp(bytes, limits);
    requireSigned(policy, Metadata.TIMESTAMP, file);
    return file;
  }

  /**
   * Takes the snapshot that an earlier update stored.
   *
   * @return whether it is the current one; if not, it only guards against rollback
   */
  boolean restoreSnapshot(byte[] bytes) throws RejectedException {
    MetaFile announced = timestamp().snapshot();
    SignedMetadata<Snapshot> file = signedSnapshot(bytes);
    Snapshot stored = file.signed();
    // Neither hashes nor expiry are checked yet: an older snapshot guards against rollback too.
    snapshot = file;
    if (stored.version() == announced.version() && isFresh(stored)) {
      announced.verify(bytes);
      snapshotIsCurrent = true;
    }
    return snapshotIsCurrent;
  }

  /** Takes a downloaded snapshot. */
  void updateSnapshot(byte[] bytes) throws RejectedException {
    requireOrder(targets.isEmpty(), "snapshot comes before targets");
    MetaFile announced = timestamp().snapshot();

    // TUF 5.5.2: the hashes and length that timestamp lists, if any.
    announced.verify(bytes);

    // TUF 5.5.3: arbitrary software attack.
    SignedMetadata<Snapshot> file = signedSnapshot(bytes);
    Snapshot next = file.signed();

    // TUF 5.5.4: mix-and-match attack.
    requireVersion(Metadata.SNAPSHOT, announced, next);

    // TUF 5.5.5: no targets role goes back, and none disappears.
    if (snapshot != null) {
      for (Map.Entry<String, MetaFile> before : snapshot.signed().meta().entrySet()) {
        MetaFile after = next.meta().get(before.getKey());
        if (after == null) {
          throw new RejectedException(
              Reason.METADATA_ROLLED_BACK, "role " + before.getKey() + " left the snapshot");
        }
        if (after.version() < before.getValue().version()) {
          throw rolledBack(
              "announced version of role " + before.getKey(),
              before.getValue().version(),
              after.version());
        }
      }
    }

    // TUF 5.5.6: freeze attack.
    requireFresh(Metadata.SNAPSHOT, next);
    snapshot = file;
    snapshotIsCurrent = true;
  }

  private SignedMetadata<Snapshot> signedSnapshot(byte[] bytes) throws RejectedException {
    SignedMetadata<Snapshot> file = SignedMetadata.snapshot(bytes, limits);
    requireSigned(policy, Metadata.SNAPSHOT, file);
    return file;
  }

  /** What the snapshot announces of a targets role. */
  MetaFile announced(String role) throws RejectedException {
    Optional<MetaFile> announced = snapshot().of(role);
    if (announced.isEmpty()) {
      throw new RejectedException(
          Reason.METADATA_MISSING, "the snapshot does not list role " + role);
    }
    return announced.get();
  }

  /** The top-level targets role, stored or downloaded: the checks are the same. */
  void updateTargets(byte[] bytes) throws RejectedException {
    update(Metadata.ROOT, Metadata.TARGETS, bytes, root().roleKeys(Metadata.TARGETS));
  }

  /**
   * When the timestamp was signed, or the first expiry of the top-level roles if that is sooner.
   */
  Optional<Instant> clockFloor() {
    Instant first =
        Stream.of(root(), timestamp(), snapshot(), targets(Metadata.TARGETS))
            .map(Metadata::expires)
            .reduce((a, b) -> a.isBefore(b) ? a : b)
            .orElseThrow();
    return timestamp().issued().map(issued -> issued.isBefore(first) ? issued : first);
  }

  /**
   * A role as its delegator trusts it, when it is here already.
   *
   * @return empty when it must be loaded first
   * @throws RejectedException when it is here and this delegator does not trust it
   */
  Optional<Targets> delegated(String delegator, DelegatedRole role) throws RejectedException {
    SignedMetadata<Targets> file = targets.get(role.name());
    if (file == null) {
      return Optional.empty();
    }
    // TUF 5.6.3 once for each delegator: that another one trusts the file says nothing here.
    Delegation delegation = new Delegation(delegator, role.name());
    if (!verified.containsKey(delegation)) {
      policy.requireSigned(role.name(), file, keysOf(delegator), role.roleKeys());
      verified.put(delegation, role.roleKeys());
    }
    return Optional.of(file.signed());
  }

  /** A delegated role, stored or downloaded: the checks are the same. */
  void updateDelegated(String delegator, DelegatedRole role, byte[] bytes)
      throws RejectedException {
    update(delegator, role.name(), bytes, role.roleKeys());
  }

  Targets targets(String role) {
    SignedMetadata<Targets> file = targets.get(role);
    return required(file, role).signed();
  }

  private void update(String delegator, String role, byte[] bytes, RoleKeys roleKeys)
      throws RejectedException {
    requireOrder(!targets.containsKey(role), "a role is loaded once");
    MetaFile announced = announced(role);

    // TUF 5.6.2: the hashes and length that snapshot lists, if any.
    announced.verify(bytes);

    // TUF 5.6.3: arbitrary software attack.
    SignedMetadata<Targets> file = SignedMetadata.targets(bytes, limits);
    policy.requireSigned(role, file, keysOf(delegator), roleKeys);

    // TUF 5.6.4: mix-and-match attack.
    requireVersion(role, announced, file.signed());

    // TUF 5.6.5: freeze attack.
    requireFresh(role, file.signed());
    targets.put(role, file);
    verified.put(new Delegation(delegator, role), roleKeys);
  }

  private Map<String, TufKey> keysOf(String delegator) {
    if (delegator.equals(Metadata.ROOT)) {
      return root().keys();
    }
    return targets(delegator)
        .delegations()
        .map(Delegations::keys)
        .orElseThrow(() -> new IllegalStateException(delegator + " delegates to nobody"));
  }

  /** The roles to ask after {@code delegator} about a path. */
  List<DelegatedRole> delegations(String delegator, String targetPath) {
    return targets(delegator).delegations().map(to -> to.rolesFor(targetPath)).orElse(List.of());
  }

  private boolean isFresh(Metadata metadata) {
    return metadata.expires().isAfter(now);
  }

  private void requireFresh(String role, Metadata metadata) throws RejectedException {
    if (!isFresh(metadata)) {
      throw new RejectedException(
          Reason.METADATA_EXPIRED,
          role + " version " + metadata.version() + " has expired",
          "an expiry after " + now,
          metadata.expires());
    }
  }

  private static void requireVersion(String role, MetaFile announced, Metadata found)
      throws RejectedException {
    if (announced.version() != found.version()) {
      throw new RejectedException(
          Reason.METADATA_VERSION_MISMATCH,
          "version of role " + role,
          announced.version(),
          found.version());
    }
  }

  private static RejectedException rolledBack(String what, long trusted, long offered) {
    return new RejectedException(Reason.METADATA_ROLLED_BACK, what, trusted + " or newer", offered);
  }

  private static <V> V required(@Nullable V value, String role) {
    if (value == null) {
      throw new IllegalStateException(role + " is not loaded yet");
    }
    return value;
  }

  private static void requireOrder(boolean inOrder, String rule) {
    if (!inOrder) {
      throw new IllegalStateException(rule);
    }
  }
}
