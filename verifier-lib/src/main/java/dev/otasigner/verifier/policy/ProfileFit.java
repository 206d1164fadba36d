package dev.otasigner.verifier.policy;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.Anchor;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.manifest.Manifest;
import java.util.HashSet;
import java.util.Set;

/**
 * Whether a build's profile leaves the device able to judge its next update. A profile that names a
 * key it cannot verify with, or a rule that no signature can ever meet, would strand the device the
 * moment it confirms, so it is refused before anything is installed.
 */
public final class ProfileFit {
  private ProfileFit() {}

  /**
   * Demands that the new profile is the manifest's and fits a device that runs under {@code
   * running}.
   *
   * @param lineage the metadata of the lineage that the new profile names, as far as it is here
   * @throws RejectedException PROFILE_UNFIT
   */
  public static void require(
      Manifest manifest, Profile brought, Profile running, LineageCheck lineage)
      throws RejectedException {
    if (!brought.digest().equals(manifest.profile())) {
      throw new RejectedException(
          Reason.PROFILE_UNFIT,
          "profile is not the manifest's",
          manifest.profile(),
          brought.digest());
    }
    requireSound(brought);
    requireLineage(brought, running, lineage);
  }

  /**
   * Demands what holds for a profile on any device: a service asks this before it stores one.
   *
   * @throws RejectedException PROFILE_UNFIT
   */
  public static void requireSound(Profile profile) throws RejectedException {
    requireAnchors(profile);
    requireRule(profile);
    requireThresholds(profile);
    requireRoute(profile);
  }

  private static void requireAnchors(Profile profile) throws RejectedException {
    Set<Digest> seen = new HashSet<>();
    for (Anchor anchor : profile.anchors()) {
      SignatureSuite suite = anchor.suite();
      if (!profile.knows().contains(suite)) {
        throw unfit("the code of this build does not know " + suite.code() + " of", anchor.keyId());
      }
      if (suite.strengthBits() < profile.minStrengthBits()) {
        throw new RejectedException(
            Reason.PROFILE_UNFIT,
            "anchor " + anchor.keyId().abbreviated() + " is weaker than the profile's minimum",
            profile.minStrengthBits() + " bits",
            suite.strengthBits() + " bits");
      }
      // One key under two suites has one identifier: a rule could not tell them apart.
      if (!seen.add(anchor.keyId())) {
        throw unfit("two anchors with the identifier of", anchor.keyId());
      }
    }
    for (Digest keyId : profile.newer().anchors().keySet()) {
      String suite = profile.newer().anchors().get(keyId);
      if (!profile.newer().knows().contains(suite)) {
        throw unfit("the code of this build does not know the suite of", keyId);
      }
      if (!seen.add(keyId)) {
        throw unfit("two anchors with the identifier of", keyId);
      }
    }
  }

  private static void requireRule(Profile profile) throws RejectedException {
    Set<Digest> present = new HashSet<>(profile.newer().anchors().keySet());
    profile.anchors().forEach(a -> present.add(a.keyId()));
    for (Digest keyId : profile.rule().keyIds()) {
      if (!present.contains(keyId)) {
        throw unfit("the manifest rule names a key that is no anchor,", keyId);
      }
    }
  }

  /** A threshold of a kind none of whose suites the code knows could never be met. */
  private static void requireThresholds(Profile profile) throws RejectedException {
    if (profile.lineage().thresholds().isEmpty()) {
      return;
    }
    Profile.Thresholds thresholds = profile.lineage().thresholds().get();
    boolean newer = !profile.newer().knows().isEmpty();
    boolean postQuantum = profile.knows().stream().anyMatch(SignatureSuite::isPostQuantum);
    boolean classical = profile.knows().stream().anyMatch(s -> !s.isPostQuantum());
    if (thresholds.postQuantum() > 0 && !postQuantum && !newer) {
      throw new RejectedException(
          Reason.PROFILE_UNFIT,
          "the lineage demands post-quantum signatures, and the build's code knows no such suite");
    }
    if (thresholds.classical() > 0 && !classical && !newer) {
      throw new RejectedException(
          Reason.PROFILE_UNFIT,
          "the lineage demands classical signatures, and the build's code knows no such suite");
    }
  }

  private static void requireRoute(Profile profile) throws RejectedException {
    requireSome(!profile.servers().isEmpty(), "server");
    requireSome(!profile.ports().isEmpty(), "port");
    requireSome(!profile.tls().serverAnchors().isEmpty(), "server anchor");
    requireSome(!profile.tls().versions().isEmpty(), "TLS version");
    requireSome(!profile.tls().suites().isEmpty(), "cipher suite");
  }

  private static void requireSome(boolean some, String what) throws RejectedException {
    if (!some) {
      throw new RejectedException(
          Reason.PROFILE_UNFIT, "the profile names no " + what + ": the device could not call");
    }
  }

  /** The trusted root chain of a lineage is kept on the device; its first root cannot change. */
  private static void requireLineage(Profile brought, Profile running, LineageCheck lineage)
      throws RejectedException {
    Profile.Lineage was = running.lineage();
    Profile.Lineage is = brought.lineage();
    if (is.name().equals(was.name()) && !is.rootSha256().equals(was.rootSha256())) {
      throw new RejectedException(
          Reason.PROFILE_UNFIT,
          "lineage " + is.name() + " starts from another root; a new root needs a new lineage",
          was.rootSha256(),
          is.rootSha256());
    }
    requireTrusted(brought, lineage);
  }

  /**
   * Demands that a device which runs under the profile can trust the catalogue that it names.
   *
   * @throws RejectedException PROFILE_UNFIT
   */
  public static void requireTrusted(Profile profile, LineageCheck lineage)
      throws RejectedException {
    try {
      lineage.requireTrustedUnder(profile);
    } catch (RejectedException e) {
      throw e.in("lineage " + profile.lineage().name() + " under the new profile")
          .as(Reason.PROFILE_UNFIT);
    }
  }

  private static RejectedException unfit(String what, Digest keyId) {
    return new RejectedException(Reason.PROFILE_UNFIT, what + " key " + keyId.abbreviated());
  }
}
