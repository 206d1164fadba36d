package dev.otasigner.device.transport;

import static dev.otasigner.device.testing.TestServer.reply;
import static dev.otasigner.device.transport.TestUplink.HELLO;
import static dev.otasigner.device.transport.TestUplink.IMPATIENT;
import static dev.otasigner.device.transport.TestUplink.NOW;
import static dev.otasigner.device.transport.TestUplink.RSA;
import static dev.otasigner.device.transport.TestUplink.legacy;
import static dev.otasigner.device.transport.TestUplink.legacyPolicy;
import static dev.otasigner.device.transport.TestUplink.rsaDevice;
import static dev.otasigner.device.transport.TestUplink.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.testing.TestServer;
import dev.otasigner.device.testing.TestServer.Answer;
import dev.otasigner.verifier.testing.TestFleet;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Several addresses behind a name, several servers, several ports: some of them dead. */
class UplinkRouteTests {
  /** 127.0.0.1 to 127.0.0.{@code count}: what a name server answers. */
  private static NameLookup addresses(int count) {
    return host -> {
      InetAddress[] all = new InetAddress[count];
      for (int i = 0; i < count; i++) {
        all[i] = InetAddress.getByAddress(host, new byte[] {127, 0, 0, (byte) (i + 1)});
      }
      return all;
    };
  }

  private static InetAddress loopback(int last) throws UnknownHostException {
    return InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) last});
  }

  private static Uplink uplink(
      NameLookup lookup, Timeouts timeouts, NetworkMemory memory, Route... routes) {
    TlsDialer dialer = new TlsDialer(legacyPolicy(RSA), rsaDevice(), NOW, true, timeouts, lookup);
    return new Uplink(List.of(routes), dialer, timeouts, memory);
  }

  private static Uplink uplink(NameLookup lookup, Route... routes) {
    return uplink(lookup, IMPATIENT, NetworkMemory.NONE, routes);
  }

  private static int freePort() throws IOException {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return free.getLocalPort();
    }
  }

  @Test
  void addressThatRefusesIsPassedOver() throws IOException {
    try (TestServer server = TestServer.start(legacy(), HELLO, loopback(3), 0)) {
      for (int i = 0; i < 5; i++) {
        try (Uplink uplink = uplink(addresses(3), new Route("localhost", server.port()))) {
          assertThat(text(uplink.get("/x", 100))).isEqualTo("hello");
          assertThat(uplink.negotiated().orElseThrow().address().getAddress())
              .isEqualTo(loopback(3));
        }
      }
    }
  }

  @Test
  void devicesSpreadOverTheAddresses() throws IOException {
    try (TestServer one = TestServer.start(legacy(), HELLO, loopback(1), 0);
        TestServer two = TestServer.start(legacy(), HELLO, loopback(2), one.port())) {
      // One of two by chance: that all of 40 take the same one is as likely as 1 in 2^39.
      for (int i = 0; i < 40 && (one.connections() == 0 || two.connections() == 0); i++) {
        try (Uplink uplink = uplink(addresses(2), new Route("localhost", one.port()))) {
          uplink.get("/x", 100);
        }
      }
      assertThat(one.connections()).isPositive();
      assertThat(two.connections()).isPositive();
    }
  }

  @Test
  void devicesSpreadOverTheServersOfEachPortInThePortsOrder() {
    List<List<Route>> orders = new ArrayList<>();
    for (int seed = 0; seed < 50; seed++) {
      orders.add(
          Route.of(
              TestFleet.factoryProfile().servers("a", "b", "c").ports(31314, 993, 443).read(),
              Map.of(993, 10993),
              new Random(seed)));
    }
    assertThat(orders)
        .allSatisfy(
            routes ->
                assertThat(routes)
                    .extracting(Route::port)
                    .containsExactly(31314, 31314, 31314, 993, 993, 993, 443, 443, 443));
    assertThat(orders.get(0).get(3).dialledPort()).isEqualTo(10993);
    assertThat(orders.stream().map(o -> o.get(0).host()).distinct()).hasSize(3);
  }

  @Test
  void nameThatIsNoneLeadsNowhere() {
    assertThat(
            Route.of(
                TestFleet.factoryProfile().servers("a b", "good", "x/y").ports(443).read(),
                Map.of(),
                new Random(1)))
        .containsExactly(new Route("good", 443));
  }

  @Test
  void silentAddressesDoNotUseUpTheTimeOfTheOtherPorts() throws IOException {
    Timeouts timeouts =
        new Timeouts(
            Duration.ofMillis(300),
            Duration.ofMillis(300),
            IMPATIENT.pace(),
            Duration.ofSeconds(3));
    try (SilentServer silent = new SilentServer(16);
        TestServer server = TestServer.start(legacy(), HELLO, loopback(1), 0);
        Uplink uplink =
            uplink(
                addresses(16),
                timeouts,
                NetworkMemory.NONE,
                new Route("localhost", silent.port),
                new Route("localhost", server.port()))) {
      assertThat(text(uplink.get("/x", 100))).isEqualTo("hello");
      assertThat(silent.taken.get()).isBetween(1, 6);
    }
  }

  @Test
  void attemptEndsThoughThereAreMoreAddressesToTry() throws IOException {
    Timeouts timeouts =
        new Timeouts(
            Duration.ofMillis(300),
            Duration.ofMillis(300),
            IMPATIENT.pace(),
            Duration.ofMillis(900));
    try (SilentServer silent = new SilentServer(16);
        Uplink uplink =
            uplink(
                addresses(16), timeouts, NetworkMemory.NONE, new Route("localhost", silent.port))) {
      assertThatThrownBy(() -> uplink.get("/x", 100))
          .isInstanceOf(UnreachableException.class)
          .hasMessageContaining("given up after");
      assertThat(silent.taken.get()).isBetween(1, 4);
    }
  }

  @Test
  void drippingHandshakeEndsWithTheAttempt() throws IOException {
    Timeouts timeouts =
        new Timeouts(
            Duration.ofSeconds(1), Duration.ofSeconds(1), IMPATIENT.pace(), Duration.ofMillis(700));
    try (ServerSocket drips = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      Thread thread = new Thread(() -> dripHandshake(drips), "dripping server");
      thread.setDaemon(true);
      thread.start();
      try (Uplink uplink =
          uplink(
              NameLookup.SYSTEM,
              timeouts,
              NetworkMemory.NONE,
              new Route("localhost", drips.getLocalPort()))) {
        assertThatThrownBy(() -> uplink.get("/x", 100)).hasMessageContaining("given up after");
      }
    }
  }

  private static void dripHandshake(ServerSocket drips) {
    try (Socket socket = drips.accept()) {
      // A handshake record that is longer than anybody waits for.
      socket.getOutputStream().write(new byte[] {22, 3, 3, 64, 0, 2, 0, 63, (byte) 252});
      for (int i = 0; i < 500; i++) {
        socket.getOutputStream().write(1);
        UplinkBodyTests.pause(20);
      }
    } catch (IOException e) {
      // The device has given up.
      return;
    }
  }

  @Test
  void connectThatNobodyAnswersIsGivenUp() throws IOException {
    try (ServerSocket full = new ServerSocket(0, 1, loopback(1));
        TestServer server = TestServer.start(legacy(), HELLO, loopback(2), full.getLocalPort())) {
      List<Socket> waiting = fill(full);
      try (Uplink uplink = uplink(addresses(2), new Route("localhost", server.port()))) {
        for (int i = 0; i < 3; i++) {
          assertThat(text(uplink.get("/x", 100))).isEqualTo("hello");
        }
      } finally {
        for (Socket socket : waiting) {
          socket.close();
        }
      }
    }
  }

  /** Connections that nobody accepts, until the system takes no more. */
  private static List<Socket> fill(ServerSocket full) throws IOException {
    List<Socket> waiting = new ArrayList<>();
    while (waiting.size() < 50) {
      Socket socket = new Socket();
      waiting.add(socket);
      try {
        socket.connect(new InetSocketAddress(loopback(1), full.getLocalPort()), 200);
      } catch (SocketTimeoutException e) {
        return waiting;
      }
    }
    return waiting;
  }

  @Test
  void nameThatNobodyAnswersForIsGivenUp() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    NameLookup silent =
        host -> {
          try {
            end.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          throw new UnknownHostException(host);
        };
    Timeouts timeouts =
        new Timeouts(
            Duration.ofSeconds(1), Duration.ofSeconds(1), IMPATIENT.pace(), Duration.ofMillis(300));
    try (Uplink uplink =
        uplink(silent, timeouts, NetworkMemory.NONE, new Route("localhost", 443))) {
      assertThatThrownBy(() -> uplink.get("/x", 100))
          .hasMessageContaining("no answer to the question for the addresses of localhost");
    } finally {
      end.countDown();
    }
  }

  @Test
  void nameThatIsUnknownIsToldAndTheNextServerTried() throws IOException {
    NameLookup one =
        host -> {
          if (host.equals("gone.example")) {
            throw new UnknownHostException(host);
          }
          return new InetAddress[] {loopback(1)};
        };
    try (TestServer server = TestServer.start(legacy(), HELLO);
        Uplink reaches =
            uplink(one, new Route("gone.example", 1), new Route("localhost", server.port()));
        Uplink fails = uplink(one, new Route("gone.example", 1))) {
      assertThat(text(reaches.get("/x", 100))).isEqualTo("hello");
      assertThatThrownBy(() -> fails.get("/x", 100))
          .hasMessageContaining("no address of gone.example is known");
    }
  }

  @Test
  void noMoreThan16AddressesOfANameAreTried() throws IOException {
    assertThat(addresses(40).addresses("x", Deadline.in(Duration.ofSeconds(5)))).hasSize(16);
    NameLookup none = host -> new InetAddress[0];
    assertThatThrownBy(() -> none.addresses("x", Deadline.in(Duration.ofSeconds(5))))
        .isInstanceOf(IOException.class);
  }

  @Test
  void profileThatNamesNoServerLeadsNowhere() throws IOException {
    try (Uplink uplink = uplink(NameLookup.SYSTEM)) {
      assertThatThrownBy(() -> uplink.get("/x", 100))
          .isInstanceOf(UnreachableException.class)
          .hasMessageContaining("the profile names no server");
    }
  }

  @Test
  void serverThatBreaksOffEveryBodyIsLeftForAnotherAddress() throws IOException {
    Answer breaks =
        (request, out) -> {
          out.write(
              "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123"
                  .getBytes(StandardCharsets.US_ASCII));
          return false;
        };
    try (TestServer bad = TestServer.start(legacy(), breaks, loopback(1), 0);
        TestServer good = TestServer.start(legacy(), HELLO, loopback(2), bad.port())) {
      for (int i = 0; i < 20; i++) {
        try (Uplink uplink = uplink(addresses(2), new Route("localhost", bad.port()))) {
          // By chance it is the good one at first; never the bad one twice.
          String answer;
          try {
            answer = text(uplink.get("/x", 100));
          } catch (IOException e) {
            answer = text(uplink.get("/x", 100));
          }
          assertThat(answer).isEqualTo("hello");
        }
      }
      assertThat(good.connections()).isEqualTo(20);
    }
  }

  @Test
  void serverThatBreaksOffEveryBodyIsLeftForAnotherRoute() throws IOException {
    Answer breaks =
        (request, out) -> {
          out.write("HTTP/1.1 200 OK\r\nConte".getBytes(StandardCharsets.US_ASCII));
          return false;
        };
    try (TestServer bad = TestServer.start(legacy(), breaks);
        TestServer good = TestServer.start(legacy(), HELLO);
        Uplink uplink =
            uplink(
                addresses(1),
                new Route("localhost", bad.port()),
                new Route("localhost", good.port()))) {
      assertThatThrownBy(() -> uplink.get("/x", 100)).isInstanceOf(IOException.class);
      assertThat(text(uplink.get("/x", 100))).isEqualTo("hello");
      assertThat(bad.connections()).isEqualTo(1);
    }
  }

  @Test
  void serverThatClosesAnIdleConnectionIsNotLeft() throws IOException {
    Answer closes = (request, out) -> HELLO.write(request, out) && !request.path().equals("/last");
    try (TestServer first = TestServer.start(legacy(), closes);
        TestServer second = TestServer.start(legacy(), HELLO);
        Uplink uplink =
            uplink(
                addresses(1),
                new Route("localhost", first.port()),
                new Route("localhost", second.port()))) {
      for (int i = 0; i < 3; i++) {
        uplink.get("/last", 100);
      }
      assertThat(first.connections()).isEqualTo(3);
      assertThat(second.connections()).isZero();
    }
  }

  @Test
  void routeThatWorkedIsKeptAndTriedFirstByTheNextUplink() throws IOException {
    Kept kept = new Kept();
    int dead = freePort();
    try (TestServer last = TestServer.start(legacy(), HELLO)) {
      Route[] routes = {
        new Route("localhost", 31314, dead),
        new Route("localhost", 993, dead),
        new Route("localhost", 443, last.port())
      };
      try (Uplink uplink = uplink(NameLookup.SYSTEM, IMPATIENT, kept, routes)) {
        uplink.get("/x", 100);
      }
      assertThat(kept.worked()).contains(new NetworkMemory.Worked("localhost", 443));
      List<Integer> dialled = new ArrayList<>();
      try (TestServer first =
              TestServer.start(
                  legacy(),
                  (request, out) -> {
                    dialled.add(31314);
                    return HELLO.write(request, out);
                  });
          Uplink uplink =
              uplink(
                  NameLookup.SYSTEM,
                  IMPATIENT,
                  kept,
                  new Route("localhost", 31314, first.port()),
                  routes[1],
                  routes[2])) {
        uplink.get("/x", 100);
      }
      assertThat(dialled).isEmpty();
      assertThat(last.connections()).isEqualTo(2);
    }
  }

  @Test
  void rememberedRouteThatDiedIsReplaced() throws IOException {
    Kept kept = new Kept();
    kept.saveWorked(new NetworkMemory.Worked("localhost", 443));
    try (TestServer first = TestServer.start(legacy(), HELLO);
        Uplink uplink =
            uplink(
                NameLookup.SYSTEM,
                IMPATIENT,
                kept,
                new Route("localhost", 31314, first.port()),
                new Route("localhost", 443, freePort()))) {
      assertThat(text(uplink.get("/x", 100))).isEqualTo("hello");
      assertThat(kept.worked()).contains(new NetworkMemory.Worked("localhost", 31314));
    }
  }

  @Test
  void rememberedRouteOfAnotherProfileIsNotDialled() throws IOException {
    Kept kept = new Kept();
    kept.saveWorked(new NetworkMemory.Worked("old.example", 443));
    List<String> lookedUp = new ArrayList<>();
    NameLookup noting =
        host -> {
          lookedUp.add(host);
          return new InetAddress[] {loopback(1)};
        };
    try (TestServer server = TestServer.start(legacy(), HELLO);
        Uplink uplink =
            uplink(noting, IMPATIENT, kept, new Route("localhost", 443, server.port()))) {
      uplink.get("/x", 100);
    }
    assertThat(lookedUp).containsExactly("localhost");
  }

  @Test
  void downloadGoesOnAtAnotherServerAfterOneDied() throws IOException {
    byte[] file = new byte[100_000];
    new Random(5).nextBytes(file);
    Answer dies =
        (request, out) -> {
          out.write(
              ("HTTP/1.1 200 OK\r\nContent-Length: " + file.length + "\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
          out.write(file, 0, 40_000);
          return false;
        };
    Answer ranges =
        (request, out) -> {
          int from =
              Integer.parseInt(request.headers().getOrDefault("range", "").replaceAll("\\D", ""));
          return reply(
              out,
              206,
              java.util.Arrays.copyOfRange(file, from, file.length),
              "Content-Range: bytes " + from + "-" + (file.length - 1) + "/" + file.length);
        };
    try (TestServer dying = TestServer.start(legacy(), dies);
        TestServer living = TestServer.start(legacy(), ranges);
        Uplink uplink =
            uplink(
                addresses(1),
                new Route("localhost", dying.port()),
                new Route("localhost", living.port()))) {
      byte[] got = new byte[file.length];
      int[] have = {0};
      assertThatThrownBy(
              () -> {
                Server.Download download = uplink.download("/f", 0);
                for (int n = 0; n >= 0; n = download.body().read(got, have[0], 1000)) {
                  have[0] += n;
                }
              })
          .isInstanceOf(IOException.class);
      assertThat(have[0]).isEqualTo(40_000);
      Server.Download rest = uplink.download("/f", have[0]);
      assertThat(rest.totalBytes()).isEqualTo(file.length);
      rest.body().readNBytes(got, have[0], file.length - have[0]);
      assertThat(got).isEqualTo(file);
    }
  }

  @Test
  void connectionsThatBreakAreWaitedForLongerAndLonger() throws IOException {
    byte[] large = new byte[64 * 1024];
    Answer answers =
        (request, out) -> {
          if (request.path().equals("/good")) {
            return HELLO.write(request, out);
          }
          out.write(
              "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
          out.write(large, 0, request.path().equals("/part") ? large.length : 10);
          return false;
        };
    List<Duration> waits = new ArrayList<>();
    try (TestServer server = TestServer.start(legacy(), answers);
        Uplink uplink =
            new Uplink(
                List.of(new Route("localhost", server.port())),
                new TlsDialer(legacyPolicy(RSA), rsaDevice(), NOW, true, IMPATIENT),
                IMPATIENT,
                NetworkMemory.NONE,
                waits::add)) {
      fetch(uplink, "/good", 3);
      assertThat(waits).isEmpty();
      fetch(uplink, "/bad", 12);
      assertThat(waits).hasSize(11);
      assertThat(waits.subList(6, 11)).anyMatch(w -> w.compareTo(Duration.ofSeconds(1)) > 0);
      assertThat(waits).allMatch(w -> w.compareTo(Duration.ofSeconds(10)) <= 0);
      // What got somewhere is gone on with at once, or nearly so.
      fetch(uplink, "/part", 12);
      assertThat(waits.subList(12, 23)).allMatch(w -> w.compareTo(Duration.ofMillis(250)) <= 0);
      fetch(uplink, "/bad", 5);
      fetch(uplink, "/good", 1);
      waits.clear();
      fetch(uplink, "/good", 1);
      fetch(uplink, "/bad", 2);
      assertThat(waits).hasSize(1).allMatch(w -> w.compareTo(Duration.ofMillis(250)) <= 0);
    }
  }

  private static void fetch(Uplink uplink, String path, int times) {
    for (int i = 0; i < times; i++) {
      try {
        uplink.get(path, 200_000);
        assertThat(path).isEqualTo("/good");
      } catch (IOException e) {
        assertThat(path).isNotEqualTo("/good");
      }
    }
  }

  private static final class Kept implements NetworkMemory {
    private Optional<Worked> worked = Optional.empty();

    @Override
    public Optional<HttpProxy> proxy() {
      return Optional.empty();
    }

    @Override
    public void saveProxy(Optional<HttpProxy> proxy) {
      throw new AssertionError();
    }

    @Override
    public Optional<Worked> worked() {
      return worked;
    }

    @Override
    public void saveWorked(Worked route) {
      worked = Optional.of(route);
    }
  }

  /** Takes connections on a port of several addresses, and says nothing on any. */
  private static final class SilentServer implements AutoCloseable {
    final AtomicInteger taken = new AtomicInteger();
    final int port;
    private final List<ServerSocket> listeners = new ArrayList<>();
    private final List<Socket> sockets = new ArrayList<>();

    SilentServer(int addresses) throws IOException {
      listeners.add(new ServerSocket(0, 50, loopback(1)));
      port = listeners.get(0).getLocalPort();
      for (int i = 2; i <= addresses; i++) {
        listeners.add(new ServerSocket(port, 50, loopback(i)));
      }
      for (ServerSocket listener : listeners) {
        Thread thread = new Thread(() -> take(listener), "silent server");
        thread.setDaemon(true);
        thread.start();
      }
    }

    private void take(ServerSocket listener) {
      try {
        while (!listener.isClosed()) {
          Socket socket = listener.accept();
          taken.incrementAndGet();
          synchronized (sockets) {
            sockets.add(socket);
          }
        }
      } catch (IOException e) {
        // The test is over.
        return;
      }
    }

    @Override
    public void close() throws IOException {
      for (ServerSocket listener : listeners) {
        listener.close();
      }
      synchronized (sockets) {
        for (Socket socket : sockets) {
          socket.close();
        }
      }
    }
  }
}
