package dev.otasigner.device.transport;

import static dev.otasigner.device.testing.TestServer.reply;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.testing.TestAuthority;
import dev.otasigner.device.testing.TestServer;
import dev.otasigner.device.testing.TestServer.Answer;
import dev.otasigner.device.testing.TestServer.Tls;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.tuf.Pace;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class UplinkTests {
  private static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");
  private static final String CBC = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256";
  private static final TestAuthority RSA = TestAuthority.rsa();
  private static final TestAuthority P384 = TestAuthority.p384();
  private static final KeyPair RSA_KEYS = TestAuthority.rsaKeys();
  private static final KeyPair P384_KEYS = TestAuthority.p384Keys();

  /** For peers that are slow on purpose. */
  private static final Timeouts IMPATIENT =
      new Timeouts(
          Duration.ofSeconds(1), Duration.ofMillis(900), new Pace(Duration.ofMillis(300), 4096));

  private static final Answer HELLO =
      (request, out) -> reply(out, 200, "hello".getBytes(StandardCharsets.UTF_8));

  private static Tls legacy() {
    return new Tls(
        RSA_KEYS,
        RSA.chainOf(RSA.server(RSA_KEYS.getPublic())),
        List.of(RSA.certificate(), P384.certificate()),
        List.of("TLSv1.2"),
        List.of(CBC));
  }

  private static Tls modern() {
    return new Tls(
        P384_KEYS,
        P384.chainOf(P384.server(P384_KEYS.getPublic())),
        List.of(RSA.certificate(), P384.certificate()),
        List.of("TLSv1.3"),
        List.of("TLS_AES_256_GCM_SHA384"));
  }

  private static Tls serving(X509Certificate server) {
    return new Tls(RSA_KEYS, RSA.chainOf(server), List.of(), List.of("TLSv1.2"), List.of(CBC));
  }

  private static TlsPolicy legacyPolicy(TestAuthority authority) {
    return new TlsPolicy(List.of("TLSv1.2"), List.of(CBC), Set.of(authority.spkiDigest()));
  }

  private static TlsPolicy modernPolicy() {
    return new TlsPolicy(
        List.of("TLSv1.3"), List.of("TLS_AES_256_GCM_SHA384"), Set.of(P384.spkiDigest()));
  }

  private static Optional<ClientIdentity> rsaDevice() {
    X509Certificate leaf = RSA.device(RSA_KEYS.getPublic(), "d1");
    return Optional.of(new ClientIdentity(RSA_KEYS.getPrivate(), RSA.chainOf(leaf)));
  }

  private static Optional<ClientIdentity> p384Device() {
    X509Certificate leaf = P384.device(P384_KEYS.getPublic(), "d1");
    return Optional.of(new ClientIdentity(P384_KEYS.getPrivate(), P384.chainOf(leaf)));
  }

  private static Uplink uplink(TlsPolicy policy, Optional<ClientIdentity> identity, int... ports) {
    return uplink(policy, identity, NOW, true, ports);
  }

  private static Uplink uplink(
      TlsPolicy policy,
      Optional<ClientIdentity> identity,
      Instant now,
      boolean clockRuns,
      int... ports) {
    List<Route> routes =
        java.util.Arrays.stream(ports).mapToObj(p -> new Route("localhost", p)).toList();
    return uplink(policy, identity, now, clockRuns, Timeouts.DEFAULT, routes);
  }

  private static Uplink impatient(TestServer server) {
    return uplink(
        legacyPolicy(RSA),
        rsaDevice(),
        NOW,
        true,
        IMPATIENT,
        List.of(new Route("localhost", server.port())));
  }

  private static Uplink uplink(
      TlsPolicy policy,
      Optional<ClientIdentity> identity,
      Instant now,
      boolean clockRuns,
      Timeouts timeouts,
      List<Route> routes) {
    return new Uplink(routes, new TlsDialer(policy, identity, now, clockRuns, timeouts), timeouts);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Test
  void speaksTls12CbcWithAnRsaCertificate() throws IOException {
    try (TestServer server = TestServer.start(legacy(), HELLO);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThat(text(uplink.get("/x", 100))).isEqualTo("hello");
      assertThat(uplink.negotiated().orElseThrow().protocol()).isEqualTo("TLSv1.2");
      assertThat(uplink.negotiated().orElseThrow().suite()).isEqualTo(CBC);
    }
  }

  @Test
  void speaksTls13WithP384OnBothSides() throws IOException {
    try (TestServer server = TestServer.start(modern(), HELLO);
        Uplink uplink = uplink(modernPolicy(), p384Device(), server.port())) {
      assertThat(text(uplink.get("/x", 100))).isEqualTo("hello");
      assertThat(uplink.negotiated().orElseThrow().toString())
          .isEqualTo("TLSv1.3 TLS_AES_256_GCM_SHA384");
    }
  }

  @Test
  void rsaCertificateIsGoodForARenewalOverTls13() throws IOException {
    try (TestServer server = TestServer.start(modern(), HELLO);
        Uplink uplink = uplink(modernPolicy(), rsaDevice(), server.port())) {
      assertThat(text(uplink.get("/x", 100))).isEqualTo("hello");
    }
  }

  @Test
  void profileOfAnotherTimeDoesNotConnect() throws IOException {
    try (TestServer server = TestServer.start(legacy(), HELLO);
        Uplink uplink = uplink(modernPolicy(), p384Device(), server.port())) {
      assertThatThrownBy(() -> uplink.get("/x", 100)).isInstanceOf(UnreachableException.class);
    }
  }

  @Test
  void serverOfAnotherAuthorityIsNotTrusted() throws IOException {
    try (TestServer server = TestServer.start(legacy(), HELLO);
        Uplink uplink = uplink(legacyPolicy(P384), rsaDevice(), server.port())) {
      assertThatThrownBy(() -> uplink.get("/x", 100))
          .isInstanceOf(UnreachableException.class)
          .hasMessageContaining("no authority pinned by the profile");
    }
  }

  @Test
  void certificateMustBeSignedByThePinnedAuthorityItComesWith() throws IOException {
    TestAuthority impostor = TestAuthority.rsa();
    X509Certificate leaf = impostor.server(RSA_KEYS.getPublic());
    Tls tls =
        new Tls(
            RSA_KEYS,
            List.of(leaf, RSA.certificate()),
            List.of(),
            List.of("TLSv1.2"),
            List.of(CBC));
    try (TestServer server = TestServer.start(tls, HELLO);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThatThrownBy(() -> uplink.get("/x", 100)).isInstanceOf(UnreachableException.class);
    }
  }

  @Test
  void certificateMustNameTheHost() throws IOException {
    X509Certificate other = RSA.server(RSA_KEYS.getPublic(), "elsewhere.example");
    try (TestServer server = TestServer.start(serving(other), HELLO);
        Uplink uplink = uplink(legacyPolicy(RSA), Optional.empty(), server.port())) {
      assertThatThrownBy(() -> uplink.get("/x", 100)).hasMessageContaining("does not name");
    }
  }

  @Test
  void serverCertificateThatEndedIsRefused() throws IOException {
    Instant later = Instant.parse("2090-01-01T00:00:00Z");
    Tls tls = serving(RSA.server(RSA_KEYS.getPublic()));
    try (TestServer server = TestServer.start(tls, HELLO);
        Uplink uplink = uplink(legacyPolicy(RSA), Optional.empty(), later, true, server.port())) {
      assertThatThrownBy(() -> uplink.get("/x", 100)).isInstanceOf(UnreachableException.class);
    }
  }

  @Test
  void deviceWithoutAClockTakesACertificateThatBeginsAfterItsFloor() throws IOException {
    Instant floor = Instant.parse("2019-01-01T00:00:00Z");
    Tls tls = serving(RSA.server(RSA_KEYS.getPublic()));
    try (TestServer server = TestServer.start(tls, HELLO);
        Uplink without = uplink(legacyPolicy(RSA), Optional.empty(), floor, false, server.port());
        Uplink with = uplink(legacyPolicy(RSA), Optional.empty(), floor, true, server.port())) {
      assertThat(text(without.get("/x", 100))).isEqualTo("hello");
      assertThatThrownBy(() -> with.get("/x", 100)).isInstanceOf(UnreachableException.class);
    }
  }

  @Test
  void connectionIsKeptBetweenRequestsAndDialledAgainWhenTheServerClosedIt() throws IOException {
    int[] count = {0};
    Answer closesEveryThird = (request, out) -> HELLO.write(request, out) && ++count[0] % 3 != 0;
    try (TestServer server = TestServer.start(legacy(), closesEveryThird);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      for (int i = 0; i < 7; i++) {
        assertThat(text(uplink.get("/x", 100))).isEqualTo("hello");
      }
      assertThat(server.connections()).isEqualTo(3);
    }
  }

  @Test
  void portsAreTriedInOrderAndTheWorkingOneIsRemembered() throws IOException {
    int dead;
    try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      dead = closed.getLocalPort();
    }
    Answer closes =
        (request, out) -> {
          HELLO.write(request, out);
          return false;
        };
    try (TestServer server = TestServer.start(legacy(), closes);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), dead, server.port())) {
      assertThat(text(uplink.get("/x", 100))).isEqualTo("hello");
      assertThat(uplink.negotiated().orElseThrow().address().getPort()).isEqualTo(server.port());
      assertThat(text(uplink.get("/x", 100))).isEqualTo("hello");
    }
  }

  @Test
  void nobodyThereIsUnreachable() throws IOException {
    int dead;
    try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      dead = closed.getLocalPort();
    }
    try (Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), dead)) {
      assertThatThrownBy(() -> uplink.get("/x", 100))
          .isInstanceOf(UnreachableException.class)
          .hasMessageContaining("localhost:" + dead);
    }
  }

  @Test
  void downloadResumesByRange() throws IOException {
    byte[] file = "0123456789".getBytes(StandardCharsets.US_ASCII);
    Answer ranges =
        (request, out) -> {
          assertThat(request.headers()).containsEntry("range", "bytes=4-");
          return reply(
              out, 206, java.util.Arrays.copyOfRange(file, 4, 10), "Content-Range: bytes 4-9/10");
        };
    try (TestServer server = TestServer.start(legacy(), ranges);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      Server.Download download = uplink.download("/f", 4);
      assertThat(download.offset()).isEqualTo(4);
      assertThat(download.totalBytes()).isEqualTo(10);
      assertThat(text(download.body().readAllBytes())).isEqualTo("456789");
    }
  }

  @Test
  void serverWithoutRangesStartsAgainAndSaysSo() throws IOException {
    try (TestServer server = TestServer.start(legacy(), HELLO);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThat(uplink.download("/f", 3).offset()).isZero();
    }
  }

  @Test
  void rangeOtherThanTheOneAskedForIsAnError() throws IOException {
    Answer wrong = (request, out) -> reply(out, 206, new byte[3], "Content-Range: bytes 2-4/10");
    try (TestServer server = TestServer.start(legacy(), wrong);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThatThrownBy(() -> uplink.download("/f", 3)).hasMessageContaining("asked for");
    }
  }

  @Test
  void longBodyIsCutOffAtTheLimit() throws IOException {
    try (TestServer server = TestServer.start(legacy(), HELLO);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThatThrownBy(() -> uplink.get("/x", 4)).isInstanceOf(BodyTooLongException.class);
    }
  }

  @Test
  void packedBodyCountsUnpacked() throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write(new byte[100_000]);
    }
    Answer bomb = (request, out) -> reply(out, 200, packed.toByteArray(), "Content-Encoding: gzip");
    try (TestServer server = TestServer.start(legacy(), bomb);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThat(uplink.get("/x", 100_000)).hasSize(100_000);
      assertThatThrownBy(() -> uplink.get("/x", 99_999)).isInstanceOf(BodyTooLongException.class);
    }
  }

  @Test
  void silenceInsideABodyIsGivenUp() throws IOException {
    Answer stalls = raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123", true);
    try (TestServer server = TestServer.start(legacy(), stalls);
        Uplink uplink = impatient(server)) {
      assertThatThrownBy(() -> uplink.get("/x", 100))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("timed out");
    }
  }

  @Test
  void dripIsGivenUp() throws IOException {
    Answer drips =
        (request, out) -> {
          out.write(
              "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
          for (int i = 0; i < 1000; i++) {
            out.write('x');
            out.flush();
            pause(20);
          }
          return true;
        };
    try (TestServer server = TestServer.start(legacy(), drips);
        Uplink uplink = impatient(server)) {
      assertThatThrownBy(() -> uplink.get("/x", 10_000)).hasMessageContaining("too slow");
    }
  }

  @Test
  void truncatedBodyIsAnError() throws IOException {
    Answer truncates = raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123", false);
    try (TestServer server = TestServer.start(legacy(), truncates);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThatThrownBy(() -> uplink.get("/x", 100)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void chunkedBodyIsReadWhole() throws IOException {
    Answer chunked =
        raw(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n",
            false);
    try (TestServer server = TestServer.start(legacy(), chunked);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThat(text(uplink.get("/x", 100))).isEqualTo("hello");
    }
  }

  @Test
  void bodyFramedTwiceIsRefused() throws IOException {
    Answer smuggles =
        raw(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
            false);
    try (TestServer server = TestServer.start(legacy(), smuggles);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThatThrownBy(() -> uplink.get("/x", 100)).hasMessageContaining("framing");
    }
  }

  @Test
  void endlessHeadIsGivenUp() throws IOException {
    Answer endless =
        (request, out) -> {
          out.write("HTTP/1.1 200 OK\r\n".getBytes(StandardCharsets.US_ASCII));
          for (int i = 0; i < 10_000; i++) {
            out.write(("X-" + i + ": y\r\n").getBytes(StandardCharsets.US_ASCII));
          }
          return false;
        };
    try (TestServer server = TestServer.start(legacy(), endless);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThatThrownBy(() -> uplink.get("/x", 100)).hasMessageContaining("too many headers");
    }
  }

  @Test
  void serversSentenceIsInTheError() throws IOException {
    byte[] problem = "{\"detail\":\"device d1 is not known\"}".getBytes(StandardCharsets.UTF_8);
    Answer refuses =
        (request, out) -> reply(out, 403, problem, "Content-Type: application/problem+json");
    try (TestServer server = TestServer.start(legacy(), refuses);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThatThrownBy(() -> uplink.post("/x", new byte[2], 201, 100))
          .isInstanceOf(StatusException.class)
          .hasMessageContaining("403")
          .hasMessageContaining("device d1 is not known");
    }
  }

  @Test
  void redirectIsNotFollowed() throws IOException {
    Answer elsewhere =
        (request, out) ->
            request.path().equals("/there")
                ? HELLO.write(request, out)
                : reply(out, 302, new byte[0], "Location: /there");
    try (TestServer server = TestServer.start(legacy(), elsewhere);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThatThrownBy(() -> uplink.get("/here", 100))
          .isInstanceOf(StatusException.class)
          .hasMessageContaining("302");
      assertThat(server.requests()).extracting(TestServer.Request::path).containsExactly("/here");
    }
  }

  @Test
  void postIsNotRepeatedByItself() throws IOException {
    Answer breaks = (request, out) -> request.method().equals("GET") && HELLO.write(request, out);
    try (TestServer server = TestServer.start(legacy(), breaks);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThat(text(uplink.get("/x", 100))).isEqualTo("hello");
      assertThatThrownBy(() -> uplink.post("/x", new byte[2], 200, 100))
          .isInstanceOf(IOException.class);
      assertThat(server.requests()).hasSize(2);
    }
  }

  @Test
  void pinIsTheDigestOfTheAuthoritysPublicKey() {
    assertThat(RSA.spkiDigest())
        .isEqualTo(Digest.of(RSA.certificate().getPublicKey().getEncoded()));
  }

  private static Answer raw(String response, boolean stall) {
    return (request, out) -> {
      out.write(response.getBytes(StandardCharsets.US_ASCII));
      out.flush();
      if (stall) {
        pause(4000);
      }
      return false;
    };
  }

  /** Slowness of a peer is what these tests are about; nothing waits for it but the peer. */
  @SuppressWarnings("ThreadSleepMillis")
  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
