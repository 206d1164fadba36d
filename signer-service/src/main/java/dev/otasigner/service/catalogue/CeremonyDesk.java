package dev.otasigner.service.catalogue;

import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.ceremony.Ceremony;
import dev.otasigner.verifier.ceremony.CeremonyFile;
import dev.otasigner.verifier.ceremony.CeremonyTerms;
import dev.otasigner.verifier.ceremony.Voters;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import dev.otasigner.verifier.tuf.DelegatedRole;
import dev.otasigner.verifier.tuf.Delegations;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.RoleKeys;
import dev.otasigner.verifier.tuf.Root;
import dev.otasigner.verifier.tuf.Targets;
import dev.otasigner.verifier.tuf.TufKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.springframework.stereotype.Component;

/** What people take from the service for a ceremony: its keys, the root in force, and drafts. */
@Component
class CeremonyDesk {
  private final Lineages lineages;
  private final Catalogue catalogue;
  private final AuditLog audit;
  private final Clock clock;

  CeremonyDesk(Lineages lineages, Catalogue catalogue, AuditLog audit, Clock clock) {
    this.lineages = lineages;
    this.catalogue = catalogue;
    this.audit = audit;
    this.clock = clock;
  }

  private Lineage require(LineageKey key) {
    return lineages
        .find(key.product(), key.name())
        .orElseThrow(
            () -> SignerException.notFound("lineage " + key.name() + " of " + key.product()));
  }

  /** The root in force, as it is published. */
  Json root(LineageKey key) throws IOException {
    byte[] bytes = rootBytes(require(key));
    try {
      return JsonReader.readObject(bytes, bytes.length).json();
    } catch (RejectedException e) {
      throw new IllegalStateException("a root of our own is not read", e);
    }
  }

  private byte[] rootBytes(Lineage lineage) throws IOException {
    RepositoryFiles files = lineages.repository(lineage).files();
    return files
        .versioned(PublishedSet.root(files).version(), Metadata.ROOT)
        .orElseThrow(() -> new IllegalStateException("a root is gone while it is read"));
  }

  /** Which root is in force, who holds it, and what waits for signatures. */
  Json status(LineageKey key, List<Json.Obj> changes) throws IOException {
    Lineage lineage = require(key);
    RepositoryFiles files = lineages.repository(lineage).files();
    Root root = PublishedSet.root(files);
    OwnKeys own = new OwnKeys(lineages.keyring(key, lineage.isPostQuantum()));
    Json.Builder json =
        Json.object()
            .put("product", key.product())
            .put("name", key.name())
            .put("postQuantum", lineage.isPostQuantum())
            .put("rootVersion", root.version())
            .put("rootSha256", Digest.of(rootBytes(lineage)))
            .put("rootExpires", root.expires())
            .put("root", group(own, root, Metadata.ROOT))
            .put("targets", group(own, root, Metadata.TARGETS));
    Optional<Targets> targets = announced(files);
    targets.ifPresent(
        t -> json.put("targetsVersion", t.version()).put("targetsExpires", t.expires()));
    json.put("waitsForHolders", Json.strings(waitsFor(lineage)));
    return json.put("changes", changes).build();
  }

  private static Json.Obj group(OwnKeys own, Root root, String role) {
    List<String> holders = new Voters("", root, role).keys().stream().map(Voters::name).toList();
    return Json.object()
        .put("unattended", own.suffice(root, role))
        .put("threshold", root.roleKeys(role).threshold())
        .put("holders", Json.strings(holders))
        .build();
  }

  private static Optional<Targets> announced(RepositoryFiles files) throws IOException {
    return PublishedSet.ifWhole(files)
        .flatMap(set -> Optional.ofNullable(set.roles().get(Metadata.TARGETS)));
  }

  /**
   * The roles for which holders have to sign before they can be published, or signed by other keys;
   * empty where the service signs the targets role itself.
   */
  List<String> waitsFor(Lineage lineage) throws IOException {
    RepositoryFiles files = lineages.repository(lineage).files();
    RoleKeyring keyring = lineages.keyring(lineage.key(), lineage.isPostQuantum());
    if (new OwnKeys(keyring).suffice(PublishedSet.root(files), Metadata.TARGETS)) {
      return List.of();
    }
    Optional<Delegations> to = announced(files).flatMap(Targets::delegations);
    TreeSet<String> waiting = new TreeSet<>(catalogue.roles(lineage.product()));
    for (DelegatedRole role : to.map(Delegations::roles).orElse(List.of())) {
      waiting.remove(role.name());
      List<String> newest =
          keyring.keysOf(role.name()).stream().map(key -> TufKey.of(key).keyId()).toList();
      if (!role.roleKeys().equals(new RoleKeys(newest, newest.size()))) {
        waiting.add(role.name());
      }
    }
    return List.copyOf(waiting);
  }

  /**
   * The newest keys, in PEM.
   *
   * @param postQuantum of a lineage that is not there yet
   * @param replace roles that get new keys first
   */
  Json roleKeys(LineageKey key, boolean postQuantum, boolean targets, List<String> replace)
      throws RejectedException {
    Optional<Lineage> lineage = lineages.find(key.product(), key.name());
    KeyringRoles keyring =
        lineages.keyring(key, lineage.map(Lineage::isPostQuantum).orElse(postQuantum));
    for (String role : replace) {
      replace(key, keyring, role, lineage);
    }
    Json.Builder online = Json.object();
    List<String> roles = new ArrayList<>(List.of(Metadata.SNAPSHOT, Metadata.TIMESTAMP));
    if (targets) {
      roles.add(Metadata.TARGETS);
    }
    roles.forEach(
        role ->
            online.put(
                role, Json.strings(keyring.keysOf(role).stream().map(CeremonyDesk::pem).toList())));
    return Json.object()
        .put("product", key.product())
        .put("lineage", key.name())
        .put("online", online.build())
        .build();
  }

  private void replace(LineageKey key, KeyringRoles keyring, String role, Optional<Lineage> lineage)
      throws RejectedException {
    if (lineage.isEmpty() || !isReplaceable(key, role)) {
      throw new RejectedException(
          Reason.METADATA_MISSING, "replace: the service signs no role '" + role + "' there");
    }
    List<VerificationKey> before = keyring.keysOf(role);
    List<VerificationKey> after = keyring.replace(role);
    audit.record(
        "lineage.keys-replaced",
        "lineage:" + key.product() + "/" + key.name(),
        Map.of("role", role, "before", ids(before), "after", ids(after)));
  }

  private boolean isReplaceable(LineageKey key, String role) {
    return Metadata.TOP_LEVEL.contains(role)
        || role.equals(Publisher.AUDIT)
        || catalogue.roles(key.product()).contains(role);
  }

  private static String ids(List<VerificationKey> keys) {
    return String.join(" ", keys.stream().map(key -> key.keyId().hex()).toList());
  }

  private static String pem(VerificationKey key) {
    byte[] newline = "\n".getBytes(StandardCharsets.US_ASCII);
    return "-----BEGIN PUBLIC KEY-----\n"
        + Base64.getMimeEncoder(64, newline).encodeToString(key.spki().toByteArray())
        + "\n-----END PUBLIC KEY-----\n";
  }

  /**
   * The next targets role as it is to be signed.
   *
   * @param root the next root, where its holders are to sign too
   */
  Json targetsDraft(LineageKey key, Optional<Json.Obj> root, Instant signBy, Instant expires)
      throws RejectedException, IOException {
    Lineage lineage = require(key);
    Lineages.Repository repository = lineages.repository(lineage);
    OwnKeys own = new OwnKeys(lineages.keyring(key, lineage.isPostQuantum()));
    List<Bytes> roots = new ArrayList<>(List.of(Bytes.copyOf(rootBytes(lineage))));
    boolean isOwn = own.suffice(PublishedSet.root(repository.files()), Metadata.TARGETS);
    if (root.isPresent()) {
      CeremonyFile next =
          CeremonyFile.read(root.get().textBytes()).against(List.copyOf(roots), Optional.empty());
      Ceremony ceremony = Ceremony.of(next);
      ceremony.requireSound(clock.instant());
      isOwn &= own.suffice(ceremony.nextRoot().orElseThrow(() -> notARoot()), Metadata.TARGETS);
      roots.add(Bytes.copyOf(next.published()));
    }
    if (isOwn) {
      throw SignerException.conflict("the service signs the targets role of this lineage itself");
    }
    Optional<byte[]> before =
        PublishedSet.ifWhole(repository.files())
            .flatMap(set -> Optional.ofNullable(set.bytes().get(Metadata.TARGETS)));
    CeremonyTerms terms =
        new CeremonyTerms(key.product(), key.name(), lineage.isPostQuantum(), signBy);
    Targets next =
        catalogue.nextTargets(lineage, repository.publisher().nextTargetsVersion(), expires);
    CeremonyFile draft =
        CeremonyFile.draft(terms.on(next.toJson()), roots, before.map(Bytes::copyOf));
    Ceremony.of(draft).requireSound(clock.instant());
    return draft.toJson();
  }

  private static RejectedException notARoot() {
    return new RejectedException(Reason.METADATA_WRONG_ROLE, "root: a root is expected");
  }
}
