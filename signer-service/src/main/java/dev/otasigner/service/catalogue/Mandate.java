package dev.otasigner.service.catalogue;

import dev.otasigner.service.catalogue.DueWork.Announced;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.tuf.DelegatedRole;
import dev.otasigner.verifier.tuf.Delegations;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.RoleKeys;
import dev.otasigner.verifier.tuf.Root;
import dev.otasigner.verifier.tuf.SignedMetadata;
import dev.otasigner.verifier.tuf.Targets;
import dev.otasigner.verifier.tuf.TufKey;
import dev.otasigner.verifier.tuf.TufLimits;
import java.io.IOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Who signs what in one run: under the root in force, under the one that is to follow it, and under
 * the targets role that will be announced.
 *
 * @param root in force
 * @param next that follows it in this run; signed by people, or the service's own
 * @param targets that will be announced
 * @param isNew whether the targets role is not announced yet
 * @param signed the targets role as people have signed it
 * @param announced delegations of today
 */
record Mandate(
    OwnKeys own,
    Root root,
    Optional<Root> next,
    Targets targets,
    boolean isNew,
    Optional<SignedMetadata<Targets>> signed,
    Optional<Delegations> announced) {

  /**
   * Finds out.
   *
   * @return empty when nobody has signed yet whom the targets role delegates to: until then there
   *     is nothing to announce
   * @throws IOException when a targets role that only people can sign is damaged
   */
  static Optional<Mandate> of(
      RepositoryFiles files,
      VersionLedger ledger,
      RoleSigner signer,
      Wanted wanted,
      Announced announced,
      Lifetimes lifetimes,
      Instant now)
      throws RejectedException, IOException {
    OwnKeys own = signer.own();
    Root root = PublishedSet.root(files);
    Optional<Root> next = nextRoot(signer, root, wanted, lifetimes, now);
    Optional<Targets> listing = Optional.ofNullable(announced.roles().get(Metadata.TARGETS));
    Optional<Delegations> before = listing.flatMap(Targets::delegations);
    if (wanted.signed().targets().isPresent()) {
      byte[] bytes = wanted.signed().targets().get();
      SignedMetadata<Targets> file = SignedMetadata.targets(bytes, TufLimits.COMMON);
      return Optional.of(
          new Mandate(own, root, next, file.signed(), true, Optional.of(file), before));
    }
    if (own.suffice(root, Metadata.TARGETS)
        && next.filter(to -> !own.suffice(to, Metadata.TARGETS)).isEmpty()) {
      Delegations wish = signer.delegations(listing, wanted);
      boolean isDue =
          listing.isEmpty()
              || announced.mending()
              || !before.equals(Optional.of(wish))
              || Lifetimes.isDue(listing.get().expires(), lifetimes.targets(), now);
      Targets fresh = Targets.of(1, now.plus(lifetimes.targets()), List.of()).with(wish);
      Mandate mandate =
          new Mandate(
              own, root, next, isDue ? fresh : listing.get(), isDue, Optional.empty(), before);
      return Optional.of(
          isDue || !mandate.isRenamed(Metadata.TARGETS) ? mandate : mandate.with(fresh));
    }
    if (announced.mending()) {
      requireNewest(files, ledger, listing.map(Targets::version).orElse(0L));
    }
    return listing.map(role -> new Mandate(own, root, next, role, false, Optional.empty(), before));
  }

  private Mandate with(Targets fresh) {
    return new Mandate(own, root, next, fresh, true, signed, announced);
  }

  /** What people have signed; or the service's own, when its time or one of its keys has gone. */
  private static Optional<Root> nextRoot(
      RoleSigner signer, Root root, Wanted wanted, Lifetimes lifetimes, Instant now)
      throws RejectedException {
    if (wanted.signed().root().isPresent()) {
      byte[] bytes = wanted.signed().root().get();
      return Optional.of(SignedMetadata.root(bytes, TufLimits.COMMON).signed());
    }
    if (!signer.own().suffice(root, Metadata.ROOT)) {
      return Optional.empty();
    }
    Root fresh = signer.root(root.version() + 1, now.plus(lifetimes.root()));
    return Lifetimes.isDue(root.expires(), lifetimes.root(), now)
            || !fresh.roles().equals(root.roles())
        ? Optional.of(fresh)
        : Optional.empty();
  }

  /** What people have signed cannot be signed anew here. */
  private static void requireNewest(RepositoryFiles files, VersionLedger ledger, long version)
      throws IOException {
    long newest =
        Math.max(files.highestVersion(Metadata.TARGETS), ledger.highest(Metadata.TARGETS));
    if (version != newest) {
      throw new IOException(
          files.placeOf(newest + ".targets.json")
              + " can not be read, and only its holders can sign another: restore it from a"
              + " backup or a mirror, or have them sign the next version");
    }
  }

  /** The service's keys for a role: a top-level one under both roots, or a delegated one. */
  List<TufKey> signersOf(String role) {
    if (Metadata.TOP_LEVEL.contains(role)) {
      Map<String, TufKey> signers = new LinkedHashMap<>(TufKey.byId(own.of(root, role)));
      next.ifPresent(to -> signers.putAll(TufKey.byId(own.of(to, role))));
      return List.copyOf(signers.values());
    }
    return delegated(targets.delegations(), role)
        .map(to -> own.of(targets.delegations().orElseThrow().keys(), to.roleKeys()))
        .orElse(List.of());
  }

  /** Whether the root to follow names other keys for a top-level role. */
  boolean isRenamed(String role) {
    return next.filter(to -> !to.roleKeys(role).equals(root.roleKeys(role))).isPresent();
  }

  /** Whether the role may be announced: people may not have signed for it yet. */
  boolean isDelegated(String role) {
    return delegated(targets.delegations(), role).isPresent();
  }

  /** Whether other keys sign for the delegated role than for what is announced. */
  boolean isRekeyed(String role) {
    return !keysOf(announced, role).equals(keysOf(targets.delegations(), role));
  }

  private static Optional<RoleKeys> keysOf(Optional<Delegations> by, String role) {
    return delegated(by, role).map(DelegatedRole::roleKeys);
  }

  private static Optional<DelegatedRole> delegated(Optional<Delegations> by, String role) {
    return by.stream()
        .flatMap(all -> all.roles().stream())
        .filter(to -> to.name().equals(role))
        .findFirst();
  }
}
