package dev.otasigner.verifier.policy;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.manifest.ImageFormat;
import dev.otasigner.verifier.manifest.Manifest;
import java.util.List;

/** Which image file of a build is for this device's bootloader. */
final class VariantChoice {
  private VariantChoice() {}

  /**
   * The first listed variant that the bootloader should boot once the build is confirmed.
   *
   * @throws RejectedException NO_VARIANT
   */
  static Head.Variant choose(Manifest manifest, Head.Candidate listing, DeviceState device)
      throws RejectedException {
    List<BootAnchor> anchors = anchorsAfter(manifest, device);
    for (Head.Variant variant : listing.variants()) {
      if (suits(variant, anchors, device)) {
        return variant;
      }
    }
    throw none(listing, anchors);
  }

  /** Demands that this variant, rather than any, is for the bootloader. */
  static void require(
      Manifest manifest, Head.Candidate listing, Head.Variant variant, DeviceState device)
      throws RejectedException {
    List<BootAnchor> anchors = anchorsAfter(manifest, device);
    if (!suits(variant, anchors, device)) {
      throw none(listing, anchors);
    }
  }

  /**
   * The keys that boot once the build is confirmed: those of the bootloader component it brings,
   * else the present ones. Anchors still on trial do not count: a revert takes them away.
   */
  private static List<BootAnchor> anchorsAfter(Manifest manifest, DeviceState device) {
    return manifest
        .componentFor(device.bootloader())
        .map(Manifest.BootloaderComponent::anchors)
        .orElse(device.bootloader().anchors());
  }

  /**
   * A file may carry several signers behind one hash, so the key identifiers decide, not the one
   * suite the listing names. A bootloader without anchors checks nothing itself: it is given opaque
   * images, whose only proof is the manifest. One that a component would make so still checks the
   * image on trial.
   */
  private static boolean suits(Head.Variant variant, List<BootAnchor> anchors, DeviceState device) {
    if (variant.format() == ImageFormat.OPAQUE) {
      return anchors.isEmpty() && device.bootloader().anchors().isEmpty();
    }
    return anchors.stream()
        .anyMatch(
            a ->
                a.hash() == variant.hash()
                    && a.pure() == variant.pure()
                    && variant.anchors().contains(a.keyId()));
  }

  private static RejectedException none(Head.Candidate listing, List<BootAnchor> anchors) {
    List<String> wanted = anchors.stream().map(VariantChoice::describe).toList();
    List<String> offered =
        listing.variants().stream()
            .map(v -> v.name() + ": " + v.format().code() + " " + v.hash().code())
            .toList();
    return new RejectedException(
        Reason.NO_VARIANT, "no image file of this build is for this bootloader", wanted, offered);
  }

  private static String describe(BootAnchor anchor) {
    return anchor.anchor().key() + " over " + (anchor.pure() ? "the image" : anchor.hash().code());
  }
}
