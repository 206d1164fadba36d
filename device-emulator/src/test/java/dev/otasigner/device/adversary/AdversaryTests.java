package dev.otasigner.device.adversary;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.agent.UpdateOutcome;
import dev.otasigner.device.agent.UpdateOutcome.Installed;
import dev.otasigner.device.agent.UpdateOutcome.Refused;
import dev.otasigner.device.agent.UpdateOutcome.UpToDate;
import dev.otasigner.device.boot.BootSequence;
import dev.otasigner.device.testing.TestAuthority;
import dev.otasigner.device.testing.TestDevice;
import dev.otasigner.device.testing.TestServer;
import dev.otasigner.device.testing.TestService;
import dev.otasigner.device.transport.Server;
import dev.otasigner.device.transport.Timeouts;
import dev.otasigner.device.transport.TlsDialling;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestBuild;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.testing.TestProfile;
import dev.otasigner.verifier.tuf.Pace;
import dev.otasigner.verifier.tuf.RepositorySimulator;
import dev.otasigner.verifier.tuf.TufKey;
import java.io.IOException;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Whoever has the service's TLS key, or only the wire, is refused by name, and the device that he
 * lied to runs what it ran and takes the next honest build.
 */
class AdversaryTests {
  private static final TestAuthority RSA = TestAuthority.rsa();
  private static final TestAuthority P384 = TestAuthority.p384();
  private static final KeyPair KEYS = TestAuthority.rsaKeys();
  private static final Instant BUILT = Instant.parse("2026-05-01T00:00:00Z");
  private static final String CBC = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256";

  private static final TestKey CLASSICAL = TestKey.of(SignatureSuite.ED25519, "classical");
  private static final TestKey POST_QUANTUM = TestKey.of(SignatureSuite.ML_DSA_65, "post-quantum");
  private static final TestKey POST_QUANTUM_ROOT = TestKey.of(SignatureSuite.ML_DSA_65, "pq-root");

  /** For peers that say nothing. */
  private static final Timeouts IMPATIENT =
      new Timeouts(
          Duration.ofSeconds(2), Duration.ofSeconds(2), new Pace(Duration.ofSeconds(2), 4096));

  private final TestService service = new TestService(RSA, P384);
  private Adversary adversary = unset();
  private Server.Dialling wire = unset();

  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
  private static <T> T unset() {
    return null;
  }

  @BeforeEach
  void placeAdversary() throws IOException {
    adversary = Adversary.before(this::file);
    wire = through(adversary.port());
  }

  @AfterEach
  void removeAdversary() {
    adversary.close();
  }

  private Optional<byte[]> file(String path) {
    String[] parts = path.split("/", 4);
    return parts[1].equals(TestFleet.PRODUCT)
        ? Optional.ofNullable(service.lineage(parts[2]).files().get(parts[3]))
        : Optional.empty();
  }

  private static Server.Dialling through(int port) {
    return new TlsDialling(Map.of(443, port), IMPATIENT);
  }

  private TestProfile profile() {
    return TestFleet.factoryProfile()
        .knowsToo("ed25519")
        .lineage("first")
        .root(service.root("first"))
        .serverAnchors(adversary.anchor());
  }

  private TestBuild build(String version) {
    return TestBuild.of(version).profile(profile()).built(BUILT);
  }

  private TestDevice device() {
    return device(build("33.0").make(), ClockClass.NONE);
  }

  private TestDevice device(Made factory, ClockClass clock) {
    return TestDevice.at(
        TestDevice.LAYOUT,
        TestFleet.factoryBootloader(),
        clock,
        factory,
        service.rootBytes("first"),
        service.rsaIdentity(KEYS));
  }

  /** What the device has taken in while nobody lied. */
  private Recording seenBy(TestDevice device) throws IOException {
    assertThat(device.update(wire)).isInstanceOf(UpToDate.class);
    return adversary.recording();
  }

  /** The device refuses by one of the attack's reasons, still runs, and goes on when it is over. */
  private void assertSurvives(TestDevice device, Attack attack) throws IOException {
    adversary.begin(attack);
    UpdateOutcome outcome = device.update(wire);
    assertThat(adversary.lies()).as("%s was mounted", attack).isPositive();
    assertThat(outcome).as("%s", attack).isInstanceOf(Refused.class);
    Refused refused = (Refused) outcome;
    assertThat(attack.refusals()).as(refused.message()).contains(refused.reason());
    assertStillRuns(device);
    adversary.behave();
    assertThat(device.update(wire)).isEqualTo(new Installed(TestFleet.version("34.0")));
  }

  /** There is nothing to refuse: the device reports that it was not served. */
  private void assertNotServed(TestDevice device, Attack attack) throws IOException {
    adversary.begin(attack);
    assertThatThrownBy(() -> device.update(wire)).isInstanceOf(IOException.class);
    assertThat(adversary.lies()).as("%s was mounted", attack).isPositive();
    assertStillRuns(device);
    adversary.behave();
    assertThat(device.update(wire)).isEqualTo(new Installed(TestFleet.version("34.0")));
  }

  private static void assertStillRuns(TestDevice device) throws IOException {
    assertThat(device.state().running().version()).isEqualTo(TestFleet.FACTORY_VERSION);
    assertThat(BootSequence.reset(device.flash()).isTrial()).isFalse();
  }

  // --- with the server's key

  @Test
  void tamperedImageIsRefused() throws IOException {
    service.release("first", build("34.0").make());
    assertSurvives(device(), Attacks.tamperedImage());
  }

  @Test
  void tamperedManifestIsRefused() throws IOException {
    service.release("first", build("34.0").make());
    assertSurvives(device(), Attacks.tamperedManifest());
  }

  @Test
  void tamperedMetadataIsRefused() throws IOException {
    service.release("first", build("34.0").make());
    assertSurvives(device(), Attacks.tamperedMetadata());
  }

  @Test
  void longerImageIsRefused() throws IOException {
    service.release("first", build("34.0").make());
    assertSurvives(device(), Attacks.longerImage());
  }

  @Test
  void catalogueOfYesterdayIsRefused() throws IOException {
    service.release("first", build("33.0").make());
    seenBy(device());
    Recording yesterday = adversary.recording();
    service.release("first", build("33.0").share(500).make());
    TestDevice device = device();
    seenBy(device);
    service.release("first", build("34.0").make());
    assertSurvives(device, Attacks.rolledBack(yesterday));
  }

  @Test
  void frozenCatalogueIsRefusedOnceItHasExpired() throws IOException {
    service.release("first", build("33.0").make());
    TestDevice device = device(build("33.0").make(), ClockClass.RTC);
    Recording then = seenBy(device);
    Instant later = TestService.NEXT_YEAR.plus(Duration.ofDays(30));
    service.lineage("first").issued(TestService.NEXT_YEAR);
    for (String role : List.of("root", "timestamp", "snapshot", "targets", TestService.ROLE)) {
      service.lineage("first").expires(role, later);
    }
    service.lineage("first").publishRoot();
    service.release("first", build("34.0").make());
    device.clock(TestService.NEXT_YEAR.plus(Duration.ofDays(1)));
    assertSurvives(device, Attacks.frozen(then));
  }

  /** The freeze costs time, not safety: the device stays where it is and says so. */
  @Test
  void frozenCatalogueKeepsTheDeviceWhereItIsUntilThen() throws IOException {
    service.release("first", build("33.0").make());
    TestDevice device = device();
    Recording then = seenBy(device);
    service.release("first", build("34.0").make());
    adversary.begin(Attacks.frozen(then));
    assertThat(device.update(wire)).isInstanceOf(UpToDate.class);
    assertThat(adversary.lies()).isPositive();
  }

  @Test
  void mixedMetadataIsRefused() throws IOException {
    service.release("first", build("33.0").make());
    TestDevice device = device();
    Recording then = seenBy(device);
    service.release("first", build("34.0").make());
    assertSurvives(device, Attacks.mixed(then));
  }

  @Test
  void snapshotInPlaceOfTheTimestampIsRefused() throws IOException {
    service.release("first", build("33.0").make());
    TestDevice device = device();
    Recording then = seenBy(device);
    service.release("first", build("34.0").make());
    assertSurvives(device, Attacks.wrongRole(then));
  }

  @Test
  void withdrawnBuildUnderTodaysMetadataIsRefused() throws IOException {
    service.release("first", build("35.0").make());
    TestDevice victim = device();
    adversary.begin(Attacks.brokenOff());
    assertThatThrownBy(() -> victim.update(wire)).isInstanceOf(IOException.class);
    adversary.behave();
    Recording then = adversary.recording();
    service.release("first", build("34.0").make());
    assertSurvives(device(), Attacks.withdrawnBuild(then));
  }

  @Test
  void withdrawnBuildOfAReplayedCatalogueIsRefusedByWhoHasSeenItGo() throws IOException {
    service.release("first", build("35.0").make());
    TestDevice victim = device();
    adversary.begin(Attacks.brokenOff());
    assertThatThrownBy(() -> victim.update(wire)).isInstanceOf(IOException.class);
    adversary.behave();
    Recording then = adversary.recording();
    service.release("first", build("33.0").make());
    TestDevice device = device();
    seenBy(device);
    service.release("first", build("34.0").make());
    assertSurvives(device, Attacks.rolledBack(then));
  }

  @Test
  void endlessMetadataIsGivenUp() throws IOException {
    service.release("first", build("34.0").make());
    assertSurvives(device(), Attacks.endlessMetadata());
  }

  @Test
  void packedBombIsGivenUp() throws IOException {
    service.release("first", build("34.0").make());
    assertSurvives(device(), Attacks.bomb());
  }

  @Test
  void endlessImageIsGivenUp() throws IOException {
    service.release("first", build("34.0").make());
    assertSurvives(device(), Attacks.endlessImage());
  }

  @Test
  void anotherBuildsImageIsRefused() throws IOException {
    Made other = build("34.1").make();
    service.release("first", build("34.0").make());
    assertSurvives(device(), Attacks.swappedImage(other.image("main")));
  }

  @Test
  void manifestStrippedOfASignatureIsRefused() throws IOException {
    service.release("first", build("34.0").make());
    String signer = TestFleet.OLD_MANIFEST_KEY.keyId().hex();
    assertSurvives(device(), Attacks.strippedManifest(Set.of(signer)));
  }

  // --- hybrids: strict mode asks for both kinds

  private TestProfile hybrid() {
    return TestProfile.all(CLASSICAL, POST_QUANTUM)
        .knowsToo("rsa-pss-2048-sha256")
        .lineage("first")
        .root(service.root("first"))
        .serverAnchors(adversary.anchor());
  }

  private TestDevice hybridDevice() {
    return device(TestBuild.of("33.0").profile(hybrid()).built(BUILT).make(), ClockClass.NONE);
  }

  private Made hybridBuild() {
    return build("34.0").profile(hybrid()).manifestBy(CLASSICAL, POST_QUANTUM).make();
  }

  @Test
  void hybridManifestStrippedOnItsWayIsRefused() throws IOException {
    service.release("first", hybridBuild());
    assertSurvives(hybridDevice(), Attacks.strippedManifest(Set.of(POST_QUANTUM.keyId().hex())));
  }

  /** As by whoever has broken the classical half and has the channel's key besides. */
  @Test
  void hybridManifestStrippedOfItsPostQuantumHalfIsRefusedThoughItIsListed() throws IOException {
    Made honest = hybridBuild();
    byte[] half =
        Edits.without(honest.envelope().toByteArray(), Set.of(POST_QUANTUM.keyId().hex()));
    service.release(
        "first",
        new Made(
            honest.manifest(),
            Bytes.copyOf(half),
            honest.images(),
            honest.component(),
            honest.profile(),
            honest.listing()));
    TestDevice device = hybridDevice();
    UpdateOutcome outcome = device.update(wire);
    assertThat(outcome).isInstanceOf(Refused.class);
    assertThat(((Refused) outcome).reason()).isEqualTo(Reason.MANIFEST_RULE_NOT_MET);
    assertStillRuns(device);
    service.release("first", honest);
    assertThat(device.update(wire)).isEqualTo(new Installed(TestFleet.version("34.0")));
  }

  @Test
  void rootStrippedOfItsPostQuantumHalfIsRefused() throws IOException {
    service.release("first", hybridBuild());
    service.lineage("first").keys("root", 2, RepositorySimulator.key("root"), POST_QUANTUM_ROOT);
    service.lineage("first").publishRoot();
    assertSurvives(
        hybridDevice(),
        Attacks.strippedMetadata(
            "root.json", Set.of(TufKey.of(POST_QUANTUM_ROOT.anchor()).keyId())));
  }

  @Test
  void redirectionIsNotFollowed() throws IOException {
    service.release("first", build("34.0").make());
    String elsewhere = "https://localhost:" + adversary.port() + "/elsewhere";
    assertNotServed(device(), Attacks.redirected(elsewhere));
  }

  @Test
  void imageThatAlwaysBreaksOffIsGivenUpForNow() throws IOException {
    service.release("first", build("34.0").make());
    assertNotServed(device(), Attacks.brokenOff());
  }

  @Test
  void emptiedCatalogueIsNoReasonToForget() throws IOException {
    service.release("first", build("34.0").make());
    assertNotServed(device(), Attacks.emptied());
  }

  // --- the device's identity

  /** The service itself, which lets in who was certified by its authorities. */
  private TestServer trueService() {
    return TestServer.start(
        new TestServer.Tls(
            KEYS,
            RSA.chainOf(RSA.server(KEYS.getPublic())),
            List.of(RSA.certificate(), P384.certificate()),
            List.of("TLSv1.2"),
            List.of(CBC)),
        service.answer());
  }

  /** Under its profile both are the service. */
  private Made buildOfBoth(String version) {
    TestProfile both = profile().serverAnchors(adversary.anchor(), RSA.spkiDigest());
    return build(version).profile(both).make();
  }

  /** He says that the device is nobody, and hands it a certificate that opens nothing. */
  @ParameterizedTest
  @EnumSource(ClockClass.class)
  void deviceThatWasGivenFalseCertificatesIsLetInByTheTrueService(ClockClass clock)
      throws IOException {
    service.release("first", buildOfBoth("34.0"));
    TestDevice device = device(buildOfBoth("33.0"), clock);
    for (int i = 0; i < 5; i++) {
      adversary.begin(Attacks.falseCertificates());
      assertThatThrownBy(() -> device.update(wire)).isInstanceOf(IOException.class);
      assertThat(adversary.lies()).isPositive();
      assertStillRuns(device);
    }
    assertThat(device.steps()).anyMatch(s -> s.startsWith("renew certificate"));
    try (TestServer truth = trueService()) {
      assertThat(device.update(through(truth.port())))
          .isEqualTo(new Installed(TestFleet.version("34.0")));
    }
    assertThat(service.checkIns()).isNotEmpty();
  }

  @Test
  void falseCertificateThatWasAcceptedByWhoGaveItIsNotTheEndOfTheTrueOne() throws IOException {
    service.release("first", buildOfBoth("33.0"));
    TestDevice device = device(buildOfBoth("33.0"), ClockClass.NONE);
    for (int i = 0; i < 5; i++) {
      adversary.begin(Attacks.falseCertificates());
      assertThatThrownBy(() -> device.update(wire)).isInstanceOf(IOException.class);
      adversary.behave();
      // The check-in is answered 200, over the false one.
      assertThat(device.update(wire)).isInstanceOf(UpToDate.class);
    }
    service.release("first", buildOfBoth("34.0"));
    try (TestServer truth = trueService()) {
      assertThat(device.update(through(truth.port())))
          .isEqualTo(new Installed(TestFleet.version("34.0")));
    }
  }

  // --- TLS

  @Test
  void weakerSuiteThanTheProfilesIsNotSpoken() throws IOException {
    service.release("first", build("34.0").make());
    TestDevice device = device();
    try (Adversary weak =
        adversary.offering(
            tls -> tls.setCipherSuites(new String[] {"TLS_RSA_WITH_AES_128_CBC_SHA"}))) {
      assertThatThrownBy(() -> device.update(through(weak.port()))).isInstanceOf(IOException.class);
    }
    assertStillRuns(device);
    assertThat(device.update(wire)).isInstanceOf(Installed.class);
  }

  @Test
  void olderVersionThanTheProfilesIsNotSpoken() throws IOException {
    TestProfile modern = profile().tls(List.of("TLSv1.3"), List.of("TLS_AES_256_GCM_SHA384"));
    service.release("first", build("34.0").make());
    TestDevice device =
        device(TestBuild.of("33.0").profile(modern).built(BUILT).make(), ClockClass.NONE);
    try (Adversary old = adversary.offering(tls -> tls.setProtocols(new String[] {"TLSv1.2"}))) {
      assertThatThrownBy(() -> device.update(through(old.port()))).isInstanceOf(IOException.class);
    }
    assertStillRuns(device);
    assertThat(device.update(wire)).isInstanceOf(Installed.class);
  }

  // --- with nothing but the wire

  @Test
  void offerOfTls13ThatIsTakenOutOfTheHandshakeIsMissed() throws IOException {
    TestProfile both =
        profile().tls(List.of("TLSv1.3", "TLSv1.2"), List.of("TLS_AES_256_GCM_SHA384", CBC));
    service.release("first", build("34.0").make());
    TestDevice device =
        device(TestBuild.of("33.0").profile(both).built(BUILT).make(), ClockClass.NONE);
    try (Relay relay = Relay.to(adversary.port())) {
      relay.begin(Relay.downgrading());
      assertThatThrownBy(() -> device.update(through(relay.port())))
          .isInstanceOf(IOException.class);
      assertThat(relay.touched()).isPositive();
      assertStillRuns(device);
      relay.behave();
      assertThat(device.update(through(relay.port()))).isInstanceOf(Installed.class);
      assertThat(device.steps()).anyMatch(s -> s.startsWith("connect") && s.contains("TLSv1.3"));
    }
  }

  @Test
  void bitThatIsChangedAnywhereInTheWireIsNoticed() throws IOException {
    service.release("first", build("34.0").make());
    for (long at : List.of(3L, 40L, 600L, 1_500L, 4_000L, 9_000L)) {
      TestDevice device = device();
      try (Relay relay = Relay.to(adversary.port())) {
        relay.begin(Relay.flipping(Relay.From.SERVER, at));
        assertThatThrownBy(() -> device.update(through(relay.port())))
            .as("octet %s", at)
            .isInstanceOf(IOException.class);
        assertThat(relay.touched()).isPositive();
        assertStillRuns(device);
        relay.behave();
        assertThat(device.update(through(relay.port()))).isInstanceOf(Installed.class);
      }
    }
  }

  @Test
  void connectionThatIsResetAgainAndAgainLosesNothing() throws IOException {
    service.release("first", build("34.0").make());
    TestDevice device = device();
    try (Relay relay = Relay.to(adversary.port())) {
      int resets = 0;
      UpdateOutcome outcome = null;
      for (long at = 2_000; outcome == null; at += 4_000) {
        relay.begin(Relay.resetting(Relay.From.SERVER, at));
        try {
          outcome = device.update(through(relay.port()));
        } catch (IOException e) {
          resets++;
          assertStillRuns(device);
        }
      }
      assertThat(outcome).isInstanceOf(Installed.class);
      assertThat(resets).isGreaterThan(2);
    }
  }
}
