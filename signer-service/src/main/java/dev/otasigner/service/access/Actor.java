package dev.otasigner.service.access;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import java.util.Optional;
import java.util.Set;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;

/**
 * Who does something: stands in the audit log and answers for it.
 *
 * @param name of the user, API key or device
 * @param roles none for a device, for the service itself, and for a user whose password was handed
 *     out and is to be changed first
 * @param product the only product this actor may touch, or empty for all
 */
public record Actor(Kind kind, String name, Set<Role> roles, Optional<String> product) {
  /** The service on its own behalf. */
  public static final Actor SYSTEM = new Actor(Kind.SYSTEM, "service", Set.of(), Optional.empty());

  /** What an actor is. */
  public enum Kind {
    USER("user"),
    API_KEY("api-key"),
    DEVICE("device"),
    SYSTEM("system"),
    /** Somebody who did not say who. */
    NOBODY("nobody");

    private final String code;

    Kind(String code) {
      this.code = code;
    }
  }

  public Actor {
    roles = Set.copyOf(roles);
  }

  public static Actor device(String product, String deviceId) {
    return new Actor(Kind.DEVICE, product + "/" + deviceId, Set.of(), Optional.of(product));
  }

  /** Somebody not signed in, at this network address. */
  public static Actor nobody(String address) {
    return new Actor(Kind.NOBODY, address, Set.of(), Optional.empty());
  }

  /** Whose request this thread serves; the service itself when it serves none. */
  public static Actor current() {
    Authentication authentication = SecurityContextHolder.getContext().getAuthentication();
    return authentication != null && authentication.getPrincipal() instanceof Actor actor
        ? actor
        : SYSTEM;
  }

  /** A user is made with a role at least; without any the password is not the user's own yet. */
  boolean isPasswordChangeDue() {
    return kind == Kind.USER && roles.isEmpty();
  }

  public boolean has(Role role) {
    return roles.contains(role);
  }

  /** Refuses an actor that is bound to another product. */
  public void requireProduct(String wanted) {
    if (product.isPresent() && !product.get().equals(wanted)) {
      throw new SignerException(
          ProblemType.FORBIDDEN, label() + " is bound to product " + product.get());
    }
  }

  /** Kind and name, such as {@code user:alice}: how the audit log names an actor. */
  public String label() {
    return kind.code + ":" + name;
  }
}
