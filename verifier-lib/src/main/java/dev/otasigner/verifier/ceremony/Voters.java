package dev.otasigner.verifier.ceremony;

import dev.otasigner.verifier.tuf.RoleKeys;
import dev.otasigner.verifier.tuf.Root;
import dev.otasigner.verifier.tuf.TufKey;
import java.util.List;
import java.util.Objects;

/**
 * Keys of which enough must sign.
 *
 * @param title such as {@code root version 3}
 * @param root that lists them
 * @param role of root's
 */
public record Voters(String title, Root root, String role) {

  /** How many must sign, and which keys may. */
  public RoleKeys roleKeys() {
    return root.roleKeys(role);
  }

  /** The keys, each as root lists it. */
  public List<TufKey> keys() {
    return roleKeys().keyIds().stream().map(root.keys()::get).filter(Objects::nonNull).toList();
  }

  /** A name for a person: the holder's, or the beginning of the key's identifier. */
  public static String name(TufKey key) {
    return key.holder().orElseGet(() -> "key " + key);
  }
}
