package dev.otasigner.verifier.policy;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.CataloguePaths;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.manifest.Manifest;

/**
 * Whether a head file lists a build as what its manifest says it is. Devices choose by the listing
 * before they fetch anything, so the two must never tell different stories.
 */
final class ListingCheck {
  private final DeviceState device;
  private final Head.Candidate listing;
  private final Manifest manifest;

  private ListingCheck(DeviceState device, Head.Candidate listing, Manifest manifest) {
    this.device = device;
    this.listing = listing;
    this.manifest = manifest;
  }

  /**
   * Demands that listing and manifest agree.
   *
   * @throws RejectedException LISTING_MISMATCH
   */
  static void require(DeviceState device, Head.Candidate listing, Manifest manifest)
      throws RejectedException {
    new ListingCheck(device, listing, manifest).require();
  }

  private void require() throws RejectedException {
    same("version", manifest.version(), listing.version());
    same("security counter", manifest.securityCounter(), listing.securityCounter());
    same("from-range", manifest.from(), listing.from());
    same(
        "path of the manifest",
        CataloguePaths.manifest(device.channel(), device.hardware().id(), manifest.version()),
        listing.manifest());
    for (Head.Variant variant : listing.variants()) {
      requireVariant(variant);
    }
  }

  private void requireVariant(Head.Variant listed) throws RejectedException {
    Manifest.Variant stated = variantOf(manifest, listed.name());
    String what = " of variant " + listed.name();
    same("format" + what, manifest.format().code(), listed.format().code());
    same("suite" + what, stated.suite().code(), listed.suite().code());
    same("hash" + what, stated.hash().code(), listed.hash().code());
    same("pure" + what, stated.pure(), listed.pure());
    same("anchors" + what, stated.anchors(), listed.anchors());
    same(
        "path" + what,
        CataloguePaths.image(
            device.channel(), device.hardware().id(), manifest.version(), listed.name()),
        listed.path());
  }

  /** The manifest's variant of this name. */
  static Manifest.Variant variantOf(Manifest manifest, String name) throws RejectedException {
    for (Manifest.Variant variant : manifest.variants()) {
      if (variant.name().equals(name)) {
        return variant;
      }
    }
    throw new RejectedException(
        Reason.LISTING_MISMATCH, "the manifest has no variant " + name + ", which is listed");
  }

  private static void same(String what, Object manifest, Object listing) throws RejectedException {
    if (!manifest.equals(listing)) {
      throw new RejectedException(
          Reason.LISTING_MISMATCH, what + " is listed otherwise", manifest, listing);
    }
  }
}
