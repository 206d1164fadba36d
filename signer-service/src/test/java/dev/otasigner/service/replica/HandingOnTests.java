package dev.otasigner.service.replica;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.otasigner.keys.Lease;
import dev.otasigner.verifier.Digest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;

/** The service on stand-by, and an active one that says what it was sent. */
@SuppressWarnings("NullAway.Init")
class HandingOnTests {
  @TempDir Path shared;
  private final HttpClient http = HttpClient.newHttpClient();
  private final StandBy standBy = new StandBy(Duration.ofSeconds(10));
  private final CountDownLatch answering = new CountDownLatch(1);
  private HttpServer active;
  private ReplicaSettings settings;
  private ConfigurableApplicationContext context;
  private String own;
  private volatile @Nullable HttpExchange asked;
  private volatile String body = "";

  @BeforeEach
  void start() throws IOException {
    settings = new ReplicaSettings(shared, URI.create("http://127.0.0.1:9"), Lease.USUAL);
    Files.createDirectories(settings.directory());
    ReplicaSecret secret = ReplicaSecret.in(settings.directory());
    active = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    active.setExecutor(Executors.newCachedThreadPool());
    active.createContext("/", this::answer);
    active.start();
    announce(Set.of());
    SpringApplication application = new SpringApplication(StandByConfiguration.class);
    application.addInitializers(started -> Replicas.register(started, settings, secret, standBy));
    context = application.run("--server.port=0", "--signer.data=" + shared.resolve("own"));
    WebServerApplicationContext web = (WebServerApplicationContext) context;
    own = "http://127.0.0.1:" + Objects.requireNonNull(web.getWebServer()).getPort();
  }

  @AfterEach
  void stop() {
    answering.countDown();
    context.close();
    active.stop(0);
  }

  private void announce(Set<Digest> pins) throws IOException {
    new ActiveReplica(7, URI.create("http://127.0.0.1:" + active.getAddress().getPort()), pins)
        .write(settings.directory());
  }

  private void answer(HttpExchange exchange) throws IOException {
    body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    asked = exchange;
    if (exchange.getRequestURI().getPath().equals("/api/v1/slow")) {
      try {
        answering.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    byte[] answer = "answered".getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("X-Request-Id", "one");
    exchange.sendResponseHeaders(201, answer.length);
    exchange.getResponseBody().write(answer);
    exchange.close();
  }

  private HttpExchange asked() {
    return Objects.requireNonNull(asked, "the active one was asked nothing");
  }

  private HttpResponse<String> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return http.send(request.timeout(Duration.ofSeconds(20)).build(), BodyHandlers.ofString());
  }

  private HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(URI.create(own + path));
  }

  private static void assertToldToWait(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.headers().firstValueAsLong("Retry-After").orElse(0)).isPositive();
    assertThat(answer.body()).contains("urn:ota:problem:token-unavailable");
  }

  @Test
  void aRequestIsHandedOnWholeWithTheCallersOwnCredentials() throws Exception {
    HttpResponse<String> answer =
        send(
            to("/api/v1/builds?page=2&q=a%20b")
                .header("Authorization", "Bearer the-callers")
                .header("Idempotency-Key", "k1")
                .header(HandedOnRequests.SOURCE, "192.0.2.77")
                .POST(BodyPublishers.ofString("{\"a\":1}")));
    assertThat(answer.statusCode()).isEqualTo(201);
    assertThat(answer.body()).isEqualTo("answered");
    assertThat(answer.headers().firstValue("X-Request-Id")).hasValue("one");
    assertThat(body).isEqualTo("{\"a\":1}");
    assertThat(asked().getRequestMethod()).isEqualTo("POST");
    assertThat(asked().getRequestURI().toString()).isEqualTo("/api/v1/builds?page=2&q=a%20b");
    assertThat(asked().getRequestHeaders().getFirst("Authorization"))
        .isEqualTo("Bearer the-callers");
    assertThat(asked().getRequestHeaders().getFirst("Idempotency-Key")).isEqualTo("k1");
    assertThat(asked().getRequestHeaders().get(HandedOnRequests.SOURCE))
        .as("where it came from, and not what the caller says")
        .containsExactly("127.0.0.1");
    assertThat(
            ReplicaSecret.in(settings.directory())
                .isMark(
                    asked().getRequestHeaders().getFirst(HandedOnRequests.MARK),
                    7,
                    "POST",
                    "/api/v1/builds?page=2&q=a%20b",
                    "127.0.0.1"))
        .isTrue();
  }

  @Test
  void whatWasHandedOnOnceIsNotHandedOnAgain() throws Exception {
    assertToldToWait(send(to("/api/v1/builds").header(HandedOnRequests.MARK, "00")));
    assertThat(asked).isNull();
  }

  @Test
  void nothingIsHandedOnToOneThatShowsNoLife() throws Exception {
    standBy.silent(Duration.ofSeconds(3));
    HttpResponse<String> answer = send(to("/api/v1/builds"));
    assertToldToWait(answer);
    assertThat(answer.headers().firstValue("Retry-After")).hasValue("17");
    assertThat(asked).isNull();
  }

  /** It froze with the request in its hands. */
  @Test
  void aCallerDoesNotWaitForOneThatShowsNoLifeAnyMore() throws Exception {
    CompletableFuture<HttpResponse<String>> answer =
        http.sendAsync(to("/api/v1/slow").build(), BodyHandlers.ofString());
    while (asked == null) {
      Thread.onSpinWait();
    }
    standBy.silent(Duration.ofSeconds(3));
    assertToldToWait(answer.get());
  }

  @Test
  void oneThatCanNotBeReachedIsSaidToBeSo() throws Exception {
    active.stop(0);
    assertToldToWait(send(to("/api/v1/builds")));
  }

  @Test
  void nothingIsHandedOnBeforeAnyServiceWasActive() throws Exception {
    Files.delete(settings.directory().resolve("active.json"));
    assertToldToWait(send(to("/api/v1/builds")));
  }

  @Test
  void nothingIsHandedOnToItself() throws Exception {
    new ActiveReplica(7, settings.address(), Set.of()).write(settings.directory());
    HttpResponse<String> answer = send(to("/api/v1/builds"));
    assertToldToWait(answer);
    assertThat(answer.body()).as("it was not even tried").contains("no service is active");
  }

  @Test
  void theCatalogueIsServedWithoutTheActiveOne() throws Exception {
    Path metadata = shared.resolve("catalogue/thermostat/default/metadata");
    Files.createDirectories(metadata);
    Files.writeString(metadata.resolve("timestamp.json"), "{}");
    standBy.silent(Duration.ofSeconds(60));
    HttpResponse<String> answer = send(to("/catalogue/thermostat/default/metadata/timestamp.json"));
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("{}");
    assertThat(send(to("/catalogue/thermostat/default/metadata/1.root.json")).statusCode())
        .isEqualTo(404);
    assertThat(asked).isNull();
  }

  @Test
  void itsHealthSaysThatItStandsBy() throws Exception {
    HttpResponse<String> answer = send(to("/actuator/health"));
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body())
        .contains("\"role\":\"stand-by\"")
        .contains("\"active\":\"http://127.0.0.1:" + active.getAddress().getPort());
    assertThat(asked).isNull();
  }
}
