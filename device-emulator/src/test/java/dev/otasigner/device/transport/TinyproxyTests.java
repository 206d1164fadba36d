package dev.otasigner.device.transport;

import static dev.otasigner.device.testing.TestServer.reply;
import static dev.otasigner.device.transport.TestUplink.NOW;
import static dev.otasigner.device.transport.TestUplink.RSA;
import static dev.otasigner.device.transport.TestUplink.legacy;
import static dev.otasigner.device.transport.TestUplink.legacyPolicy;
import static dev.otasigner.device.transport.TestUplink.rsaDevice;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.testing.Peer;
import dev.otasigner.device.testing.TestServer;
import dev.otasigner.device.testing.TestServer.Answer;
import dev.otasigner.device.transport.HttpProxy.Login;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Through Debian's tinyproxy; what proxies do wrong is in {@link ProxyTests}. */
class TinyproxyTests {
  private static final byte[] FILE = new byte[300_000];

  static {
    new Random(3).nextBytes(FILE);
  }

  private static final Answer FILES = (request, out) -> reply(out, 200, FILE);

  @TempDir private Path dir;

  private final TestServer server = TestServer.start(legacy(), FILES);
  private int port;
  private @Nullable Peer tinyproxy;

  @BeforeEach
  void start() throws Exception {
    String program = Peer.installed("tinyproxy");
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    Path configuration =
        Files.writeString(
            dir.resolve("tinyproxy.conf"),
            "Port "
                + port
                + "\nListen 127.0.0.1\nAllow 127.0.0.1\nTimeout 60\nMaxClients 20\nLogLevel Info\n"
                + "BasicAuth fred sesame\nConnectPort "
                + server.port()
                + "\n");
    Peer started = Peer.start(List.of(program, "-d", "-c", configuration.toString()));
    tinyproxy = started;
    started.awaitLine(line -> line.contains("Accepting connections"));
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
    if (tinyproxy != null) {
      tinyproxy.close();
    }
  }

  private byte[] get(Optional<Login> login, Route... routes) throws IOException {
    try (Uplink uplink =
        new Uplink(
            List.of(routes),
            new TlsDialer(legacyPolicy(RSA), rsaDevice(), NOW, true, Timeouts.DEFAULT),
            Timeouts.DEFAULT,
            NetworkMemory.of(Optional.of(new HttpProxy("localhost", port, login))))) {
      return uplink.get("/f", 1_000_000);
    }
  }

  private static Optional<Login> fred(String password) {
    return Optional.of(new Login("fred", password));
  }

  private Route route() {
    return new Route("localhost", server.port());
  }

  @Test
  void fileComesThroughWithCredentials() throws IOException {
    assertThat(get(fred("sesame"), route())).isEqualTo(FILE);
    assertThat(server.connections()).isEqualTo(1);
  }

  @Test
  void missingCredentialsAre407() {
    assertThatThrownBy(() -> get(Optional.empty(), route()))
        .isInstanceOf(ProxyException.class)
        .hasMessageContaining("asks for a user and a password, and none is set (HTTP 407)");
    assertThat(server.connections()).isZero();
  }

  @Test
  void wrongPasswordIsTheSameFailureThoughItIs401() {
    assertThatThrownBy(() -> get(fred("wrong"), route()))
        .isInstanceOf(ProxyException.class)
        .hasMessageStartingWith("proxy authentication failed")
        .hasMessageContaining("(HTTP 401)");
    assertThat(server.connections()).isZero();
  }

  @Test
  void portThatItForbidsLeadsToTheNextOne() throws IOException {
    Route forbidden = new Route("localhost", 31314, 1);
    assertThat(get(fred("sesame"), forbidden, route())).isEqualTo(FILE);
    assertThatThrownBy(() -> get(fred("sesame"), forbidden))
        .hasMessageContaining("does not connect to localhost:1: HTTP 403");
  }
}
