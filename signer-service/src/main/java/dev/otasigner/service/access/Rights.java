package dev.otasigner.service.access;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** All that an actor holds. */
public record Rights(Set<Grant> grants) {
  /** Of somebody who may do nothing. */
  public static final Rights NONE = new Rights(Set.of());

  /** Of one user or API key. */
  static final int MAX_GRANTS = 64;

  public Rights {
    grants = Set.copyOf(grants);
  }

  /** A role each, everywhere. */
  static Rights everywhere(Collection<Role> roles) {
    return new Rights(roles.stream().map(Grant::everywhere).collect(Collectors.toSet()));
  }

  /**
   * Reads what a request names; at least one.
   *
   * @throws SignerException BAD_REQUEST
   */
  static Rights of(List<String> texts) {
    if (texts.isEmpty() || texts.size() > MAX_GRANTS) {
      throw new SignerException(
          ProblemType.BAD_REQUEST, "roles: 1 to " + MAX_GRANTS + " are expected");
    }
    Set<Grant> grants = new TreeSet<>();
    for (String text : texts) {
      try {
        grants.add(Grant.parse(text));
      } catch (IllegalArgumentException e) {
        throw new SignerException(
            ProblemType.BAD_REQUEST,
            "roles: one of "
                + Arrays.stream(Role.values()).map(Role::code).collect(Collectors.joining(", "))
                + " is expected, everywhere or as ROLE@PRODUCT");
      }
    }
    return new Rights(grants);
  }

  /** Reads what {@link #join} writes. */
  static Rights split(String text) {
    return text.isEmpty()
        ? NONE
        : new Rights(
            Arrays.stream(text.split(",", -1)).map(Grant::parse).collect(Collectors.toSet()));
  }

  String join() {
    return String.join(",", texts());
  }

  /** In one order, for people and for the log. */
  public List<String> texts() {
    return grants.stream().sorted().map(Grant::text).toList();
  }

  public boolean isEmpty() {
    return grants.isEmpty();
  }

  /** The role for everything, not for some product only. */
  public boolean has(Role role) {
    return grants.contains(Grant.everywhere(role));
  }

  /** The role for this product, be it because it is held for all of them. */
  public boolean has(Role role, String product) {
    return grants.stream()
        .anyMatch(g -> g.role() == role && g.product().map(product::equals).orElse(true));
  }

  /** The role for some product at least. */
  public boolean hasSomewhere(Role role) {
    return grants.stream().anyMatch(g -> g.role() == role);
  }

  /** Whether any role at all is good for this product. */
  public boolean reach(String product) {
    return grants.stream().anyMatch(g -> g.product().map(product::equals).orElse(true));
  }

  boolean covers(Grant grant) {
    return grants.stream().anyMatch(own -> own.covers(grant));
  }

  /** As much of these as the others hold too. */
  Rights within(Rights others) {
    return new Rights(grants.stream().filter(others::covers).collect(Collectors.toSet()));
  }

  Rights plus(Rights more) {
    Set<Grant> all = new TreeSet<>(grants);
    all.addAll(more.grants);
    return new Rights(all);
  }

  Rights minus(Rights less) {
    return new Rights(
        grants.stream().filter(g -> !less.grants.contains(g)).collect(Collectors.toSet()));
  }

  /** The same for one product only. */
  Rights forProduct(String product) {
    return new Rights(
        grants.stream()
            .map(g -> new Grant(g.role(), java.util.Optional.of(g.product().orElse(product))))
            .collect(Collectors.toSet()));
  }

  /** The products these are for, or empty when one of them is for all. */
  public Set<String> products() {
    return grants.stream().anyMatch(g -> g.product().isEmpty())
        ? Set.of()
        : grants.stream().flatMap(g -> g.product().stream()).collect(Collectors.toSet());
  }

  /** Of which roles, wherever they are good. */
  Set<Role> roles() {
    Set<Role> roles = EnumSet.noneOf(Role.class);
    grants.forEach(g -> roles.add(g.role()));
    return roles;
  }
}
