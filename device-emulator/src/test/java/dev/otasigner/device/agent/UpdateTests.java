package dev.otasigner.device.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.agent.UpdateOutcome.Installed;
import dev.otasigner.device.agent.UpdateOutcome.Refused;
import dev.otasigner.device.agent.UpdateOutcome.UpToDate;
import dev.otasigner.device.boot.BootSequence;
import dev.otasigner.device.testing.TestAuthority;
import dev.otasigner.device.testing.TestDevice;
import dev.otasigner.device.testing.TestServer;
import dev.otasigner.device.testing.TestService;
import dev.otasigner.device.transport.ClientIdentity;
import dev.otasigner.device.transport.Server;
import dev.otasigner.device.transport.Timeouts;
import dev.otasigner.device.transport.TlsDialling;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestBuild;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.testing.TestProfile;
import dev.otasigner.verifier.tuf.RepositorySimulator;
import java.io.IOException;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * The whole way from the catalogue to the confirmed build, and every way in which it ends early.
 */
class UpdateTests {
  private static final TestAuthority RSA = TestAuthority.rsa();
  private static final TestAuthority P384 = TestAuthority.p384();
  private static final KeyPair KEYS = TestAuthority.rsaKeys();
  private static final Instant BUILT = Instant.parse("2026-05-01T00:00:00Z");

  private final TestService service = new TestService(RSA, P384);
  private final TestServer server =
      TestServer.start(
          new TestServer.Tls(
              KEYS,
              RSA.chainOf(RSA.server(KEYS.getPublic())),
              List.of(RSA.certificate(), P384.certificate()),
              List.of("TLSv1.2"),
              List.of("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256")),
          service.answer());

  /** Real TLS, as the profile of the running build says. */
  private final Server.Dialling wire =
      new TlsDialling(Map.of(443, server.port()), Timeouts.DEFAULT);

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  private TestProfile profile() {
    return TestFleet.factoryProfile()
        .knowsToo("ed25519")
        .lineage("first")
        .root(service.root("first"))
        .serverAnchors(RSA.spkiDigest());
  }

  private TestBuild build(String version) {
    return TestBuild.of(version).profile(profile()).built(BUILT);
  }

  private TestDevice device() {
    return device(ClockClass.NONE);
  }

  private TestDevice device(ClockClass clock) {
    return TestDevice.at(
        TestDevice.LAYOUT,
        TestFleet.factoryBootloader(),
        clock,
        build("33.0").make(),
        service.rootBytes("first"),
        service.rsaIdentity(KEYS));
  }

  private void assertRefused(TestDevice device, Reason reason) throws IOException {
    UpdateOutcome outcome = device.update(wire);
    assertThat(outcome).isInstanceOf(Refused.class);
    assertThat(((Refused) outcome).reason()).as(((Refused) outcome).message()).isEqualTo(reason);
    assertThat(device.state().running().version()).isEqualTo(TestFleet.FACTORY_VERSION);
    // And it still runs: what was refused is nowhere in its way.
    assertThat(BootSequence.reset(device.flash()).isTrial()).isFalse();
  }

  @Test
  void newerBuildIsTakenConfirmedAndReported() throws IOException {
    Made next = build("34.0").counter(6).make();
    service.release("first", next);
    TestDevice device = device();
    assertThat(device.update(wire)).isEqualTo(new Installed(TestFleet.version("34.0")));
    assertThat(device.state().running().version()).isEqualTo(TestFleet.version("34.0"));
    assertThat(device.state().running().manifest()).isEqualTo(Digest.of(next.envelope()));
    assertThat(device.state().securityCounter()).isEqualTo(6);
    assertThat(service.checkIns()).hasSize(1);
    assertThat(service.checkIns().get(0))
        .contains("\"outcome\":{\"result\":\"installed\",\"version\":\"34.0.0+0\"}")
        .contains("\"securityCounter\":6")
        .contains("\"version\":\"34.0.0+0\"");
    assertThat(device.update(wire)).isEqualTo(new UpToDate(TestFleet.version("34.0")));
    assertThat(service.checkIns().get(1)).doesNotContain("outcome").contains("\"seq\":2");
  }

  @Test
  void nothingReleasedIsUpToDate() throws IOException {
    service.lineage("first");
    assertThat(device().update(wire)).isInstanceOf(UpToDate.class);
  }

  @Test
  void counterRisesAtTheResetAfterConfirmationAndNotBefore() throws IOException {
    service.release("first", build("34.0").counter(9).make());
    TestDevice device = device();
    List<Long> counters = new ArrayList<>();
    device.update(
        (profile, identity, now, runs) -> {
          counters.add(counter(device));
          return wire.under(profile, identity, now, runs);
        });
    // The old build's cycle, the new build's trial, the new build's check-in.
    assertThat(counters).containsExactly(5L, 5L, 9L);
  }

  private static long counter(TestDevice device) {
    try {
      return device.state().securityCounter();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void buildThatCannotReachItsServiceIsReverted() throws IOException {
    Made next = build("34.0").counter(9).make();
    service.release("first", next);
    TestDevice device = device();
    int[] dialled = {0};
    // The second connection is the one of the trial.
    UpdateOutcome outcome =
        device.update(
            (profile, identity, now, runs) -> {
              if (++dialled[0] == 2) {
                service.failAfter(0);
              } else {
                service.failAfter(Integer.MAX_VALUE);
              }
              return wire.under(profile, identity, now, runs);
            });
    assertThat(outcome).isInstanceOf(Refused.class);
    assertThat(((Refused) outcome).reason()).isEqualTo(Reason.NOT_CONFIRMED);
    assertThat(device.state().running().version()).isEqualTo(TestFleet.FACTORY_VERSION);
    assertThat(device.state().securityCounter()).isEqualTo(TestFleet.FACTORY_COUNTER);
    assertThat(service.checkIns().get(0)).contains("\"result\":\"reverted\"");
    service.failAfter(Integer.MAX_VALUE);
    assertThat(device.update(wire)).isInstanceOf(Installed.class);
  }

  @Test
  void buildThatIsRevertedAgainAndAgainIsLeftAlone() throws IOException {
    service.release("first", build("34.0").make());
    TestDevice device = device();
    for (int i = 0; i < 3; i++) {
      int[] dialled = {0};
      device.update(
          (profile, identity, now, runs) -> {
            service.failAfter(++dialled[0] == 2 ? 0 : Integer.MAX_VALUE);
            return wire.under(profile, identity, now, runs);
          });
    }
    service.failAfter(Integer.MAX_VALUE);
    assertRefused(device, Reason.NOT_CONFIRMED);
    assertThat(service.requests()).noneMatch(r -> r.contains(".img"));
  }

  @Test
  void unreachableServiceIsNoRefusal() {
    service.lineage("first");
    service.failAfter(0);
    assertThatThrownBy(() -> device().update(wire)).isInstanceOf(IOException.class);
  }

  @Test
  void downloadGoesOnWhereTheConnectionBroke() throws IOException {
    service.release("first", build("34.0").make());
    service.breakDownloadsAfter(2500);
    TestDevice device = device();
    assertThat(device.update(wire)).isInstanceOf(Installed.class);
    // Whole sectors of 1024 bytes are kept, the one that was under way is fetched again.
    assertThat(service.downloadOffsets()).containsExactly(0L, 1024L, 2048L, 3072L);
  }

  @Test
  void downloadThatMakesNoProgressIsGivenUpAndResumedLater() throws IOException {
    service.release("first", build("34.0").make());
    service.breakDownloadsAfter(900);
    TestDevice device = device();
    assertThatThrownBy(() -> device.update(wire)).isInstanceOf(IOException.class);
    service.breakDownloadsAfter(Integer.MAX_VALUE);
    assertThat(device.update(wire)).isInstanceOf(Installed.class);
    assertThat(device.steps()).anyMatch(t -> t.startsWith("resume"));
  }

  // --- refusals, each offered on the wire

  @Test
  void tamperedImageIsRefusedByItsListedDigest() throws IOException {
    service.release("first", build("34.0").make());
    service.tamper(".img", UpdateTests::flipped);
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
    service.release("first", build("34.0").editImage(UpdateTests::flipped).make());
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
        build("34.0").image("main", stranger).editManifest(UpdateTests::claimingTheOldKey).make();
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
    service.tamper(Digest.of(newer.envelope()).hex(), UpdateTests::flipped);
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

  // --- rotation

  @Test
  void bridgeBringsBootloaderProfileLineageAndCertificate() throws IOException {
    TestKey newImage = TestKey.of(SignatureSuite.RSA_PSS_3072_SHA256, "image");
    TestKey ed = TestKey.of(SignatureSuite.ED25519, "manifest");
    TestKey ml = TestKey.of(SignatureSuite.ML_DSA_65, "manifest");
    TestProfile modern =
        TestProfile.all(ed, ml)
            .lineage("second")
            .root(service.root("second"))
            .serverAnchors(RSA.spkiDigest())
            .clientKey(ClientKeyType.P_384);
    Made bridge =
        build("36.14")
            .counter(7)
            .profile(modern)
            .image("main", TestFleet.OLD_IMAGE_KEY, newImage)
            .manifestBy(TestFleet.OLD_MANIFEST_KEY, ed, ml)
            .brings(TestFleet.bootloader("boot-2", newImage.bootAnchor()), TestFleet.OLD_IMAGE_KEY)
            .bridge()
            .make();
    service.release("first", bridge);
    service.release("second", bridge);
    TestDevice device = device();
    assertThat(device.update(wire)).isInstanceOf(Installed.class);
    assertThat(device.state().bootloader().id()).isEqualTo("boot-2");
    assertThat(device.state().bootloader().anchors()).containsExactly(newImage.bootAnchor());
    assertThat(device.state().bootloader().trialAnchors()).isEmpty();
    assertThat(device.state().lineage()).isEqualTo("second");
    assertThat(device.state().clientCert().keyType()).isEqualTo(ClientKeyType.P_384);

    Made byOldKeyOnly = build("36.15").counter(7).profile(modern).manifestBy(ed, ml).make();
    service.release("second", byOldKeyOnly);
    UpdateOutcome refused = device.update(wire);
    assertThat(((Refused) refused).reason()).isEqualTo(Reason.NO_VARIANT);

    Made byNewKey =
        build("36.16").counter(7).profile(modern).image("main", newImage).manifestBy(ed, ml).make();
    service.release("second", byNewKey);
    assertThat(device.update(wire)).isEqualTo(new Installed(TestFleet.version("36.16")));
  }

  @Test
  void certificateIsRenewedInTheLastThirdOfItsLife() throws IOException {
    service.release("first", build("33.0").make());
    X509Certificate old =
        RSA.device(KEYS.getPublic(), "gw-0001", Instant.parse("2027-01-01T00:00:00Z"));
    TestDevice device =
        TestDevice.at(
            TestDevice.LAYOUT,
            TestFleet.factoryBootloader(),
            ClockClass.RTC,
            build("33.0").make(),
            service.rootBytes("first"),
            new ClientIdentity(KEYS.getPrivate(), RSA.chainOf(old)));
    assertThat(device.update(wire)).isInstanceOf(UpToDate.class);
    assertThat(device.state().clientCert().notAfter())
        .isEqualTo(Instant.parse("2080-01-01T00:00:00Z"));
    assertThat(service.requestedKeys()).hasSize(1).doesNotContain(KEYS.getPublic());
    device.update(wire);
    assertThat(service.requestedKeys()).hasSize(1);
  }

  @Test
  void renewalWhoseAnswerWasLostAsksAgainForTheSameKey() throws IOException {
    service.release(
        "first", build("33.0").profile(profile().clientKey(ClientKeyType.P_384)).make());
    TestDevice device =
        TestDevice.at(
            TestDevice.LAYOUT,
            TestFleet.factoryBootloader(),
            ClockClass.NONE,
            build("33.0").profile(profile().clientKey(ClientKeyType.P_384)).make(),
            service.rootBytes("first"),
            service.rsaIdentity(KEYS));
    service.failPosts(true);
    assertThatThrownBy(() -> device.update(wire)).isInstanceOf(IOException.class);
    assertThat(device.state().clientCert().keyType()).isEqualTo(ClientKeyType.RSA_2048);
    service.failPosts(false);
    assertThat(device.update(wire)).isInstanceOf(UpToDate.class);
    assertThat(device.state().clientCert().keyType()).isEqualTo(ClientKeyType.P_384);
    assertThat(service.requestedKeys()).hasSize(2);
    assertThat(service.requestedKeys().get(0)).isEqualTo(service.requestedKeys().get(1));
  }

  @Test
  void fixedBootloaderRefusesAComponent() throws IOException {
    TestKey newImage = TestKey.of(SignatureSuite.RSA_PSS_3072_SHA256, "image");
    service.release(
        "first",
        build("34.0")
            .image("main", TestFleet.OLD_IMAGE_KEY, newImage)
            .brings(TestFleet.bootloader("boot-2", newImage.bootAnchor()), TestFleet.OLD_IMAGE_KEY)
            .make());
    TestDevice device =
        TestDevice.at(
            TestDevice.LAYOUT,
            TestFleet.fixed(TestFleet.factoryBootloader()),
            ClockClass.NONE,
            build("33.0").make(),
            service.rootBytes("first"),
            service.rsaIdentity(KEYS));
    assertRefused(device, Reason.BOOTLOADER_FIXED);
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
