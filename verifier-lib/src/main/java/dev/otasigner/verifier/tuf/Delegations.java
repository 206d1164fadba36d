package dev.otasigner.verifier.tuf;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Whom a targets role trusts for which paths, TUF 4.5.
 *
 * @param keys by key identifier
 * @param roles in the order in which they are asked; empty when {@code succinct} is there
 * @param succinct hash bins under one set of keys (TAP 15)
 */
public record Delegations(
    Map<String, TufKey> keys, List<DelegatedRole> roles, Optional<SuccinctRoles> succinct) {
  public Delegations {
    keys = Collections.unmodifiableMap(new LinkedHashMap<>(keys));
    roles = List.copyOf(roles);
    if (succinct.isPresent() && !roles.isEmpty()) {
      throw new IllegalArgumentException("roles and succinct roles exclude each other");
    }
  }

  /**
   * Roles named one by one.
   *
   * @param roles in the order in which they are asked
   */
  public static Delegations of(List<TufKey> keys, List<DelegatedRole> roles) {
    return new Delegations(TufKey.byId(keys), roles, Optional.empty());
  }

  /** Hash bins, TAP 15. */
  public static Delegations of(List<TufKey> keys, SuccinctRoles succinct) {
    return new Delegations(TufKey.byId(keys), List.of(), Optional.of(succinct));
  }

  static Delegations read(Fields fields, TufLimits.Counts counts) throws RejectedException {
    boolean succinct = fields.has("succinct_roles");
    if (succinct == fields.has("roles")) {
      throw fields.malformed("roles", "exactly one of 'roles' and 'succinct_roles' is expected");
    }
    Map<String, TufKey> keys = TufKey.readAll(fields);
    if (succinct) {
      SuccinctRoles bins = SuccinctRoles.read(fields.object("succinct_roles"), counts);
      return new Delegations(keys, List.of(), Optional.of(bins));
    }
    List<DelegatedRole> roles = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Fields item : fields.objects("roles", counts.delegations())) {
      DelegatedRole role = DelegatedRole.read(item, counts);
      if (!names.add(role.name())) {
        throw item.malformed("name", "this role stands twice");
      }
      roles.add(role);
    }
    return new Delegations(keys, roles, Optional.empty());
  }

  /** The roles that may speak for this path, in the order in which they are asked. */
  List<DelegatedRole> rolesFor(String targetPath) {
    if (succinct.isPresent()) {
      return List.of(succinct.get().roleFor(targetPath));
    }
    return roles.stream().filter(role -> role.paths().covers(targetPath)).toList();
  }

  Json.Obj toJson() {
    Json.Builder json = Json.object().put("keys", TufKey.write(keys));
    if (succinct.isPresent()) {
      return json.put("succinct_roles", succinct.get().toJson()).build();
    }
    return json.put("roles", roles.stream().map(DelegatedRole::toJson).toList()).build();
  }
}
