package dev.otasigner.service.catalogue;

import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.TargetFile;
import dev.otasigner.verifier.tuf.Targets;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What one run has to write: what is wanted, compared with what is announced, and what runs out.
 *
 * @param files what each role that is signed anew shall list
 */
record DueWork(
    Map<String, List<WantedFile>> files,
    boolean root,
    boolean targets,
    boolean snapshot,
    boolean timestamp) {
  /** How old the listed audit checkpoint may become while the log grows. */
  private static final Duration CHECKPOINT_AGE = Duration.ofDays(1);

  boolean isNothing() {
    return !timestamp;
  }

  /** The roles that get a new version. */
  Set<String> roles() {
    Set<String> roles = new LinkedHashSet<>(files.keySet());
    if (root) {
      roles.add(Metadata.ROOT);
    }
    if (targets) {
      roles.add(Metadata.TARGETS);
    }
    if (snapshot) {
      roles.add(Metadata.SNAPSHOT);
    }
    if (timestamp) {
      roles.add(Metadata.TIMESTAMP);
    }
    return roles;
  }

  /**
   * Compares.
   *
   * @param mandate who signs what
   */
  static DueWork of(
      Announced announced, Mandate mandate, Wanted wanted, Lifetimes lifetimes, Instant now) {
    Comparison comparison = new Comparison(announced, mandate, wanted, lifetimes, now);
    Map<String, List<WantedFile>> files = comparison.files();
    boolean renewRoot = mandate.next().isPresent();
    boolean renewTargets = mandate.isNew();
    boolean renewSnapshot =
        !files.isEmpty()
            || renewTargets
            || comparison.isCheckpointDue()
            || mandate.isRenamed(Metadata.SNAPSHOT)
            || announced
                .set()
                .map(s -> Lifetimes.isDue(s.snapshot().expires(), lifetimes.snapshot(), now))
                .orElse(true);
    boolean renewTimestamp =
        renewSnapshot
            || renewRoot
            || announced
                .set()
                .map(s -> lifetimes.isTimestampDue(s.timestamp().expires(), now))
                .orElse(true);
    if (renewSnapshot && mandate.isDelegated(Publisher.AUDIT)) {
      wanted.checkpoint().ifPresent(note -> files.put(Publisher.AUDIT, List.of(note)));
    }
    return new DueWork(files, renewRoot, renewTargets, renewSnapshot, renewTimestamp);
  }

  /**
   * What was found in the files.
   *
   * @param mending whether it is not whole, so that nothing of it is trusted
   */
  record Announced(Optional<PublishedSet> set, boolean mending) {
    Map<String, Targets> roles() {
      return set.map(PublishedSet::roles).orElse(Map.of());
    }
  }

  private record Comparison(
      Announced announced, Mandate mandate, Wanted wanted, Lifetimes lifetimes, Instant now) {

    /** Roles whose files have changed, or whose time runs out, with the files they shall list. */
    Map<String, List<WantedFile>> files() {
      Map<String, List<WantedFile>> due = new LinkedHashMap<>();
      wanted.roles().forEach((role, list) -> putIfDue(due, role.roleName(), list));
      Set<String> known = new LinkedHashSet<>(Set.of(Metadata.TARGETS));
      wanted.roles().keySet().forEach(role -> known.add(role.roleName()));
      for (Map.Entry<String, Targets> role : announced.roles().entrySet()) {
        if (!known.contains(role.getKey())) {
          // A role stays for ever; a channel that is gone lists nothing.
          boolean audit = role.getKey().equals(Publisher.AUDIT);
          putIfDue(due, role.getKey(), audit ? asListed(role.getValue()) : List.of());
        }
      }
      return due;
    }

    private void putIfDue(Map<String, List<WantedFile>> due, String role, List<WantedFile> list) {
      Targets listing = announced.roles().get(role);
      if (!mandate.isDelegated(role)) {
        return;
      }
      if (listing == null
          || announced.mending()
          || mandate.isRekeyed(role)
          || !Set.copyOf(listing.targets().values()).equals(targetsOf(list))
          || Lifetimes.isDue(listing.expires(), lifetimes.channel(), now)) {
        due.put(role, list);
      }
    }

    /** A newer one is worth an announcement of its own once the listed one is a day old. */
    boolean isCheckpointDue() {
      Targets listed = announced.roles().get(Publisher.AUDIT);
      if (listed == null) {
        return false;
      }
      Instant signed = listed.expires().minus(lifetimes.channel());
      return !signed.plus(CHECKPOINT_AGE).isAfter(now)
          && wanted
              .checkpoint()
              .filter(newest -> !listed.targets().containsValue(newest.target()))
              .isPresent();
    }

    private static List<WantedFile> asListed(Targets role) {
      return role.targets().values().stream().map(WantedFile::listed).toList();
    }

    private static Set<TargetFile> targetsOf(List<WantedFile> list) {
      Set<TargetFile> targets = new LinkedHashSet<>();
      list.forEach(file -> targets.add(file.target()));
      return targets;
    }
  }
}
