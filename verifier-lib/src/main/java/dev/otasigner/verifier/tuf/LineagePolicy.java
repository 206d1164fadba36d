package dev.otasigner.verifier.tuf;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.Profile;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which signatures count, and how many of each kind there must be on top of TUF's own thresholds. A
 * TUF threshold counts all keys together, so two classical signatures would do where one of each
 * kind is meant.
 *
 * <p>The kinds are demanded of root, targets and every delegated role, apart. Snapshot and
 * timestamp stay small, with one kind: what they can do without the others is freeze.
 *
 * @param knows a key of another suite does not count
 * @param minStrengthBits a weaker key does not count
 * @param thresholds signatures of each kind
 */
public record LineagePolicy(
    Set<SignatureSuite> knows, int minStrengthBits, Profile.Thresholds thresholds) {
  private static final Set<String> SINGLE_KIND = Set.of(Metadata.SNAPSHOT, Metadata.TIMESTAMP);

  public LineagePolicy {
    knows = Set.copyOf(knows);
  }

  /** TUF's own thresholds and nothing else. */
  public static LineagePolicy tufAlone() {
    return new LineagePolicy(EnumSet.allOf(SignatureSuite.class), 0, new Profile.Thresholds(0, 0));
  }

  /** What a build demands of the lineage it follows. */
  public static LineagePolicy of(Profile profile) {
    return new LineagePolicy(
        profile.knows(),
        profile.minStrengthBits(),
        profile.lineage().thresholds().orElse(new Profile.Thresholds(0, 0)));
  }

  /**
   * Returns only when enough of the role's keys have signed, in all and of each kind.
   *
   * @param role whose metadata it is
   * @param keys where the delegator lists the keys
   * @param roleKeys which of them sign for the role, and TUF's threshold
   * @throws RejectedException BELOW_THRESHOLD; KEYID_MISMATCH when that is so because of a key
   *     whose identifier is not its digest
   */
  public void requireSigned(
      String role, SignedMetadata<?> metadata, Map<String, TufKey> keys, RoleKeys roleKeys)
      throws RejectedException {
    // One key is one signer, in however many suites it has signed.
    Map<Digest, VerificationKey> byKey = new LinkedHashMap<>();
    metadata.validSigners(keys, roleKeys).stream()
        .filter(key -> counts(key.suite()))
        .forEach(key -> byKey.putIfAbsent(key.keyId(), key));
    if (byKey.size() < roleKeys.threshold()) {
      requireTrueKeyIds(role, keys, roleKeys);
    }
    requireSigners(
        role, byKey.values().stream().map(VerificationKey::suite).toList(), roleKeys.threshold());
  }

  /**
   * Returns only when a role that was signed by keys of these suites would be trusted: for whoever
   * is about to sign it.
   *
   * @param suites one for each key that signs
   * @param threshold TUF's own
   * @throws RejectedException BELOW_THRESHOLD
   */
  public void requireSigners(String role, Collection<SignatureSuite> suites, int threshold)
      throws RejectedException {
    List<SignatureSuite> counting = suites.stream().filter(this::counts).toList();
    require(role, "valid signatures", threshold, counting.size());
    if (!SINGLE_KIND.contains(role)) {
      long postQuantum = counting.stream().filter(SignatureSuite::isPostQuantum).count();
      long classical = counting.size() - postQuantum;
      require(role, "valid classical signatures", thresholds.classical(), classical);
      require(role, "valid post-quantum signatures", thresholds.postQuantum(), postQuantum);
    }
  }

  private boolean counts(SignatureSuite suite) {
    return knows.contains(suite) && suite.strengthBits() >= minStrengthBits;
  }

  private static void requireTrueKeyIds(String role, Map<String, TufKey> keys, RoleKeys roleKeys)
      throws RejectedException {
    for (String keyId : roleKeys.keyIds()) {
      TufKey key = keys.get(keyId);
      if (key != null && !key.hasTrueKeyId()) {
        throw new RejectedException(
            Reason.KEYID_MISMATCH,
            "a key of role " + role + " is listed under another's identifier");
      }
    }
  }

  private static void require(String role, String what, long threshold, long found)
      throws RejectedException {
    if (found < threshold) {
      throw new RejectedException(
          Reason.BELOW_THRESHOLD, role + ": too few " + what, threshold, found);
    }
  }
}
