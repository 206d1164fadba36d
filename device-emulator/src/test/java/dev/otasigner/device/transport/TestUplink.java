package dev.otasigner.device.transport;

import static dev.otasigner.device.testing.TestServer.reply;

import dev.otasigner.device.testing.TestAuthority;
import dev.otasigner.device.testing.TestServer;
import dev.otasigner.device.testing.TestServer.Answer;
import dev.otasigner.device.testing.TestServer.Tls;
import dev.otasigner.verifier.tuf.Pace;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Servers of both generations, and connections to them. */
final class TestUplink {
  private TestUplink() {}

  static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");

  static final String CBC = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256";

  static final TestAuthority RSA = TestAuthority.rsa();

  static final TestAuthority P384 = TestAuthority.p384();

  static final KeyPair RSA_KEYS = TestAuthority.rsaKeys();

  static final KeyPair P384_KEYS = TestAuthority.p384Keys();

  /** For peers that are slow on purpose. */
  static final Timeouts IMPATIENT =
      new Timeouts(
          Duration.ofSeconds(1), Duration.ofMillis(900), new Pace(Duration.ofMillis(300), 4096));

  static final Answer HELLO =
      (request, out) -> reply(out, 200, "hello".getBytes(StandardCharsets.UTF_8));

  static Tls legacy() {
    return new Tls(
        RSA_KEYS,
        RSA.chainOf(RSA.server(RSA_KEYS.getPublic())),
        List.of(RSA.certificate(), P384.certificate()),
        List.of("TLSv1.2"),
        List.of(CBC));
  }

  static Tls modern() {
    return new Tls(
        P384_KEYS,
        P384.chainOf(P384.server(P384_KEYS.getPublic())),
        List.of(RSA.certificate(), P384.certificate()),
        List.of("TLSv1.3"),
        List.of("TLS_AES_256_GCM_SHA384"));
  }

  static Tls serving(X509Certificate server) {
    return new Tls(RSA_KEYS, RSA.chainOf(server), List.of(), List.of("TLSv1.2"), List.of(CBC));
  }

  static TlsPolicy legacyPolicy(TestAuthority authority) {
    return new TlsPolicy(
        List.of("TLSv1.2"), List.of(CBC), List.of(), Set.of(authority.spkiDigest()));
  }

  static TlsPolicy modernPolicy() {
    return new TlsPolicy(
        List.of("TLSv1.3"),
        List.of("TLS_AES_256_GCM_SHA384"),
        List.of(),
        Set.of(P384.spkiDigest()));
  }

  /** The same policy, with these groups alone. */
  static TlsPolicy withGroups(TlsPolicy policy, String... groups) {
    return new TlsPolicy(
        policy.versions(), policy.suites(), List.of(groups), policy.serverAnchors());
  }

  static Optional<ClientIdentity> rsaDevice() {
    X509Certificate leaf = RSA.device(RSA_KEYS.getPublic(), "d1");
    return Optional.of(new ClientIdentity(RSA_KEYS.getPrivate(), RSA.chainOf(leaf)));
  }

  static Optional<ClientIdentity> p384Device() {
    X509Certificate leaf = P384.device(P384_KEYS.getPublic(), "d1");
    return Optional.of(new ClientIdentity(P384_KEYS.getPrivate(), P384.chainOf(leaf)));
  }

  static Uplink uplink(TlsPolicy policy, Optional<ClientIdentity> identity, int... ports) {
    return uplink(policy, identity, NOW, true, ports);
  }

  static Uplink uplink(
      TlsPolicy policy,
      Optional<ClientIdentity> identity,
      Instant now,
      boolean clockRuns,
      int... ports) {
    List<Route> routes =
        java.util.Arrays.stream(ports).mapToObj(p -> new Route("localhost", p)).toList();
    return uplink(policy, identity, now, clockRuns, Timeouts.DEFAULT, routes);
  }

  static Uplink impatient(TestServer server) {
    return uplink(
        legacyPolicy(RSA),
        rsaDevice(),
        NOW,
        true,
        IMPATIENT,
        List.of(new Route("localhost", server.port())));
  }

  static Uplink uplink(
      TlsPolicy policy,
      Optional<ClientIdentity> identity,
      Instant now,
      boolean clockRuns,
      Timeouts timeouts,
      List<Route> routes) {
    return new Uplink(routes, new TlsDialer(policy, identity, now, clockRuns, timeouts), timeouts);
  }

  static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
