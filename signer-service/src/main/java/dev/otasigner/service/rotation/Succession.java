package dev.otasigner.service.rotation;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeyState;
import dev.otasigner.service.fleet.KeyDemand;
import dev.otasigner.service.fleet.ProductPolicy;
import dev.otasigner.service.keyring.KeyEntry;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;

/**
 * An image or manifest key and the one that takes its place.
 *
 * @param before the old key
 * @param after the new key
 */
record Succession(KeyEntry before, KeyEntry after) {

  /** A device of this state would be lost without the old key, whatever the new one signs. */
  boolean needsCrossing(DeviceState state, Profile running) {
    return trusts(before, state, running) && !hasCrossed(state, running);
  }

  /** A device of this state accepts what the new key signs. */
  boolean hasCrossed(DeviceState state, Profile running) {
    return trusts(after, state, running);
  }

  private boolean trusts(KeyEntry key, DeviceState state, Profile running) {
    return isOfImages()
        ? state.bootloader().anchors().stream().anyMatch(a -> a.keyId().equals(key.keyId()))
        : running.anchors().stream().anyMatch(a -> a.keyId().equals(key.keyId()));
  }

  boolean isOfImages() {
    return before.purpose() == KeyPurpose.IMAGE;
  }

  /**
   * Returns when the new key may follow the old one.
   *
   * @throws SignerException BAD_REQUEST, KEY_NOT_USABLE
   */
  void requireSound(String product, ProductPolicy policy) {
    if (before.keyId().equals(after.keyId())) {
      throw new SignerException(
          ProblemType.BAD_REQUEST, "newKey: another key than the old one is expected");
    }
    if (before.purpose() != KeyPurpose.IMAGE && before.purpose() != KeyPurpose.MANIFEST) {
      throw unusable(before, "is for " + before.purpose().code() + ": " + elsewhere(before));
    }
    if (after.purpose() != before.purpose()) {
      throw unusable(
          after, "is for " + after.purpose().code() + ", and not for " + before.purpose().code());
    }
    requireOf(product, before);
    requireOf(product, after);
    requireStates();
    requireStrength(product, policy);
    if (isOfImages()) {
      try {
        BootAnchor.of(after.anchor());
      } catch (IllegalArgumentException e) {
        throw unusable(after, "signs no image: " + e.getMessage());
      }
    }
  }

  private static void requireOf(String product, KeyEntry key) {
    key.product()
        .filter(own -> !own.equals(product))
        .ifPresent(
            own -> {
              throw unusable(key, "serves product " + own + " alone");
            });
  }

  private void requireStates() {
    if (before.state() != KeyState.ACTIVE && before.state() != KeyState.COMPROMISED) {
      throw unusable(
          before,
          "is "
              + before.state().code()
              + (before.state() == KeyState.SUSPENDED
                  ? ": activate it first, since it has to sign for devices that trust no other"
                  : ": no rotation begins with it"));
    }
    if (after.state() != KeyState.ACTIVE && after.state() != KeyState.PRE_ACTIVATION) {
      throw unusable(after, "is " + after.state().code() + ": nothing can be rotated to it");
    }
  }

  /** Demands to come count too: they would end the new key before its time. */
  private void requireStrength(String product, ProductPolicy policy) {
    for (KeyDemand demand : policy.keys()) {
      if (demand.purpose() == after.purpose()
          && after.suite().strengthBits() < demand.minStrengthBits()) {
        throw unusable(
            after,
            "has a strength of "
                + after.suite().strengthBits()
                + " bits, and the policy of "
                + product
                + " demands "
                + demand.minStrengthBits()
                + " from "
                + demand.from());
      }
    }
  }

  private static SignerException unusable(KeyEntry key, String why) {
    return new SignerException(ProblemType.KEY_NOT_USABLE, "key " + key.name() + " " + why);
  }

  /** What serves the other purposes. */
  private static String elsewhere(KeyEntry key) {
    return switch (key.purpose()) {
      case ROOT, TARGETS -> "a ceremony changes it, signer root rotate";
      case CHANNEL, SNAPSHOT, TIMESTAMP -> "signer root online --replace changes it";
      case SERVER_TLS ->
          "listeners have authorities of their own, signer listeners open with another --server-key";
      case DEVICE_CA ->
          "devices renew to the authority of the clientKey that a bridge's profile names";
      case AUDIT -> "nothing in the field follows it, signer keys create --purpose audit";
      case BARE_DIGEST -> "who trusts it is not known here, signer keys create and deactivate";
      case APPROVAL -> "approvers hold theirs, and the worker's own file names them";
      case IMAGE, MANIFEST -> "";
    };
  }
}
