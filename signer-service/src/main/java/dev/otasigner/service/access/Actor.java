package dev.otasigner.service.access;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;

/**
 * Who does something: stands in the audit log and answers for it.
 *
 * @param name of the user, API key or device; of somebody an issuer vouches for, the issuer's name,
 *     a colon, and what the issuer calls them
 * @param rights none for a device, for the service itself, and for a user whose password was handed
 *     out and is to be changed first
 */
public record Actor(Kind kind, String name, Rights rights) {
  /** The service on its own behalf. */
  public static final Actor SYSTEM = new Actor(Kind.SYSTEM, "service", Rights.NONE);

  /** What an actor is. */
  public enum Kind {
    USER("user"),
    API_KEY("api-key"),
    /** A person or a pipeline that comes with the token of an issuer. */
    OIDC("oidc"),
    DEVICE("device"),
    SYSTEM("system"),
    /** Somebody who did not say who. */
    NOBODY("nobody");

    private final String code;

    Kind(String code) {
      this.code = code;
    }

    String code() {
      return code;
    }
  }

  public static Actor device(String product, String deviceId) {
    return new Actor(Kind.DEVICE, product + "/" + deviceId, Rights.NONE);
  }

  /** Somebody not signed in, at this network address. */
  public static Actor nobody(String address) {
    return new Actor(Kind.NOBODY, address, Rights.NONE);
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
    return kind == Kind.USER && rights.isEmpty();
  }

  /** The role for everything, not for some product only. */
  public boolean has(Role role) {
    return rights.has(role);
  }

  /** The role for this product. */
  public boolean has(Role role, String product) {
    return rights.has(role, product);
  }

  /** Whether it has any role for the product, or is the service itself. */
  public boolean reaches(String product) {
    return kind == Kind.SYSTEM || rights.reach(product);
  }

  /** Refuses an actor that has no role for the product. */
  public void requireProduct(String product) {
    if (!rights.reach(product)) {
      throw notTheirs(product);
    }
  }

  /** Refuses an actor that has none of these roles for the product. */
  public void require(String product, Role... roles) {
    if (Arrays.stream(roles).noneMatch(role -> has(role, product))) {
      throw rights.reach(product) ? lacks(roles) : notTheirs(product);
    }
  }

  static SignerException lacks(Role... roles) {
    return new SignerException(
        ProblemType.FORBIDDEN,
        "this asks for role "
            + Arrays.stream(roles).map(Role::code).collect(Collectors.joining(" or ")));
  }

  private SignerException notTheirs(String product) {
    return new SignerException(
        ProblemType.FORBIDDEN,
        label()
            + " is bound to "
            + rights.products().stream()
                .sorted()
                .map(p -> "product " + p)
                .collect(Collectors.joining(", "))
            + ", and "
            + product
            + " is not theirs");
  }

  /** Kind and name, such as {@code user:alice}: how the audit log names an actor. */
  public String label() {
    return kind.code + ":" + name;
  }
}
