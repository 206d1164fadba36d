package dev.otasigner.device.transport;

import static dev.otasigner.device.testing.TestServer.reply;
import static dev.otasigner.device.transport.TestUplink.HELLO;
import static dev.otasigner.device.transport.TestUplink.NOW;
import static dev.otasigner.device.transport.TestUplink.RSA;
import static dev.otasigner.device.transport.TestUplink.RSA_KEYS;
import static dev.otasigner.device.transport.TestUplink.legacy;
import static dev.otasigner.device.transport.TestUplink.legacyPolicy;
import static dev.otasigner.device.transport.TestUplink.modern;
import static dev.otasigner.device.transport.TestUplink.modernPolicy;
import static dev.otasigner.device.transport.TestUplink.p384Device;
import static dev.otasigner.device.transport.TestUplink.rsaDevice;
import static dev.otasigner.device.transport.TestUplink.uplink;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.adversary.Relay;
import dev.otasigner.device.adversary.Relay.From;
import dev.otasigner.device.testing.TestServer;
import dev.otasigner.device.testing.TestServer.Answer;
import dev.otasigner.device.testing.TestServer.Tls;
import dev.otasigner.verifier.tuf.Pace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Somebody on the way, without a key, lets bytes of TLS drip one by one. No byte is late by itself.
 */
class DrippingWireTests {
  private static final Duration BETWEEN = Duration.ofMillis(20);

  /** Silence would be waited for longer than any of these tests lasts. */
  private static final Timeouts TIMEOUTS =
      new Timeouts(
          Duration.ofSeconds(5),
          Duration.ofMinutes(5),
          new Pace(Duration.ofMillis(400), 4096),
          Duration.ofSeconds(5));

  private record Kind(String name, Tls tls, TlsPolicy policy, Optional<ClientIdentity> identity) {
    Uplink through(Relay relay, Timeouts timeouts) {
      return uplink(
          policy, identity, NOW, true, timeouts, List.of(new Route("localhost", relay.port())));
    }

    @Override
    public String toString() {
      return name;
    }
  }

  static List<Kind> kinds() {
    return List.of(
        new Kind("TLS 1.2", legacy(), legacyPolicy(RSA), rsaDevice()),
        new Kind("TLS 1.3", modern(), modernPolicy(), p384Device()),
        new Kind(
            "Bouncy Castle",
            new Tls(
                    RSA_KEYS,
                    RSA.chainOf(RSA.server(RSA_KEYS.getPublic())),
                    List.of(RSA.certificate()),
                    List.of("TLSv1.3"),
                    List.of("TLS_AES_256_GCM_SHA384"))
                .withGroups("X25519MLKEM768"),
            new TlsPolicy(
                List.of("TLSv1.3"),
                List.of("TLS_AES_256_GCM_SHA384"),
                List.of("X25519MLKEM768"),
                Set.of(RSA.spkiDigest())),
            rsaDevice()));
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void headInsideARecordIsGivenUp(Kind kind) throws IOException {
    CompletableFuture<Relay> way = new CompletableFuture<>();
    Answer answer =
        (request, out) -> {
          way.join().drip(From.SERVER, BETWEEN);
          return reply(out, 200, new byte[1000]);
        };
    try (TestServer server = TestServer.start(kind.tls(), answer);
        Relay relay = Relay.to(server.port());
        Uplink uplink = kind.through(relay, TIMEOUTS)) {
      way.complete(relay);
      assertThatThrownBy(() -> uplink.get("/x", 10_000))
          .hasStackTraceContaining("takes too long to answer");
      assertThat(relay.touched()).isPositive();
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void bodyInsideARecordIsGivenUp(Kind kind) throws IOException {
    CountDownLatch dripping = new CountDownLatch(1);
    Answer answer =
        (request, out) -> {
          out.write(
              "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
          out.flush();
          await(dripping);
          out.write(new byte[10_000]);
          return true;
        };
    try (TestServer server = TestServer.start(kind.tls(), answer);
        Relay relay = Relay.to(server.port());
        Uplink uplink = kind.through(relay, TIMEOUTS)) {
      Server.Download download = uplink.download("/x", 0);
      relay.drip(From.SERVER, BETWEEN);
      dripping.countDown();
      assertThatThrownBy(() -> download.body().readAllBytes())
          .hasStackTraceContaining("too slow: 0 bytes");
      assertThat(relay.touched()).isPositive();
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void handshakeIsGivenUp(Kind kind) throws IOException {
    Timeouts timeouts =
        new Timeouts(TIMEOUTS.connect(), TIMEOUTS.stall(), TIMEOUTS.pace(), Duration.ofMillis(400));
    try (TestServer server = TestServer.start(kind.tls(), HELLO);
        Relay relay = Relay.to(server.port());
        Uplink uplink = kind.through(relay, timeouts)) {
      relay.drip(From.SERVER, BETWEEN);
      assertThatThrownBy(() -> uplink.get("/x", 100)).hasStackTraceContaining("given up after");
      assertThat(relay.touched()).isPositive();
    }
  }

  private static void await(CountDownLatch latch) throws IOException {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }
}
