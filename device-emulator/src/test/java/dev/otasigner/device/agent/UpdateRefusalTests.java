package dev.otasigner.device.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.device.agent.UpdateOutcome.Installed;
import dev.otasigner.device.agent.UpdateOutcome.UpToDate;
import dev.otasigner.device.testing.TestDevice;
import dev.otasigner.device.testing.TestService;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.testing.TestProfile;
import dev.otasigner.verifier.tuf.RepositorySimulator;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Every way in which an update is refused, each offered on the wire. */
class UpdateRefusalTests extends UpdateBench {
  // --- refusals, each offered on the wire

  @Test
  void tamperedImageIsRefusedByItsListedDigest() throws IOException {
    service.release("first", build("34.0").make());
    service.tamper(".img", UpdateRefusalTests::flipped);
    assertRefused(device(), Reason.TARGET_DIGEST_MISMATCH);
  }

  @Test
  void tamperedImageListedAsItIsIsRefusedByTheManifest() throws IOException {
    Made honest = build("34.0").make();
    Made swapped = withImage(honest, flipped(honest.image("main")));
    service.release("first", swapped);
    assertRefused(device(), Reason.IMAGE_DIGEST_MISMATCH);
  }

  @Test
  void tamperedImageThatItsManifestNamesIsRefusedByTheBootloader() throws IOException {
    service.release("first", build("34.0").editImage(UpdateRefusalTests::flipped).make());
    assertRefused(device(), Reason.IMAGE_HASH);
  }

  @Test
  void appendedBytesAreRefusedByTheListedLength() throws IOException {
    service.release("first", build("34.0").make());
    service.tamper(".img", bytes -> Arrays.copyOf(bytes, bytes.length + 1));
    assertRefused(device(), Reason.TARGET_LENGTH_MISMATCH);
  }

  @Test
  void appendedBytesListedAsTheyAreAreRefusedByTheManifest() throws IOException {
    Made honest = build("34.0").make();
    byte[] image = honest.image("main");
    service.release("first", withImage(honest, Arrays.copyOf(image, image.length + 1)));
    assertRefused(device(), Reason.IMAGE_LENGTH_MISMATCH);
  }

  @Test
  void appendedBytesThatTheManifestNamesAreRefusedByTheBootloader() throws IOException {
    service.release(
        "first", build("34.0").editImage(bytes -> Arrays.copyOf(bytes, bytes.length + 1)).make());
    assertRefused(device(), Reason.IMAGE_TRAILING_BYTES);
  }

  @Test
  void buildForOtherHardwareIsRefused() throws IOException {
    service.release("first", build("34.0").hardware("gw-2", "a").make());
    assertRefused(device(), Reason.WRONG_HARDWARE);
  }

  @Test
  void buildForAnotherRevisionIsRefused() throws IOException {
    service.release("first", build("34.0").hardware("gw-1", "b").make());
    assertRefused(device(), Reason.WRONG_HARDWARE);
  }

  @Test
  void olderCounterIsRefused() throws IOException {
    service.release("first", build("34.0").counter(4).make());
    assertRefused(device(), Reason.SECURITY_COUNTER_TOO_LOW);
  }

  @Test
  void manifestByAnUnknownKeyIsRefused() throws IOException {
    TestKey stranger = TestKey.of(SignatureSuite.RSA_PSS_2048_SHA256, "stranger");
    service.release("first", build("34.0").manifestBy(stranger).make());
    assertRefused(device(), Reason.MANIFEST_RULE_NOT_MET);
  }

  @Test
  void imageByAnUnknownKeyIsRefused() throws IOException {
    TestKey stranger = TestKey.of(SignatureSuite.RSA_PSS_2048_SHA256, "stranger");
    Made lie =
        build("34.0")
            .image("main", stranger)
            .editManifest(UpdateRefusalTests::claimingTheOldKey)
            .make();
    service.release("first", lie);
    assertRefused(device(), Reason.IMAGE_KEY_UNKNOWN);
  }

  @Test
  void manifestOfAnotherBuildIsRefused() throws IOException {
    Made offered = build("34.0").make();
    Made other = build("34.1").make();
    service.release("first", withEnvelope(offered, other));
    assertRefused(device(), Reason.LISTING_MISMATCH);
  }

  @Test
  void staleTimestampIsRefused() throws IOException {
    service.release("first", build("34.0").make());
    TestDevice device = device(ClockClass.RTC).clock(Instant.parse("2027-06-02T00:00:00Z"));
    assertRefused(device, Reason.METADATA_EXPIRED);
  }

  @Test
  void staleTimestampIsRefusedByADeviceWithoutAClockOnceItKnowsALaterTime() throws IOException {
    service.release("first", build("33.0").make());
    TestDevice device = device(ClockClass.NONE);
    assertThat(device.update(wire)).isInstanceOf(UpToDate.class);
    assertThat(device.state().clock().floor()).isEqualTo(TestService.NOW.minusSeconds(3600));
    service
        .lineage("first")
        .issued(TestService.NOW.minus(Duration.ofDays(2)))
        .expires("timestamp", TestService.NOW.minus(Duration.ofDays(1)));
    service.release("first", build("34.0").make());
    assertRefused(device, Reason.METADATA_EXPIRED);
  }

  /** Whoever steals the timestamp key alone cannot stop a device without a clock for good. */
  @Test
  void stolenTimestampKeyCannotPushTheClockPastWhatOtherKeysVouchFor() throws IOException {
    Instant year9999 = Instant.parse("9999-01-01T00:00:00Z");
    service.lineage("first").expires("timestamp", year9999).issued(year9999.minusSeconds(1));
    service.release("first", build("33.0").make());
    TestDevice device = device(ClockClass.NONE);
    assertThat(device.update(wire)).isInstanceOf(UpToDate.class);
    assertThat(device.state().clock().floor()).isEqualTo(TestService.NEXT_YEAR);
    // The owner rotates the key out and signs anew: the device goes on.
    Instant later = TestService.NEXT_YEAR.plus(Duration.ofDays(30));
    RepositorySimulator repository = service.lineage("first").issued(TestService.NEXT_YEAR);
    for (String role : List.of("root", "timestamp", "snapshot", "targets", TestService.ROLE)) {
      repository.expires(role, later);
    }
    repository.keys("timestamp", 1, RepositorySimulator.key("timestamp-2")).publishRoot();
    service.release("first", build("34.0").make());
    assertThat(device.update(wire)).isEqualTo(new Installed(TestFleet.version("34.0")));
  }

  /** Else whoever damages files on their way could choose the build. */
  @Test
  void documentDamagedOnItsWayIsNoReasonToTakeAnOlderBuild() throws IOException {
    Made newer = build("35.0").make();
    service.release("first", newer, build("34.0").make());
    TestDevice device = device();
    service.tamper(Digest.of(newer.envelope()).hex(), UpdateRefusalTests::flipped);
    assertRefused(device, Reason.TARGET_DIGEST_MISMATCH);
    service.tamper(Digest.of(newer.envelope()).hex(), bytes -> Arrays.copyOf(bytes, 9));
    assertRefused(device, Reason.TARGET_LENGTH_MISMATCH);
  }

  /** Else it would be reverted until it is left alone, and no build would ever follow it. */
  @Test
  void buildWhoseProfileCannotGoOnFromTheHeldMetadataIsNotTaken() throws IOException {
    TestProfile blind =
        TestFleet.factoryProfile()
            .lineage("first")
            .root(service.root("first"))
            .serverAnchors(RSA.spkiDigest());
    service.release("first", build("34.0").profile(blind).make());
    TestDevice device = device();
    assertRefused(device, Reason.PROFILE_UNFIT);
    assertThat(device.steps()).noneMatch(s -> s.startsWith("download"));
  }

  @Test
  void clockThatWasSetBackDoesNotMakeOldMetadataFresh() throws IOException {
    service.release("first", build("33.0").make());
    TestDevice device = device(ClockClass.RTC);
    assertThat(device.update(wire)).isInstanceOf(UpToDate.class);
    device.clock(Instant.EPOCH);
    service
        .lineage("first")
        .issued(TestService.NOW.minus(Duration.ofDays(2)))
        .expires("timestamp", TestService.NOW.minus(Duration.ofDays(1)));
    service.release("first", build("34.0").make());
    assertRefused(device, Reason.METADATA_EXPIRED);
  }

  @Test
  void rolledBackCatalogueIsRefused() throws IOException {
    service.release("first", build("34.0").counter(4).make());
    Map<String, byte[]> old = Map.copyOf(service.lineage("first").files());
    service.release("first", build("33.0").make());
    TestDevice device = device();
    assertThat(device.update(wire)).isInstanceOf(UpToDate.class);
    service.lineage("first").files().putAll(old);
    assertRefused(device, Reason.METADATA_ROLLED_BACK);
  }

  @Test
  void buildWithdrawnDuringTheDownloadIsNotBooted() throws IOException {
    service.release("first", build("34.0").make());
    TestDevice device = device();
    service.tamper(
        ".img",
        bytes -> {
          service.release("first", build("33.0").make());
          return bytes;
        });
    assertRefused(device, Reason.NOT_LISTED);
    assertThat(device.steps()).noneMatch(s -> s.startsWith("swap"));
  }

  @Test
  void refusalIsReportedWithItsReason() throws IOException {
    service.release("first", build("34.0").hardware("gw-2", "a").make());
    device().update(wire);
    assertThat(service.checkIns().get(0))
        .contains("\"reason\":\"wrong-hardware\"")
        .contains("\"result\":\"refused\"");
  }

  private static byte[] flipped(byte[] image) {
    byte[] changed = image.clone();
    changed[1000] ^= 1;
    return changed;
  }

  private static Made withImage(Made build, byte[] image) {
    return new Made(
        build.manifest(),
        build.envelope(),
        Map.of("main", image),
        build.component(),
        build.profile(),
        build.listing());
  }

  private static Made withEnvelope(Made build, Made other) {
    return new Made(
        build.manifest(),
        other.envelope(),
        build.images(),
        build.component(),
        build.profile(),
        build.listing());
  }

  private static Manifest claimingTheOldKey(Manifest m) {
    Manifest.Variant v = m.variants().get(0);
    return new Manifest(
        m.product(),
        m.hardware(),
        m.version(),
        m.securityCounter(),
        m.format(),
        m.built(),
        List.of(
            new Manifest.Variant(
                v.name(),
                v.lengthBytes(),
                v.sha256(),
                v.suite(),
                v.hash(),
                v.pure(),
                List.of(TestFleet.OLD_IMAGE_KEY.keyId()))),
        m.profile(),
        m.from(),
        m.requires(),
        m.bootloader());
  }
}
