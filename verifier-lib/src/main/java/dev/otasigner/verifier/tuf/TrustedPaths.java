package dev.otasigner.verifier.tuf;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Which target paths a delegated role is trusted for, TUF 4.5. */
public sealed interface TrustedPaths {
  /**
   * Whether the role is trusted for this path.
   *
   * @param targetPath as a targets role lists it, not encoded
   */
  boolean covers(String targetPath);

  /** Adds the member of the role's object that says so. */
  Json.Builder write(Json.Builder role);

  /** Paths that match one of these patterns. */
  static TrustedPaths matching(String... patterns) {
    return new Patterns(List.of(patterns));
  }

  /**
   * Shell patterns: {@code *} and {@code ?} stay within a part; letters count as they are.
   *
   * @param patterns of which one must match
   */
  record Patterns(List<String> patterns) implements TrustedPaths {
    public Patterns {
      patterns = List.copyOf(patterns);
    }

    @Override
    public boolean covers(String targetPath) {
      return patterns.stream().anyMatch(pattern -> PathPattern.matches(pattern, targetPath));
    }

    @Override
    public Json.Builder write(Json.Builder role) {
      return role.put("paths", Json.strings(patterns));
    }
  }

  /**
   * The first hex digits of the SHA-256 of the target path.
   *
   * @param prefixes of which one must fit, in lower case
   */
  record HashPrefixes(List<String> prefixes) implements TrustedPaths {
    public HashPrefixes {
      prefixes = List.copyOf(prefixes);
    }

    @Override
    public boolean covers(String targetPath) {
      String hash = hashOf(targetPath).hex();
      return prefixes.stream().anyMatch(hash::startsWith);
    }

    @Override
    public Json.Builder write(Json.Builder role) {
      return role.put("path_hash_prefixes", Json.strings(prefixes));
    }
  }

  /** SHA-256 of a target path in UTF-8: what prefixes and bins go by. */
  static Digest hashOf(String targetPath) {
    return Digest.of(targetPath.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Reads {@code paths} or {@code path_hash_prefixes} of a delegated role.
   *
   * @throws RejectedException MALFORMED unless exactly one of them is there; LIMIT_EXCEEDED over
   *     {@link TufLimits.Counts#patterns}
   */
  static TrustedPaths read(Fields role, TufLimits.Counts counts) throws RejectedException {
    boolean patterns = role.has("paths");
    if (patterns == role.has("path_hash_prefixes")) {
      throw role.malformed("paths", "exactly one of 'paths' and 'path_hash_prefixes' is expected");
    }
    return patterns
        ? new Patterns(role.strings("paths", counts.patterns()))
        : new HashPrefixes(role.strings("path_hash_prefixes", counts.patterns()));
  }
}
