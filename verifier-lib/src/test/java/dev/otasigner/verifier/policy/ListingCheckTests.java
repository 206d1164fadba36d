package dev.otasigner.verifier.policy;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.manifest.ImageFormat;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestBuild;
import dev.otasigner.verifier.testing.TestFleet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a listing repeats of a manifest, and what of it is made up. */
class ListingCheckTests {
  private static final Profile FACTORY = TestFleet.factoryProfile().read();
  private final DeviceState device = TestFleet.device();

  // the listing

  @Test
  void aVariantThatIsNotListedIsRefused() {
    Made build = TestBuild.of("34.0").make();
    Head.Variant listed = build.listing().variants().get(0);
    Head.Variant other =
        new Head.Variant(
            "other",
            listed.path(),
            listed.format(),
            listed.suite(),
            listed.hash(),
            listed.pure(),
            listed.anchors());
    Candidate candidate =
        new Candidate(
            build.listing(),
            other,
            build.envelope(),
            build.candidate().image(),
            build.profile(),
            Optional.empty());
    assertRefused(Reason.NOT_LISTED, () -> UpgradePolicy.judge(device, FACTORY, candidate));
  }

  @Test
  void aListingWithAnotherVersionIsRefused() {
    Made build = TestBuild.of("34.0").make();
    Head.Candidate as = build.listing();
    refusesListing(
        Reason.LISTING_MISMATCH,
        build,
        listing(as, "34.1", as.securityCounter(), as.manifest(), as.variants()));
  }

  @Test
  void aListingWithAnotherCounterIsRefused() {
    Made build = TestBuild.of("34.0").make();
    Head.Candidate as = build.listing();
    refusesListing(
        Reason.LISTING_MISMATCH, build, listing(as, "34.0", 9, as.manifest(), as.variants()));
  }

  @Test
  void aListingWithAnotherFromRangeIsRefused() {
    Made ranged = TestBuild.of("34.0").from("33.0", "33.9").make();
    Made plain = TestBuild.of("34.0").make();
    refusesListing(Reason.LISTING_MISMATCH, plain, ranged.listing());
  }

  @Test
  void aListingWithTheManifestAtAnotherPathIsRefused() {
    Made build = TestBuild.of("34.0").make();
    Head.Candidate as = build.listing();
    refusesListing(
        Reason.LISTING_MISMATCH,
        build,
        listing(as, "34.0", as.securityCounter(), "beta/gw-1/34.0.0+0.manifest", as.variants()));
  }

  @Test
  void aListingWithAnImageAtAnotherPathIsRefused() {
    Made build = TestBuild.of("34.0").make();
    Head.Candidate as = build.listing();
    Head.Variant v = as.variants().get(0);
    Head.Variant moved =
        new Head.Variant(
            v.name(),
            "stable/gw-1/34.0.0+0.other.img",
            v.format(),
            v.suite(),
            v.hash(),
            v.pure(),
            v.anchors());
    refusesListing(
        Reason.LISTING_MISMATCH,
        build,
        listing(as, "34.0", as.securityCounter(), as.manifest(), List.of(moved)));
  }

  @Test
  void aListingThatNamesOtherSignersIsRefused() {
    Made build = TestBuild.of("34.0").make();
    Head.Variant v = build.listing().variants().get(0);
    variantMismatch(
        build,
        new Head.Variant(v.name(), v.path(), v.format(), v.suite(), v.hash(), v.pure(), List.of()));
  }

  @Test
  void aListingWithAnotherSuiteHashOrFormatIsRefused() {
    Made build = TestBuild.of("34.0").make();
    Head.Variant v = build.listing().variants().get(0);
    variantMismatch(
        build,
        new Head.Variant(
            v.name(), v.path(), ImageFormat.OPAQUE, v.suite(), v.hash(), v.pure(), v.anchors()));
    variantMismatch(
        build,
        new Head.Variant(
            v.name(),
            v.path(),
            v.format(),
            SignatureSuite.ED25519,
            v.hash(),
            v.pure(),
            v.anchors()));
    variantMismatch(
        build,
        new Head.Variant(
            v.name(), v.path(), v.format(), v.suite(), ImageHash.SHA512, v.pure(), v.anchors()));
    variantMismatch(
        build,
        new Head.Variant(v.name(), v.path(), v.format(), v.suite(), v.hash(), true, v.anchors()));
  }

  private void variantMismatch(Made build, Head.Variant listed) {
    Head.Candidate as = build.listing();
    refusesListing(
        Reason.LISTING_MISMATCH,
        build,
        listing(as, "34.0", as.securityCounter(), as.manifest(), List.of(listed)));
  }

  @Test
  void aListedVariantThatTheManifestDoesNotHaveIsRefused() {
    Made build = TestBuild.of("34.0").make();
    Made other = TestBuild.of("34.0").image("extra", TestFleet.OLD_IMAGE_KEY).make();
    refusesListing(Reason.LISTING_MISMATCH, build, other.listing());
  }

  private void refusesListing(Reason reason, Made build, Head.Candidate listing) {
    assertRefused(
        reason,
        () ->
            UpgradePolicy.judgeListing(
                device, FACTORY, listing, build.envelope(), build.profile()));
  }

  private static Head.Candidate listing(
      Head.Candidate as,
      String version,
      long counter,
      String manifest,
      List<Head.Variant> variants) {
    return new Head.Candidate(
        TestFleet.version(version),
        counter,
        manifest,
        as.from(),
        variants,
        as.bridge(),
        as.salt(),
        as.sharePerMille(),
        as.hold(),
        as.test());
  }
}
