package dev.otasigner.verifier.policy;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.Anchor;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.manifest.Manifest;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Who has signed a manifest, and whether that satisfies the rule of the running profile. */
public final class ManifestCheck {
  private ManifestCheck() {}

  /**
   * The manifest in {@code envelope}, once the profile's rule over its signatures is met.
   *
   * @param envelope a DSSE envelope, as received
   * @throws RejectedException MANIFEST_RULE_NOT_MET as {@link #requireRule}; MALFORMED,
   *     LIMIT_EXCEEDED, UNSUPPORTED_CRITICAL, UNSUPPORTED_VERSION, UNSUPPORTED_ALGORITHM and
   *     KEYID_MISMATCH as {@link Envelope#read} and {@link Manifest#read}
   */
  public static Manifest verify(Bytes envelope, Profile profile) throws RejectedException {
    Envelope read = Envelope.read(envelope.toByteArray());
    Manifest manifest = readUnverified(read);
    requireRule(read, profile);
    return manifest;
  }

  /** What the envelope says, with nothing verified: for checks that come before the signatures. */
  static Manifest readUnverified(Envelope envelope) throws RejectedException {
    return Manifest.read(envelope.payloadOf(Manifest.PAYLOAD_TYPE).toByteArray());
  }

  /**
   * Demands the profile's rule. Only anchors whose suite the profile's code knows and whose
   * strength is enough count; a signature by such an anchor that does not verify refuses the whole
   * envelope, and signatures by anyone else neither help nor harm.
   *
   * @throws RejectedException MANIFEST_RULE_NOT_MET, also for a signature that does not verify
   */
  public static void requireRule(Envelope envelope, Profile profile) throws RejectedException {
    Set<Digest> signers;
    try {
      signers = envelope.validSigners(countingKeys(profile));
    } catch (RejectedException e) {
      throw e.in("manifest").as(Reason.MANIFEST_RULE_NOT_MET);
    }
    if (!profile.rule().isMetBy(signers)) {
      throw new RejectedException(
          Reason.MANIFEST_RULE_NOT_MET,
          "manifest is not signed as the running profile demands" + ignored(envelope, profile),
          profile.rule(),
          signers.isEmpty() ? "no valid signature that counts" : abbreviated(signers));
    }
  }

  static boolean counts(Anchor anchor, Profile profile) {
    return profile.knows().contains(anchor.suite())
        && anchor.suite().strengthBits() >= profile.minStrengthBits();
  }

  private static List<VerificationKey> countingKeys(Profile profile) {
    return profile.anchors().stream().filter(a -> counts(a, profile)).map(Anchor::key).toList();
  }

  /** The anchors whose signatures are there but do not count, with the reason, for people. */
  private static String ignored(Envelope envelope, Profile profile) {
    List<String> words = new ArrayList<>();
    for (Anchor anchor : profile.anchors()) {
      boolean signed =
          envelope.signatures().stream().anyMatch(s -> s.keyId().equals(anchor.keyId()));
      if (signed && !counts(anchor, profile)) {
        String why = profile.knows().contains(anchor.suite()) ? "too weak" : "unknown to this code";
        words.add(anchor.keyId().abbreviated() + " (" + anchor.suite().code() + ") is " + why);
      }
    }
    return words.isEmpty() ? "" : "; " + String.join(", ", words);
  }

  private static String abbreviated(Set<Digest> keyIds) {
    return keyIds.stream()
        .map(Digest::abbreviated)
        .sorted()
        .collect(Collectors.joining(", ", "valid signatures of ", ""));
  }
}
