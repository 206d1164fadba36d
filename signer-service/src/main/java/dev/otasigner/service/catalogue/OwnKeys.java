package dev.otasigner.service.catalogue;

import dev.otasigner.verifier.tuf.RoleKeys;
import dev.otasigner.verifier.tuf.Root;
import dev.otasigner.verifier.tuf.TufKey;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Which of the keys that a document lists are the service's own, and which are people's. */
record OwnKeys(RoleKeyring keyring) {

  List<TufKey> of(Map<String, TufKey> keys, RoleKeys role) {
    return role.keyIds().stream()
        .flatMap(id -> Optional.ofNullable(keys.get(id)).stream())
        .filter(key -> key.verificationKey().filter(keyring::holds).isPresent())
        .toList();
  }

  List<TufKey> of(Root root, String role) {
    return of(root.keys(), root.roleKeys(role));
  }

  /** Whether the service signs for the role alone. */
  boolean suffice(Root root, String role) {
    return of(root, role).size() >= root.roleKeys(role).threshold();
  }

  /** Whether nobody else can. */
  boolean areAll(Map<String, TufKey> keys, RoleKeys role) {
    return of(keys, role).size() == role.keyIds().size();
  }
}
