package dev.otasigner.service.access;

import dev.otasigner.verifier.json.Fields;
import java.util.Optional;

/**
 * A role, everywhere or for one product only. On the wire {@code release-engineer} or {@code
 * release-engineer@cam}.
 *
 * @param product the only one it is good for; empty for all, and for what belongs to no product
 */
public record Grant(Role role, Optional<String> product) implements Comparable<Grant> {

  /** A role everywhere. */
  public static Grant everywhere(Role role) {
    return new Grant(role, Optional.empty());
  }

  /**
   * Reads what {@link #text} writes.
   *
   * @throws IllegalArgumentException when it is no role, or the product's is no name
   */
  public static Grant parse(String text) {
    int at = text.indexOf('@');
    if (at < 0) {
      return everywhere(Role.ofCode(text));
    }
    String product = text.substring(at + 1);
    if (!Fields.isName(product)) {
      throw new IllegalArgumentException("no product is called " + product);
    }
    return new Grant(Role.ofCode(text.substring(0, at)), Optional.of(product));
  }

  public String text() {
    return role.code() + product.map(p -> "@" + p).orElse("");
  }

  /** Whether whoever holds this may do all that the other one allows. */
  boolean covers(Grant other) {
    return contains(role, other.role) && (product.isEmpty() || product.equals(other.product));
  }

  /** A pipeline does nothing that a release engineer may not do. */
  private static boolean contains(Role own, Role other) {
    return own == other || own == Role.RELEASE_ENGINEER && other == Role.PIPELINE;
  }

  @Override
  public int compareTo(Grant other) {
    int byRole = role.compareTo(other.role);
    return byRole != 0 ? byRole : product.orElse("").compareTo(other.product.orElse(""));
  }

  @Override
  public String toString() {
    return text();
  }
}
