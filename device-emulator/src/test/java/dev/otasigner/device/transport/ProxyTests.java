package dev.otasigner.device.transport;

import static dev.otasigner.device.testing.TestServer.reply;
import static dev.otasigner.device.transport.TestUplink.HELLO;
import static dev.otasigner.device.transport.TestUplink.IMPATIENT;
import static dev.otasigner.device.transport.TestUplink.NOW;
import static dev.otasigner.device.transport.TestUplink.RSA;
import static dev.otasigner.device.transport.TestUplink.RSA_KEYS;
import static dev.otasigner.device.transport.TestUplink.legacyPolicy;
import static dev.otasigner.device.transport.TestUplink.rsaDevice;
import static dev.otasigner.device.transport.TestUplink.serving;
import static dev.otasigner.device.transport.TestUplink.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.testing.TestProxy;
import dev.otasigner.device.testing.TestServer;
import dev.otasigner.device.transport.HttpProxy.Login;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Through a proxy that is here, always; a real one is in {@code TinyproxyTests}. */
class ProxyTests {
  /** Nobody but the proxy can look it up. */
  private static final String HOST = "service.invalid";

  private static final Optional<Login> NOBODY = Optional.empty();

  private final TestServer server =
      TestServer.start(serving(RSA.server(RSA_KEYS.getPublic(), HOST)), HELLO);
  private final TestProxy proxy;

  ProxyTests() throws IOException {
    proxy = TestProxy.start().knows(HOST + ":443", server.port());
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
    proxy.close();
  }

  private Uplink through(Optional<Login> login, Route... routes) {
    return uplink(Timeouts.DEFAULT, login, routes);
  }

  private Uplink uplink(Timeouts timeouts, Optional<Login> login, Route... routes) {
    HttpProxy setting = new HttpProxy("127.0.0.1", proxy.port(), login);
    return new Uplink(
        List.of(routes),
        new TlsDialer(legacyPolicy(RSA), rsaDevice(), NOW, true, timeouts),
        timeouts,
        NetworkMemory.of(Optional.of(setting)));
  }

  private static Optional<Login> fred(String password) {
    return Optional.of(new Login("fred", password));
  }

  private String reached(Uplink uplink) throws IOException {
    try (uplink) {
      return text(uplink.get("/x", 100));
    }
  }

  @Test
  void nameIsLookedUpByTheProxy() throws IOException {
    assertThat(reached(through(NOBODY, new Route(HOST, 443)))).isEqualTo("hello");
    assertThat(proxy.heads())
        .containsExactly(
            "CONNECT service.invalid:443 HTTP/1.1\r\nHost: service.invalid:443\r\n\r\n");
  }

  @Test
  void credentialsAreSent() throws IOException {
    proxy.asking("fred", "sésame", 407);
    assertThat(reached(through(fred("sésame"), new Route(HOST, 443)))).isEqualTo("hello");
  }

  @Test
  void missingCredentialsAreSaidToBeMissing() {
    proxy.asking("fred", "sesame", 407);
    assertThatThrownBy(() -> reached(through(NOBODY, new Route(HOST, 443))))
        .isInstanceOf(ProxyException.class)
        .hasMessageStartingWith("proxy authentication failed")
        .hasMessageContaining("asks for a user and a password, and none is set (HTTP 407)");
  }

  @Test
  void wrongPasswordIsAFailureWhetherTheProxySays407Or401() {
    for (int status : new int[] {407, 401}) {
      proxy.asking("fred", "sesame", status);
      assertThatThrownBy(() -> reached(through(fred("hush!"), new Route(HOST, 443))))
          .isInstanceOf(ProxyException.class)
          .hasMessageStartingWith("proxy authentication failed")
          .hasMessageContaining("user fred (HTTP " + status + ")")
          .message()
          .doesNotContain("hush!");
    }
  }

  @Test
  void wrongPasswordIsNotTriedOnEveryPort() {
    proxy.asking("fred", "sesame", 407);
    Route[] routes = {new Route(HOST, 31314), new Route(HOST, 993), new Route(HOST, 443)};
    assertThatThrownBy(() -> reached(through(fred("hush!"), routes)))
        .isInstanceOf(ProxyException.class);
    assertThat(proxy.heads()).hasSize(1);
  }

  @Test
  void portThatTheProxyForbidsLeadsToTheNext() throws IOException {
    proxy.answering(
        (head, client) -> {
          if (head.startsWith("CONNECT " + HOST + ":443 ")) {
            return false;
          }
          TestProxy.write(client, "HTTP/1.1 403 Forbidden\r\n\r\n");
          return true;
        });
    Route[] routes = {new Route(HOST, 31314), new Route(HOST, 993), new Route(HOST, 443)};
    assertThat(reached(through(NOBODY, routes))).isEqualTo("hello");
    assertThat(proxy.heads()).hasSize(3);
  }

  @Test
  void otherStatusIsToldWithTheServer() {
    assertThatThrownBy(() -> reached(through(NOBODY, new Route("elsewhere.invalid", 443))))
        .isInstanceOf(UnreachableException.class)
        .hasMessageContaining("does not connect to elsewhere.invalid:443: HTTP 502");
  }

  @Test
  void redirectOfTheProxyIsNotFollowed() {
    says("HTTP/1.1 302 Found\r\nLocation: http://elsewhere.invalid/\r\n\r\n");
    assertThatThrownBy(() -> reached(through(NOBODY, new Route(HOST, 443))))
        .hasMessageContaining("HTTP 302");
  }

  @Test
  void nobodyAtTheProxysPortIsSaidOnceAndForAllRoutes() throws IOException {
    proxy.close();
    Route[] routes = {new Route(HOST, 31314), new Route(HOST, 443)};
    assertThatThrownBy(() -> reached(through(NOBODY, routes)))
        .isInstanceOf(ProxyException.class)
        .hasMessageContaining("proxy 127.0.0.1:" + proxy.port() + " is not reached");
  }

  @Test
  void interimAnswersAreSkippedButNotForEver() throws IOException {
    proxy.answering(
        (head, client) -> {
          TestProxy.write(
              client, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nX: y\r\n\r\n");
          return false;
        });
    assertThat(reached(through(NOBODY, new Route(HOST, 443)))).isEqualTo("hello");
    says("HTTP/1.1 100 Continue\r\n\r\n".repeat(6));
    assertThatThrownBy(() -> reached(through(NOBODY, new Route(HOST, 443))))
        .hasMessageContaining("interim");
  }

  @Test
  void headOver8KilobytesIsGivenUp() {
    says("HTTP/1.1 200 OK\r\n" + "X-Filler: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n".repeat(300));
    assertThatThrownBy(() -> reached(through(NOBODY, new Route(HOST, 443))))
        .hasMessageContaining("over 8192 bytes");
  }

  @Test
  void statusLineWithoutEndIsGivenUp() {
    says("HTTP/1.1 200 " + "O".repeat(20_000));
    assertThatThrownBy(() -> reached(through(NOBODY, new Route(HOST, 443))))
        .hasMessageContaining("over 8192 bytes");
  }

  @Test
  void truncatedHeadIsAnError() {
    says("HTTP/1.1 200 OK\r\nX: ");
    assertThatThrownBy(() -> reached(through(NOBODY, new Route(HOST, 443))))
        .hasMessageContaining("closed the connection inside its answer");
  }

  @Test
  void answerThatIsNotHttpIsAnError() {
    says("SSH-2.0-OpenSSH_9.2\r\n");
    assertThatThrownBy(() -> reached(through(NOBODY, new Route(HOST, 443))))
        .hasMessageContaining("its answer is not HTTP");
  }

  @Test
  void silentProxyIsGivenUp() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        Uplink uplink =
            new Uplink(
                List.of(new Route(HOST, 443)),
                new TlsDialer(legacyPolicy(RSA), rsaDevice(), NOW, true, IMPATIENT),
                IMPATIENT,
                NetworkMemory.of(
                    Optional.of(new HttpProxy("127.0.0.1", silent.getLocalPort(), NOBODY))))) {
      assertThatThrownBy(() -> uplink.get("/x", 100)).hasMessageContaining("timed out after");
    }
  }

  @Test
  void drippingHeadIsGivenUp() {
    proxy.answering(
        (head, client) -> {
          TestProxy.write(client, "HTTP/1.1 200 OK\r\n");
          for (int i = 0; i < 200; i++) {
            TestProxy.write(client, "X: y\r\n");
            UplinkBodyTests.pause(50);
          }
          return true;
        });
    Timeouts timeouts =
        new Timeouts(
            IMPATIENT.connect(), IMPATIENT.stall(), IMPATIENT.pace(), Duration.ofMillis(700));
    assertThatThrownBy(() -> reached(uplink(timeouts, NOBODY, new Route(HOST, 443))))
        .hasMessageContaining("given up after");
  }

  @Test
  void bytesThatFollowTheHeadAreNotTakenForTheServers() {
    says("HTTP/1.1 200 OK\r\n\r\n\u0016\u0003\u0003\u0000\u0004abcd");
    assertThatThrownBy(() -> reached(through(NOBODY, new Route(HOST, 443))))
        .hasMessageContaining("bytes follow its answer before any were sent");
    assertThat(server.connections()).isZero();
  }

  @Test
  void proxyThatSaysYesAndTalksPlainlyIsNoServer() {
    proxy.answering(
        (head, client) -> {
          TestProxy.write(client, "HTTP/1.1 200 OK\r\n\r\n");
          // The first byte of the device's ClientHello is here before anything is said.
          client.getInputStream().read();
          TestProxy.write(client, "HTTP/1.1 400 This is a web page\r\n\r\n<html>");
          return true;
        });
    assertThatThrownBy(() -> reached(through(NOBODY, new Route(HOST, 443))))
        .isInstanceOf(UnreachableException.class)
        .hasMessageContaining(HOST + ":443 through proxy 127.0.0.1:" + proxy.port());
  }

  @Test
  void proxyThatLeadsToAnotherServerIsNoticedByTheCertificate() throws IOException {
    X509Certificate other = RSA.server(RSA_KEYS.getPublic(), "other.invalid");
    try (TestServer wrong = TestServer.start(serving(other), HELLO)) {
      proxy.knows(HOST + ":443", wrong.port());
      assertThatThrownBy(() -> reached(through(NOBODY, new Route(HOST, 443))))
          .isInstanceOf(UnreachableException.class)
          .hasMessageContaining("certificate does not name " + HOST);
      assertThat(wrong.requests()).isEmpty();
    }
  }

  @Test
  void proxyThatDiesInsideABodyIsAnErrorAndTheNextConnectionGoesOn() throws IOException {
    byte[] file = new byte[200_000];
    try (TestServer large =
            TestServer.start(
                serving(RSA.server(RSA_KEYS.getPublic(), HOST)),
                (request, out) -> reply(out, 200, file));
        TestProxy second = TestProxy.start().knows(HOST + ":443", large.port())) {
      proxy.knows(HOST + ":443", large.port()).dyingAfter(50_000);
      HttpProxy[] set = {
        new HttpProxy("127.0.0.1", proxy.port(), NOBODY),
        new HttpProxy("127.0.0.1", second.port(), NOBODY)
      };
      int[] asked = {0};
      NetworkMemory changing = new ChangingProxy(() -> set[asked[0]++]);
      try (Uplink uplink =
          new Uplink(
              List.of(new Route(HOST, 443)),
              new TlsDialer(legacyPolicy(RSA), rsaDevice(), NOW, true, IMPATIENT),
              IMPATIENT,
              changing)) {
        assertThatThrownBy(() -> uplink.get("/f", 300_000)).isInstanceOf(IOException.class);
        assertThat(uplink.get("/f", 300_000)).hasSize(200_000);
      }
    }
  }

  @Test
  void settingCountsFromTheNextConnectionOn() throws IOException {
    HttpProxy[] now = {new HttpProxy("127.0.0.1", proxy.port(), NOBODY)};
    int[] dialled = {0};
    NetworkMemory changing =
        new ChangingProxy(
            () -> {
              dialled[0]++;
              return now[0];
            });
    int[] count = {0};
    try (TestServer closesAfterTwo =
            TestServer.start(
                serving(RSA.server(RSA_KEYS.getPublic(), HOST)),
                (request, out) -> HELLO.write(request, out) && ++count[0] % 2 != 0);
        TestProxy second = TestProxy.start().knows(HOST + ":443", closesAfterTwo.port());
        Uplink uplink =
            new Uplink(
                List.of(new Route(HOST, 443)),
                new TlsDialer(legacyPolicy(RSA), rsaDevice(), NOW, true, Timeouts.DEFAULT),
                Timeouts.DEFAULT,
                changing)) {
      proxy.knows(HOST + ":443", closesAfterTwo.port());
      uplink.get("/x", 100);
      now[0] = new HttpProxy("127.0.0.1", second.port(), NOBODY);
      uplink.get("/x", 100);
      assertThat(second.heads()).isEmpty();
      uplink.get("/x", 100);
      assertThat(second.heads()).hasSize(1);
      assertThat(dialled[0]).isEqualTo(2);
    }
  }

  @Test
  void hostThatWouldBreakARequestIsNoRoute() {
    for (String host :
        List.of("a\r\nX: y", "a b", "a/b", "", "a:1", "ü.example", "a".repeat(254))) {
      assertThatThrownBy(() -> new Route(host, 443)).isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(new Route("2001:db8::1", 443).authority()).isEqualTo("[2001:db8::1]:443");
  }

  private void says(String answer) {
    proxy.answering(
        (head, client) -> {
          TestProxy.write(client, answer);
          return true;
        });
  }

  private record ChangingProxy(Supplier<HttpProxy> now) implements NetworkMemory {
    @Override
    public Optional<HttpProxy> proxy() {
      return Optional.of(now.get());
    }

    @Override
    public void saveProxy(Optional<HttpProxy> proxy) {
      throw new AssertionError();
    }

    @Override
    public Optional<Worked> worked() {
      return Optional.empty();
    }

    @Override
    public void saveWorked(Worked route) {
      // Of no interest here.
    }
  }
}
