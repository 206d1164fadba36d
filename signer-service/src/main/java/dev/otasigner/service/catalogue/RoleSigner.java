package dev.otasigner.service.catalogue;

import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.json.Json;
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
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Names the keys of a repository's roles in metadata, and signs metadata with them. */
final class RoleSigner {
  private static final List<String> TOP_LEVEL =
      List.of(Metadata.ROOT, Metadata.TARGETS, Metadata.SNAPSHOT, Metadata.TIMESTAMP);

  private final RoleKeyring keyring;

  RoleSigner(RoleKeyring keyring) {
    this.keyring = keyring;
  }

  /** Which keys are the service's own. */
  OwnKeys own() {
    return new OwnKeys(keyring);
  }

  byte[] sign(Json.Obj signed, List<TufKey> signers) {
    return SignedMetadata.envelope(signed, signatures(signed, signers));
  }

  List<KeySignature> signatures(Json.Obj signed, List<TufKey> signers) {
    byte[] canonical = signed.canonicalBytes();
    List<KeySignature> signatures = new ArrayList<>();
    for (TufKey key : signers) {
      VerificationKey with = key.verificationKey().orElseThrow();
      signatures.add(KeySignature.of(key, keyring.sign(with, canonical)));
    }
    return signatures;
  }

  /** The root of a lineage without people: the newest keys of each role, all of which sign. */
  Root root(long version, Instant expires) {
    Map<String, TufKey> keys = new LinkedHashMap<>();
    Map<String, RoleKeys> roles = new LinkedHashMap<>();
    for (String role : TOP_LEVEL) {
      List<TufKey> own = tufKeys(role);
      keys.putAll(TufKey.byId(own));
      roles.put(role, roleKeys(own));
    }
    return new Root(version, expires, true, keys, roles);
  }

  /**
   * Every role that ever was, and every wanted one: a role that disappears is a rollback. Each with
   * its newest keys.
   */
  Delegations delegations(Optional<Targets> announced, Wanted wanted) {
    List<TufKey> keys = new ArrayList<>();
    Map<String, DelegatedRole> roles = new LinkedHashMap<>();
    announced
        .flatMap(Targets::delegations)
        .ifPresent(
            d -> d.roles().forEach(r -> roles.put(r.name(), delegate(r.name(), r.paths(), keys))));
    wanted
        .roles()
        .keySet()
        .forEach(
            role ->
                roles.computeIfAbsent(
                    role.roleName(),
                    name -> delegate(name, TrustedPaths.matching(role.paths()), keys)));
    if (!roles.containsKey(Publisher.AUDIT) && wanted.checkpoint().isPresent()) {
      roles.computeIfAbsent(
          Publisher.AUDIT,
          name -> delegate(name, TrustedPaths.matching(Wanted.CHECKPOINT_PATH), keys));
    }
    return Delegations.of(keys, List.copyOf(roles.values()));
  }

  private DelegatedRole delegate(String name, TrustedPaths paths, List<TufKey> keys) {
    List<TufKey> own = tufKeys(name);
    keys.addAll(own);
    return new DelegatedRole(name, roleKeys(own), paths, true);
  }

  List<TufKey> tufKeys(String role) {
    return keyring.keysOf(role).stream().map(TufKey::of).toList();
  }

  /** Everyone of the role must sign. */
  private static RoleKeys roleKeys(List<TufKey> keys) {
    return new RoleKeys(keys.stream().map(TufKey::keyId).toList(), keys.size());
  }
}
