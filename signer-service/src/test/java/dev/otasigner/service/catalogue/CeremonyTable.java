package dev.otasigner.service.catalogue;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.ceremony.Ceremony;
import dev.otasigner.verifier.ceremony.CeremonyFile;
import dev.otasigner.verifier.ceremony.CeremonyTerms;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.tuf.DelegatedRole;
import dev.otasigner.verifier.tuf.Delegations;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.RoleKeys;
import dev.otasigner.verifier.tuf.Root;
import dev.otasigner.verifier.tuf.SignedMetadata;
import dev.otasigner.verifier.tuf.SignedMetadata.KeySignature;
import dev.otasigner.verifier.tuf.Targets;
import dev.otasigner.verifier.tuf.TrustedPaths;
import dev.otasigner.verifier.tuf.TufKey;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Holders with keys of their own around one lineage of a service. */
final class CeremonyTable {
  private final Admin admin;
  private final String product;
  private final String lineage;
  private final boolean postQuantum;
  final String base;

  CeremonyTable(Admin admin, String product, String lineage, boolean postQuantum) {
    this.admin = admin;
    this.product = product;
    this.lineage = lineage;
    this.postQuantum = postQuantum;
    this.base = "/api/v1/products/" + product + "/lineages/" + lineage;
  }

  CeremonyTable as(Admin other) {
    return new CeremonyTable(other, product, lineage, postQuantum);
  }

  /** The suite stands before the name; without one it is P-256. */
  private static TestKey key(String holder) {
    SignatureSuite suite =
        holder.startsWith("pq-")
            ? SignatureSuite.ML_DSA_44
            : holder.startsWith("p384-")
                ? SignatureSuite.ECDSA_P384_SHA384
                : SignatureSuite.ECDSA_P256_SHA256;
    return TestKey.of(suite, "table-" + holder);
  }

  private static TufKey listed(String holder) {
    return TufKey.of(key(holder).key(), holder);
  }

  private CeremonyTerms terms() {
    return new CeremonyTerms(product, lineage, postQuantum, now().plus(Duration.ofDays(7)));
  }

  private static Instant now() {
    return Instant.now().truncatedTo(ChronoUnit.SECONDS);
  }

  /** The service's newest keys of a role. */
  List<TufKey> online(String role, String... replace) throws RejectedException {
    Json.Builder body = Json.object().put("postQuantum", postQuantum).put("targets", true);
    if (replace.length > 0) {
      body.put("replace", Json.strings(List.of(replace)));
    }
    Answer answer = admin.post(base + "/role-keys", body.build()).expect(200);
    List<TufKey> keys = new ArrayList<>();
    for (String pem : answer.json().object("online").strings(role, 8)) {
      Bytes spki = Bytes.ofBase64(pem.replaceAll("-----[A-Z ]+-----|\\s", ""));
      keys.add(TufKey.of(anyKind(spki)));
    }
    return keys;
  }

  private static VerificationKey anyKind(Bytes spki) throws RejectedException {
    try {
      return VerificationKey.of(SignatureSuite.ED25519, spki);
    } catch (RejectedException e) {
      return VerificationKey.of(SignatureSuite.ML_DSA_65, spki);
    }
  }

  /** A root by which these hold root and targets, and the service the rest. */
  Root root(long version, int threshold, String... holders) throws RejectedException {
    Map<String, TufKey> keys = new LinkedHashMap<>();
    Map<String, RoleKeys> roles = new LinkedHashMap<>();
    List<TufKey> held = List.of(holders).stream().map(CeremonyTable::listed).toList();
    name(held, threshold, Metadata.ROOT, keys, roles);
    name(held, threshold, Metadata.TARGETS, keys, roles);
    for (String role : List.of(Metadata.SNAPSHOT, Metadata.TIMESTAMP)) {
      List<TufKey> own = online(role);
      name(own, own.size(), role, keys, roles);
    }
    return new Root(version, now().plus(Duration.ofDays(700)), true, keys, roles);
  }

  /** The same root with other keys for one role. */
  static Root with(Root root, String role, List<TufKey> others, int threshold) {
    Map<String, TufKey> keys = new LinkedHashMap<>(root.keys());
    Map<String, RoleKeys> roles = new LinkedHashMap<>(root.roles());
    name(others, threshold, role, keys, roles);
    return new Root(root.version(), root.expires(), true, keys, roles);
  }

  private static void name(
      List<TufKey> own,
      int threshold,
      String role,
      Map<String, TufKey> keys,
      Map<String, RoleKeys> roles) {
    keys.putAll(TufKey.byId(own));
    roles.put(role, new RoleKeys(own.stream().map(TufKey::keyId).toList(), threshold));
  }

  /** A draft of this root, to follow the one in force if there is one. */
  CeremonyFile draft(Root root) throws RejectedException {
    return draft(root, terms());
  }

  CeremonyFile draft(Root root, CeremonyTerms terms) throws RejectedException {
    List<Bytes> before =
        root.version() == 1 ? List.of() : List.of(Bytes.copyOf(inForce().published()));
    return CeremonyFile.draft(terms.on(root.toJson()), before, Optional.empty());
  }

  CeremonyFile inForce() throws RejectedException {
    return CeremonyFile.read(admin.get(base + "/root").expect(200).body().toByteArray());
  }

  CeremonyFile targetsDraft(Optional<CeremonyFile> root) throws RejectedException {
    return CeremonyFile.read(targetsDraftAnswer(root).expect(200).body().toByteArray());
  }

  Answer targetsDraftAnswer(Optional<CeremonyFile> root) {
    Json.Builder order =
        Json.object()
            .put("signBy", now().plus(Duration.ofDays(7)))
            .put("expires", now().plus(Duration.ofDays(365)));
    root.ifPresent(file -> order.put("root", file.publishedJson()));
    return admin.post(base + "/targets-draft", order.build());
  }

  /** A first targets role that delegates to nobody yet. */
  CeremonyFile emptyTargets(CeremonyFile root) {
    Targets targets =
        Targets.of(1, now().plus(Duration.ofDays(365)), List.of())
            .with(Delegations.of(List.of(), List.of()));
    return CeremonyFile.draft(
        terms().on(targets.toJson()), List.of(Bytes.copyOf(root.published())), Optional.empty());
  }

  static CeremonyFile sign(CeremonyFile draft, String... holders) throws RejectedException {
    CeremonyFile signed = draft;
    for (String holder : holders) {
      TestKey own = key(holder);
      byte[] input = SignedMetadata.toBeSigned(own.key(), draft.signed().canonicalBytes());
      for (TufKey as : Ceremony.of(signed).requireMaySign(own.key())) {
        signed = signed.with(KeySignature.of(as, own.sign(input)));
      }
    }
    return signed;
  }

  Answer handIn(CeremonyFile... files) throws RejectedException {
    Json.Builder body = Json.object();
    for (CeremonyFile file : files) {
      body.put(new Fields(file.signed(), "").string("_type"), file.publishedJson());
    }
    return admin.post(base + "/signed", body.build());
  }

  Answer status() {
    return admin.get(base + "/ceremony").expect(200);
  }

  /** A lineage that two of three hold, with its first targets role. */
  void begin() throws RejectedException {
    handIn(sign(draft(root(1, 2, "anna", "ben", "carol")), "anna", "ben")).expect(200);
    handIn(sign(targetsDraft(Optional.empty()), "ben", "carol")).expect(200);
  }

  /** The same draft, but for a role that it does not delegate to. */
  static CeremonyFile withoutRole(CeremonyFile draft, String name) throws RejectedException {
    return with(
        draft,
        to ->
            new Delegations(
                to.keys(),
                to.roles().stream().filter(role -> !role.name().equals(name)).toList(),
                Optional.empty()));
  }

  /** The same draft, but for the key of a role. */
  static CeremonyFile withRoleKey(CeremonyFile draft, String name, TufKey key)
      throws RejectedException {
    return with(
        draft,
        to -> {
          Map<String, TufKey> keys = new LinkedHashMap<>(to.keys());
          keys.put(key.keyId(), key);
          return new Delegations(
              keys,
              to.roles().stream()
                  .map(
                      role ->
                          role.name().equals(name)
                              ? new DelegatedRole(
                                  name, RoleKeys.of(1, key), role.paths(), role.terminating())
                              : role)
                  .toList(),
              Optional.empty());
        });
  }

  /** The same draft, but for the paths of a role. */
  static CeremonyFile withPaths(CeremonyFile draft, String name, String... paths)
      throws RejectedException {
    return with(
        draft,
        to ->
            new Delegations(
                to.keys(),
                to.roles().stream()
                    .map(
                        role ->
                            role.name().equals(name)
                                ? new DelegatedRole(
                                    name,
                                    role.roleKeys(),
                                    TrustedPaths.matching(paths),
                                    role.terminating())
                                : role)
                    .toList(),
                Optional.empty()));
  }

  private static CeremonyFile with(CeremonyFile draft, UnaryOperator<Delegations> change)
      throws RejectedException {
    byte[] bytes = draft.published();
    Targets targets = SignedMetadata.targets(bytes, bytes.length).signed();
    Targets changed = targets.with(change.apply(targets.delegations().orElseThrow()));
    return CeremonyFile.draft(
        CeremonyTerms.read(draft.signed()).on(changed.toJson()), draft.roots(), draft.before());
  }
}
