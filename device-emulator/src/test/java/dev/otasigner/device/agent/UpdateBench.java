package dev.otasigner.device.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.device.agent.UpdateOutcome.Refused;
import dev.otasigner.device.boot.BootSequence;
import dev.otasigner.device.testing.TestAuthority;
import dev.otasigner.device.testing.TestDevice;
import dev.otasigner.device.testing.TestServer;
import dev.otasigner.device.testing.TestService;
import dev.otasigner.device.transport.ClientIdentity;
import dev.otasigner.device.transport.Server;
import dev.otasigner.device.transport.Timeouts;
import dev.otasigner.device.transport.TlsDialling;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.testing.TestBuild;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.testing.TestProfile;
import java.io.IOException;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;

/** A device of the factory's build, and its service behind real TLS. */
abstract class UpdateBench {
  static final TestAuthority RSA = TestAuthority.rsa();

  static final TestAuthority P384 = TestAuthority.p384();

  static final KeyPair KEYS = TestAuthority.rsaKeys();

  static final Instant BUILT = Instant.parse("2026-05-01T00:00:00Z");

  final TestService service = new TestService(RSA, P384);

  final TestServer server =
      TestServer.start(
          new TestServer.Tls(
              KEYS,
              RSA.chainOf(RSA.server(KEYS.getPublic())),
              List.of(RSA.certificate(), P384.certificate()),
              List.of("TLSv1.2"),
              List.of("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256")),
          service.answer());

  /** Real TLS, as the profile of the running build says. */
  final Server.Dialling wire = new TlsDialling(Map.of(443, server.port()), Timeouts.DEFAULT);

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  TestProfile profile() {
    return TestFleet.factoryProfile()
        .knowsToo("ed25519")
        .lineage("first")
        .root(service.root("first"))
        .serverAnchors(RSA.spkiDigest());
  }

  TestBuild build(String version) {
    return TestBuild.of(version).profile(profile()).built(BUILT);
  }

  TestDevice device() {
    return device(ClockClass.NONE);
  }

  TestDevice device(ClockClass clock) {
    return device(clock, service.rsaIdentity(KEYS));
  }

  /** With a certificate of this time. */
  TestDevice device(ClockClass clock, Instant notBefore, Instant notAfter) {
    X509Certificate leaf = RSA.device(KEYS.getPublic(), "gw-0001", notBefore, notAfter);
    return device(clock, new ClientIdentity(KEYS.getPrivate(), RSA.chainOf(leaf)));
  }

  private TestDevice device(ClockClass clock, ClientIdentity identity) {
    return TestDevice.at(
        TestDevice.LAYOUT,
        TestFleet.factoryBootloader(),
        clock,
        build("33.0").make(),
        service.rootBytes("first"),
        identity);
  }

  void assertRefused(TestDevice device, Reason reason) throws IOException {
    UpdateOutcome outcome = device.update(wire);
    assertThat(outcome).isInstanceOf(Refused.class);
    assertThat(((Refused) outcome).reason()).as(((Refused) outcome).message()).isEqualTo(reason);
    assertThat(device.state().running().version()).isEqualTo(TestFleet.FACTORY_VERSION);
    // And it still runs: what was refused is nowhere in its way.
    assertThat(BootSequence.reset(device.flash()).isTrial()).isFalse();
  }
}
