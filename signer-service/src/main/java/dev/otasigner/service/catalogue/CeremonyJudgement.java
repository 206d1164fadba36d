package dev.otasigner.service.catalogue;

import dev.otasigner.service.catalogue.Wanted.ChannelRole;
import dev.otasigner.service.catalogue.Wanted.SignedByPeople;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.ceremony.Ceremony;
import dev.otasigner.verifier.ceremony.CeremonyFile;
import dev.otasigner.verifier.ceremony.CeremonyTerms;
import dev.otasigner.verifier.ceremony.Voters;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import dev.otasigner.verifier.tuf.DelegatedRole;
import dev.otasigner.verifier.tuf.Delegations;
import dev.otasigner.verifier.tuf.LineagePolicy;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.Root;
import dev.otasigner.verifier.tuf.SignedMetadata;
import dev.otasigner.verifier.tuf.Targets;
import dev.otasigner.verifier.tuf.TrustedPaths;
import dev.otasigner.verifier.tuf.TufLimits;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;

/**
 * What the service asks of a root or a targets role that people have signed, before the device's
 * own client is asked: whether it follows what is in force here, whether enough have signed, and
 * whether the keys that stay online are the service's own.
 */
final class CeremonyJudgement {
  private final LineageKey key;
  private final boolean postQuantum;
  private final OwnKeys own;
  private final Optional<Bytes> present;
  private final Optional<byte[]> announced;

  /**
   * Against what is in force now.
   *
   * @param isNew whether there is no such lineage yet, whatever an interrupted call has left
   */
  CeremonyJudgement(
      LineageKey key,
      boolean postQuantum,
      RepositoryFiles files,
      RoleKeyring keyring,
      boolean isNew)
      throws IOException {
    this.key = key;
    this.postQuantum = postQuantum;
    this.own = new OwnKeys(keyring);
    long version = isNew ? 0 : files.highestVersion(Metadata.ROOT);
    this.present = files.versioned(version, Metadata.ROOT).map(Bytes::copyOf);
    this.announced =
        isNew
            ? Optional.empty()
            : PublishedSet.ifWhole(files)
                .flatMap(set -> Optional.ofNullable(set.bytes().get(Metadata.TARGETS)));
  }

  /**
   * What may be published.
   *
   * @param asOldRoot whether the service's own key has to sign too, as the root before
   */
  record Judged(
      Optional<Ceremony> root,
      Optional<Ceremony> targets,
      SignedByPeople signed,
      boolean asOldRoot) {}

  /**
   * Returns only what is sound and, but for the service's own signatures, complete; without what is
   * in force or announced already, so that whoever was interrupted hands in the same files again.
   *
   * @throws RejectedException with the reasons of {@link Ceremony}; WRONG_PRODUCT for another
   *     lineage; UNKNOWN_KEY where a role names a key of the wrong side
   */
  Judged judge(HandedIn whole, Instant now) throws RejectedException, IOException {
    HandedIn handed =
        new HandedIn(
            unlessDone(whole.root(), present),
            unlessDone(whole.targets(), announced.map(Bytes::copyOf)));
    Optional<Ceremony> root = Optional.empty();
    boolean asOldRoot = false;
    if (handed.root().isPresent()) {
      Ceremony next = root(handed.root().get(), now);
      asOldRoot = next.presentRoot().filter(r -> own.suffice(r, Metadata.ROOT)).isPresent();
      requireSigned(next, Metadata.ROOT);
      root = Optional.of(next);
    }
    Optional<Ceremony> targets = Optional.empty();
    if (handed.targets().isPresent()) {
      targets = Optional.of(targets(handed.targets().get(), root, now));
    } else if (root.isPresent() && present.isPresent()) {
      requireTargetsFollow(root.get());
    }
    return new Judged(
        root,
        targets,
        new SignedByPeople(
            handed.root().map(CeremonyJudgement::published),
            handed.targets().map(CeremonyJudgement::published)),
        asOldRoot);
  }

  private static Optional<Json.Obj> unlessDone(Optional<Json.Obj> file, Optional<Bytes> there)
      throws RejectedException {
    if (file.isEmpty() || there.isEmpty()) {
      return file;
    }
    byte[] bytes = there.get().toByteArray();
    Digest done = fingerprint(JsonReader.readObject(bytes, bytes.length));
    return fingerprint(new Fields(file.get(), "")).equals(done) ? Optional.empty() : file;
  }

  private static Digest fingerprint(Fields file) throws RejectedException {
    return Digest.of(file.object("signed").json().canonicalBytes());
  }

  private static byte[] published(Json.Obj file) {
    try {
      return CeremonyFile.read(file.textBytes()).published();
    } catch (RejectedException e) {
      throw new IllegalStateException("a file that was judged is not read again", e);
    }
  }

  private Ceremony root(Json.Obj file, Instant now) throws RejectedException {
    Ceremony next =
        Ceremony.of(
            CeremonyFile.read(file.textBytes())
                .against(present.stream().toList(), Optional.empty()));
    requireRole(next, Metadata.ROOT);
    requireTerms(next.terms());
    next.requireSound(now);
    Root root = next.nextRoot().orElseThrow();
    for (String online : List.of(Metadata.SNAPSHOT, Metadata.TIMESTAMP)) {
      if (!own.areAll(root.keys(), root.roleKeys(online))) {
        throw new RejectedException(
            Reason.UNKNOWN_KEY,
            online
                + ": a key that this service does not have; take its keys with: signer root online");
      }
    }
    if (!own.of(root, Metadata.ROOT).isEmpty()) {
      throw new RejectedException(Reason.UNKNOWN_KEY, "root: a key of the service is no holder's");
    }
    if (!own.of(root, Metadata.TARGETS).isEmpty()
        && !own.areAll(root.keys(), root.roleKeys(Metadata.TARGETS))) {
      throw new RejectedException(
          Reason.UNKNOWN_KEY, "targets: keys of holders or keys of the service, not both");
    }
    return next;
  }

  private Ceremony targets(Json.Obj file, Optional<Ceremony> root, Instant now)
      throws RejectedException {
    Ceremony next =
        Ceremony.of(
            CeremonyFile.read(file.textBytes()).against(roots(root), announced.map(Bytes::copyOf)));
    requireRole(next, Metadata.TARGETS);
    requireTerms(next.terms());
    next.requireSound(now);
    requireDelegations((Targets) next.metadata(), next.before());
    if (next.voters().stream().allMatch(v -> own.suffice(v.root(), Metadata.TARGETS))) {
      throw SignerException.conflict("the service signs the targets role of this lineage itself");
    }
    requireSigned(next, Metadata.TARGETS);
    return next;
  }

  private List<Bytes> roots(Optional<Ceremony> next) {
    List<Bytes> roots = new ArrayList<>(present.stream().toList());
    next.ifPresent(root -> roots.add(Bytes.copyOf(root.file().published())));
    return roots;
  }

  private void requireSigned(Ceremony next, String role) throws RejectedException {
    for (Voters group : next.voters()) {
      boolean before = next.presentRoot().filter(r -> r.equals(group.root())).isPresent();
      // Of its own old root, and of a targets role that moves, the service signs by itself.
      if (!own.suffice(group.root(), role) || (role.equals(Metadata.ROOT) && !before)) {
        next.requireSignedBy(group);
      }
    }
  }

  private static void requireRole(Ceremony next, String role) throws RejectedException {
    if (!next.role().equals(role)) {
      throw new RejectedException(
          Reason.METADATA_WRONG_ROLE, "metadata of another type", role, next.role());
    }
  }

  private void requireTerms(CeremonyTerms terms) throws RejectedException {
    if (!terms.product().equals(key.product()) || !terms.lineage().equals(key.name())) {
      throw new RejectedException(
          Reason.WRONG_PRODUCT,
          "it was signed for another lineage",
          key.product() + "/" + key.name(),
          terms.product() + "/" + terms.lineage());
    }
    if (terms.postQuantum() != postQuantum) {
      throw new RejectedException(
          Reason.BELOW_THRESHOLD,
          "the kinds of signatures are those of the lineage: postQuantum",
          postQuantum,
          terms.postQuantum());
    }
  }

  /** It delegates to the service's keys and lists nothing, and nobody who was there is gone. */
  private void requireDelegations(Targets targets, Optional<Targets> before)
      throws RejectedException {
    if (!targets.targets().isEmpty()) {
      throw new RejectedException(
          Reason.MALFORMED, "targets: the roles of channels list files, this one delegates");
    }
    Delegations to =
        targets
            .delegations()
            .orElseThrow(() -> new RejectedException(Reason.MALFORMED, "it delegates to nobody"));
    for (DelegatedRole role : to.roles()) {
      if (!own.areAll(to.keys(), role.roleKeys())) {
        throw new RejectedException(
            Reason.UNKNOWN_KEY, role.name() + ": a key that this service does not have");
      }
    }
    if (to.succinct().isPresent()) {
      throw new RejectedException(Reason.MALFORMED, "it delegates to hash bins, not to channels");
    }
    List<DelegatedRole> there =
        before.flatMap(Targets::delegations).map(Delegations::roles).orElse(List.of());
    for (DelegatedRole role : to.roles()) {
      boolean isNew = there.stream().noneMatch(r -> r.name().equals(role.name()));
      if (isNew && !role.paths().equals(pathsOf(role.name()))) {
        throw new RejectedException(
            Reason.MALFORMED,
            "role " + role.name() + " is new, and its paths are not those of its name",
            "CHANNEL/HARDWARE/* for a role CHANNEL.HARDWARE",
            role.paths());
      }
    }
    for (DelegatedRole role : there) {
      if (to.roles().stream()
          .noneMatch(r -> r.name().equals(role.name()) && r.paths().equals(role.paths()))) {
        throw new RejectedException(
            Reason.METADATA_ROLLED_BACK,
            "role " + role.name() + " is gone or has other paths: a role stays for ever");
      }
    }
  }

  /** What a role may speak for: a channel's files for one hardware, or the audit checkpoint. */
  private static TrustedPaths pathsOf(String role) throws RejectedException {
    if (role.equals(Publisher.AUDIT)) {
      return TrustedPaths.matching(Wanted.CHECKPOINT_PATH);
    }
    int dot = role.indexOf('.');
    if (dot < 0
        || !Fields.isName(role.substring(0, dot))
        || !Fields.isName(role.substring(dot + 1))) {
      throw new RejectedException(
          Reason.MALFORMED, "role " + role + ": CHANNEL.HARDWARE is expected");
    }
    ChannelRole of = new ChannelRole(role.substring(0, dot), role.substring(dot + 1));
    return TrustedPaths.matching(of.paths());
  }

  /** Without a new targets role the announced one has to do under the new root too. */
  private void requireTargetsFollow(Ceremony next) throws RejectedException {
    Root root = next.nextRoot().orElseThrow();
    boolean wasOwn = next.presentRoot().filter(r -> own.suffice(r, Metadata.TARGETS)).isPresent();
    if (wasOwn && own.suffice(root, Metadata.TARGETS)) {
      return;
    }
    if (announced.isEmpty()) {
      throw new RejectedException(
          Reason.METADATA_MISSING,
          "nothing is announced yet; hand in the targets role with it: signer root targets --root");
    }
    byte[] bytes = announced.get();
    SignedMetadata<Targets> file = SignedMetadata.targets(bytes, TufLimits.COMMON);
    try {
      new LineagePolicy(EnumSet.allOf(SignatureSuite.class), 0, Lineage.thresholds(postQuantum))
          .requireSigned(Metadata.TARGETS, file, root.keys(), root.roleKeys(Metadata.TARGETS));
    } catch (RejectedException e) {
      throw e.in(
          "the announced targets role is not signed for the new root; have the next one signed and"
              + " hand in both: signer root targets --root");
    }
  }
}
