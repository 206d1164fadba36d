package dev.otasigner.verifier.tuf;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;

/**
 * Who signs for a role, and how many of them must: TUF 4.3 and 4.5.
 *
 * @param keyIds each once, in the order of the document
 * @param threshold at least one
 */
public record RoleKeys(List<String> keyIds, int threshold) {
  public RoleKeys {
    keyIds = List.copyOf(keyIds);
    if (threshold < 1) {
      throw new IllegalArgumentException("a threshold below one would accept anything");
    }
    if (new HashSet<>(keyIds).size() != keyIds.size()) {
      throw new IllegalArgumentException("a key identifier stands twice");
    }
  }

  /** These keys, of which {@code threshold} must sign. */
  public static RoleKeys of(int threshold, TufKey... keys) {
    return new RoleKeys(Arrays.stream(keys).map(TufKey::keyId).toList(), threshold);
  }

  static RoleKeys read(Fields role, TufLimits.Counts counts) throws RejectedException {
    List<String> keyIds = role.strings("keyids", counts.roleKeys());
    if (new HashSet<>(keyIds).size() != keyIds.size()) {
      throw role.malformed("keyids", "a key identifier stands twice");
    }
    return new RoleKeys(keyIds, (int) role.integer("threshold", 1, Integer.MAX_VALUE));
  }

  Json.Builder write(Json.Builder json) {
    return json.put("keyids", Json.strings(keyIds)).put("threshold", threshold);
  }
}
