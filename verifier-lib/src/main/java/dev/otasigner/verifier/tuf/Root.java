package dev.otasigner.verifier.tuf;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Who signs for the four top-level roles, TUF 4.3.
 *
 * @param version 1 or more
 * @param expires to the second
 * @param consistentSnapshot whether file names carry versions and digests
 * @param keys by key identifier
 * @param roles exactly the four top-level roles
 */
public record Root(
    long version,
    Instant expires,
    boolean consistentSnapshot,
    Map<String, TufKey> keys,
    Map<String, RoleKeys> roles)
    implements Metadata {
  public Root {
    Metadata.requireVersion(version);
    keys = Collections.unmodifiableMap(new LinkedHashMap<>(keys));
    roles = Collections.unmodifiableMap(new LinkedHashMap<>(roles));
    if (!roles.keySet().equals(TOP_LEVEL)) {
      throw new IllegalArgumentException("exactly the four top-level roles are expected");
    }
  }

  static Root read(Fields signed, TufLimits.Counts counts) throws RejectedException {
    Header header = Header.read(signed, ROOT);
    Fields listed = signed.object("roles");
    Map<String, RoleKeys> roles = new LinkedHashMap<>();
    // A role of root's that the workflow does not use, such as mirrors, is left aside.
    for (String role : TOP_LEVEL) {
      roles.put(role, RoleKeys.read(listed.object(role), counts));
    }
    return new Root(
        header.version(),
        header.expires(),
        signed.has("consistent_snapshot") && signed.bool("consistent_snapshot"),
        TufKey.readAll(signed),
        roles);
  }

  /**
   * The keys and threshold of a top-level role.
   *
   * @throws IllegalArgumentException for any other role
   */
  public RoleKeys roleKeys(String role) {
    RoleKeys found = roles.get(role);
    if (found == null) {
      throw new IllegalArgumentException("not a top-level role: " + role);
    }
    return found;
  }

  @Override
  public String type() {
    return ROOT;
  }

  @Override
  public Json.Obj toJson() {
    Json.Builder listed = Json.object();
    roles.forEach((role, who) -> listed.put(role, who.write(Json.object()).build()));
    return Header.write(this)
        .put("consistent_snapshot", consistentSnapshot)
        .put("keys", TufKey.write(keys))
        .put("roles", listed.build())
        .build();
  }
}
