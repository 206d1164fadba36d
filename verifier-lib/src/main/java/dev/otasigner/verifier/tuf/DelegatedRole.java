package dev.otasigner.verifier.tuf;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;

/**
 * A role that another targets role trusts, TUF 4.5.
 *
 * @param name free text but for the names of the top-level roles; encoded as a file name, at most
 *     200 bytes
 * @param roleKeys who signs for it
 * @param paths what it is trusted for
 * @param terminating nobody after it is asked for these paths
 */
public record DelegatedRole(
    String name, RoleKeys roleKeys, TrustedPaths paths, boolean terminating) {
  /** Leaves room in a file name of 255 bytes for a version and the suffix. */
  static final int MAX_ENCODED_NAME = 200;

  public DelegatedRole {
    if (!isName(name, MAX_ENCODED_NAME)) {
      throw new IllegalArgumentException("not a name for a delegated role");
    }
  }

  static DelegatedRole read(Fields fields, TufLimits.Counts counts) throws RejectedException {
    String name = fields.string("name");
    if (!isName(name, counts.nameBytes())) {
      throw fields.malformed("name", "not a name for a delegated role");
    }
    return new DelegatedRole(
        name,
        RoleKeys.read(fields, counts),
        TrustedPaths.read(fields, counts),
        fields.bool("terminating"));
  }

  /** A delegated role under the name of a top-level one could take its place on disk. */
  static boolean isName(String name, int maxBytes) {
    return !name.isEmpty()
        && !Metadata.TOP_LEVEL.contains(name)
        && RoleFiles.encode(name).length() <= maxBytes;
  }

  Json.Obj toJson() {
    Json.Builder json = Json.object().put("name", name);
    return paths.write(roleKeys.write(json)).put("terminating", terminating).build();
  }
}
