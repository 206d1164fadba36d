package dev.otasigner.service.catalogue;

import dev.otasigner.service.Milestones;
import dev.otasigner.service.catalogue.Wanted.ChannelRole;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.tuf.DelegatedRole;
import dev.otasigner.verifier.tuf.Delegations;
import dev.otasigner.verifier.tuf.MetaFile;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.RoleKeys;
import dev.otasigner.verifier.tuf.Root;
import dev.otasigner.verifier.tuf.SignedMetadata;
import dev.otasigner.verifier.tuf.SignedMetadata.KeySignature;
import dev.otasigner.verifier.tuf.Snapshot;
import dev.otasigner.verifier.tuf.TargetFile;
import dev.otasigner.verifier.tuf.Targets;
import dev.otasigner.verifier.tuf.Timestamp;
import dev.otasigner.verifier.tuf.TrustedPaths;
import dev.otasigner.verifier.tuf.TufKey;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings one repository to what is wanted, and signs anew what is due. The steps are those of
 * docs/explanation/signing-cycle.md. Killed between any two of them, it leaves a repository that
 * every client accepts, old or new; called again, it finishes: what is wanted is compared with what
 * is announced, so that nothing is written when nothing has changed.
 */
final class Publisher {
  static final String AUDIT = "audit";

  /** How old the listed audit checkpoint may become while the log grows. */
  private static final Duration CHECKPOINT_AGE = Duration.ofDays(1);

  private static final Logger log = LoggerFactory.getLogger(Publisher.class);

  private final RepositoryFiles files;
  private final PublisherLock lock;
  private final RoleKeyring keyring;
  private final VersionLedger ledger;
  private final ClientCheck clients;
  private final Milestones milestones;

  Publisher(
      RepositoryFiles files,
      RoleKeyring keyring,
      VersionLedger ledger,
      ClientCheck clients,
      Milestones milestones) {
    this.files = files;
    this.lock = new PublisherLock(files.directory());
    this.keyring = keyring;
    this.ledger = ledger;
    this.clients = clients;
    this.milestones = milestones;
  }

  /** Makes the first root, so that profiles can name it; does nothing when it is there. */
  void createRoot(Lifetimes lifetimes, Instant now) throws IOException {
    try (PublisherLock.Held held = lock.acquire()) {
      if (files.highestVersion(Metadata.ROOT) == 0) {
        ledger.reserve(Map.of(Metadata.ROOT, 1L));
        writeRoot(held, 1, now.plus(lifetimes.root()));
        milestones.passed("catalogue.root");
      }
    }
  }

  /**
   * Publishes.
   *
   * @param followers asked for when there is something to announce
   * @return whether anything was written
   * @throws RejectedException when the device's own client does not accept the result; the old
   *     timestamp then stays, and with it all that clients see
   */
  boolean publish(Wanted wanted, Supplier<Followers> followers, Lifetimes lifetimes, Instant now)
      throws RejectedException, IOException {
    // Step 1: one publisher at a time, each with a higher number than the one before.
    try (PublisherLock.Held held = lock.acquire()) {
      files.removeParts(held);
      return new Run(held, wanted, followers, lifetimes, now).publish();
    }
  }

  private void writeRoot(PublisherLock.Held held, long version, Instant expires)
      throws IOException {
    Map<String, TufKey> keys = new LinkedHashMap<>();
    Map<String, RoleKeys> roles = new LinkedHashMap<>();
    for (String role :
        List.of(Metadata.ROOT, Metadata.TARGETS, Metadata.SNAPSHOT, Metadata.TIMESTAMP)) {
      List<TufKey> own = tufKeys(role);
      keys.putAll(TufKey.byId(own));
      roles.put(role, roleKeys(own));
    }
    Root root = new Root(version, expires, true, keys, roles);
    files.writeVersioned(held, version, Metadata.ROOT, sign(Metadata.ROOT, root.toJson()));
  }

  private byte[] sign(String role, Json.Obj signed) {
    byte[] canonical = signed.canonicalBytes();
    List<KeySignature> signatures = new ArrayList<>();
    for (VerificationKey key : keyring.keysOf(role)) {
      signatures.add(KeySignature.of(TufKey.of(key), keyring.sign(key, canonical)));
    }
    return SignedMetadata.envelope(signed, signatures);
  }

  private List<TufKey> tufKeys(String role) {
    return keyring.keysOf(role).stream().map(TufKey::of).toList();
  }

  /** Everyone of the role must sign. */
  private static RoleKeys roleKeys(List<TufKey> keys) {
    return new RoleKeys(keys.stream().map(TufKey::keyId).toList(), keys.size());
  }

  /** One run under the lock. */
  private final class Run {
    private final PublisherLock.Held held;
    private final Wanted wanted;
    private final Supplier<Followers> followers;
    private final Lifetimes lifetimes;
    private final Instant now;

    /** What will be announced, by role; starts as what is. */
    private final Map<String, MetaFile> meta = new LinkedHashMap<>();

    private Optional<PublishedSet> before = Optional.empty();
    private boolean mending;

    Run(
        PublisherLock.Held held,
        Wanted wanted,
        Supplier<Followers> followers,
        Lifetimes lifetimes,
        Instant now) {
      this.held = held;
      this.wanted = wanted;
      this.followers = followers;
      this.lifetimes = lifetimes;
      this.now = now;
    }

    boolean publish() throws RejectedException, IOException {
      // Step 2: what is announced now, read back from the files.
      before = readBack();
      before.ifPresent(set -> meta.putAll(set.snapshot().meta()));
      restoreTargets();
      Map<String, List<WantedFile>> due = dueRoles();
      Root root = PublishedSet.root(files);
      boolean renewRoot = Lifetimes.isDue(root.expires(), lifetimes.root(), now);
      boolean renewTargets = isTargetsDue();
      boolean renewSnapshot =
          before.isEmpty()
              || !due.isEmpty()
              || renewTargets
              || isCheckpointDue()
              || Lifetimes.isDue(before.get().snapshot().expires(), lifetimes.snapshot(), now);
      if (!renewSnapshot
          && !renewRoot
          && before.isPresent()
          && !lifetimes.isTimestampDue(before.get().timestamp().expires(), now)) {
        return false;
      }
      wanted
          .checkpoint()
          .filter(note -> renewSnapshot)
          .ifPresent(note -> due.put(AUDIT, List.of(note)));
      // Step 3: version numbers are taken, and remembered, before anything is written under them.
      Map<String, Long> versions = reserve(due, renewRoot, renewTargets, renewSnapshot);
      milestones.passed("catalogue.versions");
      // Step 4: new files, each under its digest.
      writeTargets(due);
      // Step 5: the roles of channels, then the role that delegates to them.
      writeChannelRoles(due, versions);
      if (renewTargets) {
        writeTargetsRole(versions);
      }
      // Step 6: root, when its time runs out; same keys, so that order does not matter to clients.
      if (renewRoot) {
        writeRoot(held, version(versions, Metadata.ROOT), now.plus(lifetimes.root()));
        milestones.passed("catalogue.root");
      }
      // Step 7: the snapshot of all of them.
      MetaFile snapshot = renewSnapshot ? writeSnapshot(versions) : snapshotBefore();
      // Step 8: the device's own client takes the whole new set, fresh and from the set before.
      byte[] timestamp = timestamp(version(versions, Metadata.TIMESTAMP), snapshot);
      clients.requireAccepted(files, before, timestamp, followers.get(), now);
      milestones.passed("catalogue.accepted");
      // Step 9: the timestamp announces it.
      files.replaceTimestamp(held, timestamp);
      milestones.passed("catalogue.timestamp");
      return true;
    }

    /** Of a set with a damaged file nothing is trusted: all of it is signed anew. */
    private Optional<PublishedSet> readBack() throws IOException {
      long timestamps = ledger.highest(Metadata.TIMESTAMP);
      try {
        Optional<PublishedSet> read = PublishedSet.read(files);
        if (read.isPresent() || timestamps == 0) {
          return read;
        }
        log.warn("{}: no timestamp.json; all is signed anew", files.directory());
      } catch (PublishedSet.DamagedException e) {
        log.warn("{}; all is signed anew", e.getMessage());
      }
      mending = true;
      return PublishedSet.newestWhole(files, timestamps);
    }

    /** A listed file that is gone or cut short comes back; its name says what it holds. */
    private void restoreTargets() throws IOException {
      for (Map.Entry<ChannelRole, List<WantedFile>> role : wanted.roles().entrySet()) {
        Targets listing = announced().get(role.getKey().roleName());
        for (WantedFile file : role.getValue()) {
          if (listing != null
              && listing.targets().containsValue(file.target())
              && !files.hasTarget(file.target())) {
            files.addTarget(held, file);
            log.warn("{} was damaged and is restored", files.locationOf(file.target()));
          }
        }
      }
    }

    /** Roles whose files have changed, or whose time runs out, with the files they shall list. */
    private Map<String, List<WantedFile>> dueRoles() {
      Map<String, List<WantedFile>> due = new LinkedHashMap<>();
      wanted.roles().forEach((role, list) -> putIfDue(due, role.roleName(), list));
      Set<String> known = new LinkedHashSet<>(Set.of(Metadata.TARGETS));
      wanted.roles().keySet().forEach(role -> known.add(role.roleName()));
      for (Map.Entry<String, Targets> role : announced().entrySet()) {
        if (!known.contains(role.getKey())) {
          // A role stays for ever; a channel that is gone lists nothing.
          boolean audit = role.getKey().equals(AUDIT);
          putIfDue(due, role.getKey(), audit ? asAnnounced(role.getValue()) : List.of());
        }
      }
      return due;
    }

    /** A newer one is worth an announcement of its own once the listed one is a day old. */
    private boolean isCheckpointDue() {
      Targets listed = announced().get(AUDIT);
      if (listed == null || wanted.checkpoint().isEmpty()) {
        return false;
      }
      Instant signed = listed.expires().minus(lifetimes.channel());
      return !signed.plus(CHECKPOINT_AGE).isAfter(now)
          && !listed.targets().containsValue(wanted.checkpoint().get().target());
    }

    private Map<String, Targets> announced() {
      return before.map(PublishedSet::roles).orElse(Map.of());
    }

    private List<WantedFile> asAnnounced(Targets role) {
      return role.targets().values().stream()
          .map(target -> WantedFile.of(target, files.locationOf(target)))
          .toList();
    }

    private void putIfDue(
        Map<String, List<WantedFile>> due, String role, List<WantedFile> wantedFiles) {
      Targets announced = announced().get(role);
      if (announced == null
          || mending
          || !Set.copyOf(announced.targets().values()).equals(targetsOf(wantedFiles))
          || Lifetimes.isDue(announced.expires(), lifetimes.channel(), now)) {
        due.put(role, wantedFiles);
      }
    }

    private boolean isTargetsDue() {
      Targets announced = announced().get(Metadata.TARGETS);
      return announced == null
          || mending
          || !announced.delegations().equals(Optional.of(delegations()))
          || Lifetimes.isDue(announced.expires(), lifetimes.targets(), now);
    }

    private Map<String, Long> reserve(
        Map<String, List<WantedFile>> due,
        boolean renewRoot,
        boolean renewTargets,
        boolean renewSnapshot)
        throws IOException {
      Set<String> roles = new LinkedHashSet<>(due.keySet());
      if (renewRoot) {
        roles.add(Metadata.ROOT);
      }
      if (renewTargets) {
        roles.add(Metadata.TARGETS);
      }
      if (renewSnapshot) {
        roles.add(Metadata.SNAPSHOT);
      }
      roles.add(Metadata.TIMESTAMP);
      Map<String, Long> versions = new LinkedHashMap<>();
      for (String role : roles) {
        versions.put(role, Math.max(highestOnDisk(role), highestRemembered(role)) + 1);
      }
      ledger.reserve(versions);
      return versions;
    }

    private long highestOnDisk(String role) throws IOException {
      return role.equals(Metadata.TIMESTAMP)
          ? before.map(set -> set.timestamp().version()).orElse(0L)
          : files.highestVersion(role);
    }

    /** Clients follow roots one by one, so a root's version is what the files say and no more. */
    private long highestRemembered(String role) {
      return role.equals(Metadata.ROOT) ? 0 : ledger.highest(role);
    }

    private void writeTargets(Map<String, List<WantedFile>> due) throws IOException {
      for (List<WantedFile> list : due.values()) {
        for (WantedFile file : list) {
          if (!files.hasTarget(file.target())) {
            files.addTarget(held, file);
            milestones.passed("catalogue.file");
          }
        }
      }
    }

    private void writeChannelRoles(Map<String, List<WantedFile>> due, Map<String, Long> versions)
        throws IOException {
      for (Map.Entry<String, List<WantedFile>> role : due.entrySet()) {
        List<TargetFile> list = role.getValue().stream().map(WantedFile::target).toList();
        long version = version(versions, role.getKey());
        writeRole(Targets.of(version, now.plus(lifetimes.channel()), list), role.getKey());
        milestones.passed("catalogue.role");
      }
    }

    private void writeTargetsRole(Map<String, Long> versions) throws IOException {
      long version = version(versions, Metadata.TARGETS);
      Instant expires = now.plus(lifetimes.targets());
      writeRole(Targets.of(version, expires, List.of()).with(delegations()), Metadata.TARGETS);
      milestones.passed("catalogue.targets");
    }

    private void writeRole(Targets role, String name) throws IOException {
      byte[] bytes = sign(name, role.toJson());
      files.writeVersioned(held, role.version(), name, bytes);
      meta.put(name, MetaFile.of(role.version(), bytes));
    }

    /** Every wanted role and every role that ever was: one that disappears is a rollback. */
    private Delegations delegations() {
      Map<String, DelegatedRole> roles = new LinkedHashMap<>();
      Optional.ofNullable(announced().get(Metadata.TARGETS))
          .flatMap(Targets::delegations)
          .ifPresent(d -> d.roles().forEach(r -> roles.put(r.name(), r)));
      List<TufKey> keys = new ArrayList<>();
      Map<String, DelegatedRole> current = new LinkedHashMap<>();
      roles.forEach((name, role) -> current.put(name, delegate(name, role.paths(), keys)));
      wanted
          .roles()
          .keySet()
          .forEach(
              role ->
                  current.computeIfAbsent(
                      role.roleName(),
                      name -> delegate(name, TrustedPaths.matching(role.paths()), keys)));
      if (wanted.checkpoint().isPresent()) {
        current.computeIfAbsent(
            AUDIT, name -> delegate(name, TrustedPaths.matching(Wanted.CHECKPOINT_PATH), keys));
      }
      return Delegations.of(keys, List.copyOf(current.values()));
    }

    private DelegatedRole delegate(String name, TrustedPaths paths, List<TufKey> keys) {
      List<TufKey> own = tufKeys(name);
      keys.addAll(own);
      return new DelegatedRole(name, roleKeys(own), paths, true);
    }

    private MetaFile writeSnapshot(Map<String, Long> versions) throws IOException {
      long version = version(versions, Metadata.SNAPSHOT);
      Snapshot snapshot = new Snapshot(version, now.plus(lifetimes.snapshot()), meta);
      byte[] bytes = sign(Metadata.SNAPSHOT, snapshot.toJson());
      files.writeVersioned(held, version, Metadata.SNAPSHOT, bytes);
      milestones.passed("catalogue.snapshot");
      return MetaFile.of(version, bytes);
    }

    private MetaFile snapshotBefore() {
      return before
          .orElseThrow(() -> new IllegalStateException("no snapshot"))
          .timestamp()
          .snapshot();
    }

    private byte[] timestamp(long version, MetaFile snapshot) {
      Instant expires = now.plus(lifetimes.timestamp());
      Timestamp timestamp = new Timestamp(version, expires, Optional.of(now), snapshot);
      return sign(Metadata.TIMESTAMP, timestamp.toJson());
    }

    private static long version(Map<String, Long> versions, String role) {
      Long version = versions.get(role);
      if (version == null) {
        throw new IllegalStateException("no version was reserved for " + role);
      }
      return version;
    }

    private static Set<TargetFile> targetsOf(List<WantedFile> list) {
      Set<TargetFile> targets = new LinkedHashSet<>();
      list.forEach(file -> targets.add(file.target()));
      return targets;
    }
  }
}
