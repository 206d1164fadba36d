package dev.otasigner.service.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.otasigner.service.Admin;
import dev.otasigner.service.Contender;
import dev.otasigner.service.MovingClock;
import dev.otasigner.service.OnBothDatabases;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.service.access.Actor;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.report.Ending;
import dev.otasigner.service.report.EndingSource;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.core.env.Environment;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

/** Against receivers that listen, answer badly, answer slowly, or not at all. */
@OnBothDatabases
@ServiceTest
class WebhooksTests {
  private static final String HOOKS = "/api/v1/webhooks";

  @LocalServerPort private int port;
  @Autowired private DataSource database;
  @Autowired private Admin.Printed printed;
  @Autowired private AuditLog audit;
  @Autowired private Webhooks webhooks;
  @Autowired private WebhookStore store;
  @Autowired private WebhookSecrets secrets;
  @Autowired private WebhookSender sender;
  @Autowired private WebhookWatch watch;
  @Autowired private MovingClock clock;
  @Autowired private TransactionTemplate transaction;
  @Autowired private JdbcClient jdbc;
  @Autowired private Environment environment;

  private Admin admin = Admin.anonymous(0);
  private Receiver receiver = new Receiver();

  /** What arrived, and what is answered. */
  private static final class Receiver implements AutoCloseable {
    record Call(Map<String, List<String>> headers, String body) {
      String header(String name) {
        return headers.entrySet().stream()
            .filter(h -> h.getKey().equalsIgnoreCase(name))
            .map(h -> h.getValue().get(0))
            .findFirst()
            .orElseThrow();
      }
    }

    final BlockingQueue<Call> calls = new LinkedBlockingQueue<>();
    final HttpServer server;
    volatile int status = 204;
    volatile boolean drips;

    Receiver() {
      try {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
      server.createContext("/", this::answer);
      server.setExecutor(Executors.newCachedThreadPool());
      server.start();
    }

    private void answer(HttpExchange http) throws IOException {
      String body = new String(http.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      Map<String, List<String>> headers = Map.copyOf(http.getRequestHeaders());
      if (status / 100 == 3) {
        http.getResponseHeaders().set("Location", url() + "/elsewhere");
      }
      http.sendResponseHeaders(status, drips ? 0 : -1);
      calls.add(new Call(headers, body));
      if (drips) {
        try (OutputStream out = http.getResponseBody()) {
          while (true) { // until the caller hangs up
            out.write(new byte[1 << 16]);
            out.flush();
          }
        } catch (IOException e) {
          return;
        }
      }
      http.close();
    }

    String url() {
      return "http://127.0.0.1:" + server.getAddress().getPort() + "/hook";
    }

    Call next() throws InterruptedException {
      Call call = calls.poll(20, TimeUnit.SECONDS);
      assertThat(call).as("a call").isNotNull();
      return java.util.Objects.requireNonNull(call);
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }

  @BeforeEach
  void signIn() {
    admin = Admin.withEveryRole(port, printed.password());
    receiver = new Receiver();
  }

  @AfterEach
  void removeAll() throws Exception {
    clock.reset();
    receiver.close();
    for (Webhook hook : store.all()) {
      admin.delete(HOOKS + "/" + hook.name()).expect(204);
    }
  }

  private String add(String name, String url) {
    return admin
        .post(HOOKS, "{'name':'" + name + "','url':'" + url + "'}")
        .expect(201)
        .string("secret");
  }

  /** Sends until the outbox of this receiver is in a state; the thread that calls is another. */
  private void until(java.util.function.BooleanSupplier state) throws InterruptedException {
    for (int i = 0; i < 400 && !state.getAsBoolean(); i++) {
      sender.send();
      TimeUnit.MILLISECONDS.sleep(50);
    }
    assertThat(state.getAsBoolean()).isTrue();
  }

  private WebhookStore.Standing standing() {
    return store.standing(store.all().get(0).id());
  }

  private int attempts() {
    return jdbc.sql("select max(attempts) from webhook_delivery")
        .query(Integer.class)
        .optional()
        .orElse(0);
  }

  @Test
  void aCallIsSignedAsStandardWebhooksSetsOut() throws Exception {
    String secret = add("one", receiver.url());
    admin.post(HOOKS + "/one/test", "{}").expect(202);
    sender.send();
    Receiver.Call call = receiver.next();
    Mac mac = Mac.getInstance("HmacSHA256");
    byte[] key = Base64.getDecoder().decode(secret.substring("whsec_".length()));
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    String signed =
        call.header("webhook-id") + "." + call.header("webhook-timestamp") + "." + call.body();
    assertThat(call.header("webhook-signature"))
        .isEqualTo(
            "v1,"
                + Base64.getEncoder()
                    .encodeToString(mac.doFinal(signed.getBytes(StandardCharsets.UTF_8))));
    assertThat(call.body()).contains("\"type\":\"test\"");
    until(() -> standing().waiting() == 0);
  }

  @Test
  void theSecretIsSeenOnceAndLiesInAFileOfItsOwn() throws Exception {
    String secret = add("one", receiver.url());
    assertThat(admin.get(HOOKS).expect(200).text()).doesNotContain(secret.substring(6));
    assertThat(jdbc.sql("select * from webhook").query().listOfRows().toString())
        .doesNotContain(secret.substring(6));
    Path file =
        Path.of(environment.getRequiredProperty("signer.data"))
            .resolve("webhooks")
            .resolve(store.all().get(0).id() + ".key");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    admin.delete(HOOKS + "/one").expect(204);
    assertThat(file).doesNotExist();
  }

  @Test
  void whatIsToldBelongsToTheTransactionOfWhatItTells() throws Exception {
    add("one", receiver.url());
    transaction.executeWithoutResult(
        status -> {
          audit.record(Actor.SYSTEM, "request.awaiting-approval", "request:undone", Map.of());
          status.setRollbackOnly();
        });
    assertThat(standing().waiting()).isZero();
    audit.record(Actor.SYSTEM, "request.awaiting-approval", "request:done", Map.of());
    assertThat(standing().waiting()).isEqualTo(1);
    sender.send();
    assertThat(receiver.next().body())
        .contains("\"type\":\"approval.waiting\"", "\"subject\":\"request:done\"");
  }

  @Test
  void aFailedSignatureIsTold() throws Exception {
    add("one", receiver.url());
    audit.record(
        Actor.SYSTEM, "request.failed", "request:x", Map.of("reason", "token-unavailable"));
    sender.send();
    assertThat(receiver.next().body())
        .contains("\"type\":\"signing.failed\"", "\"reason\":\"token-unavailable\"");
  }

  @Test
  void aCallThatFailsIsMadeAgainWithTheSameIdUntilItArrives() throws Exception {
    add("one", receiver.url());
    receiver.status = 500;
    admin.post(HOOKS + "/one/test", "{}").expect(202);
    sender.send();
    String id = receiver.next().header("webhook-id");
    until(() -> attempts() == 1);
    sender.send();
    assertThat(receiver.calls.poll(300, TimeUnit.MILLISECONDS)).as("not at once").isNull();
    assertThat(admin.get(HOOKS).expect(200).text()).contains("answered 500");
    receiver.status = 200;
    clock.advance(Duration.ofSeconds(10));
    sender.send();
    assertThat(receiver.next().header("webhook-id")).isEqualTo(id);
    until(() -> standing().waiting() == 0);
  }

  @Test
  void aCallIsGivenUpInTheEndAndThatIsOnRecord() throws Exception {
    add("one", receiver.url());
    receiver.status = 503;
    admin.post(HOOKS + "/one/test", "{}").expect(202);
    for (int i = 0; i <= WebhookSender.PAUSES.size(); i++) {
      clock.advance(Duration.ofDays(2));
      int before = i;
      until(() -> attempts() > before || standing().waiting() == 0);
    }
    assertThat(standing().waiting()).isZero();
    assertThat(receiver.calls).hasSize(WebhookSender.PAUSES.size() + 1);
    assertThat(
            jdbc.sql(
                    "select record from audit_leaf where record like ? order by position desc limit 1")
                .param("%webhook.given-up%")
                .query(String.class)
                .single())
        .contains("webhook.given-up", "answered 503");
  }

  @Test
  void noRedirectIsFollowed() throws Exception {
    add("one", receiver.url());
    receiver.status = 302;
    admin.post(HOOKS + "/one/test", "{}").expect(202);
    sender.send();
    receiver.next();
    until(() -> attempts() == 1);
    assertThat(receiver.calls).isEmpty();
    assertThat(standing().lastFailure()).hasValue("answered 302, not followed");
  }

  @Test
  void anAnswerThatNeverEndsIsNotRead() throws Exception {
    add("one", receiver.url());
    receiver.status = 200;
    receiver.drips = true;
    admin.post(HOOKS + "/one/test", "{}").expect(202);
    until(() -> standing().waiting() == 0);
  }

  @Test
  void aReceiverThatDoesNotAnswerHoldsUpNoOther() throws Exception {
    try (java.net.ServerSocket silent =
        new java.net.ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      add("a-silent", "http://127.0.0.1:" + silent.getLocalPort() + "/");
      add("one", receiver.url());
      audit.record(Actor.SYSTEM, "request.failed", "request:x", Map.of());
      sender.send();
      receiver.next();
      assertThat(store.standing(store.all().get(0).id()).waiting()).as("still").isEqualTo(1);
    }
  }

  @Test
  void noMoreIsKeptForAReceiverThanItsShare() {
    add("one", receiver.url());
    receiver.status = 500;
    transaction.executeWithoutResult(
        status -> {
          for (int i = 0; i < Webhooks.MAX_WAITING + 5; i++) {
            webhooks.tell(WebhookEvent.SIGNING_FAILED, "request:" + i, Map.of());
          }
        });
    assertThat(standing().waiting()).isEqualTo(Webhooks.MAX_WAITING);
  }

  /** Each is another check, or another way round it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://192.0.2.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[fe80::1]/",
        "https://[fd00:ec2::254]/",
        "https://100.100.100.200/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://[::ffff:169.254.169.254]/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "https://user:secret@127.0.0.1/",
        "https:///",
        "not a url",
        "https://user@127.0.0.1/",
        "https://127.0.0.1/#part"
      })
  void whereNobodyShouldBeCalledIsRefused(String url) {
    admin.post(HOOKS, "{'name':'bad','url':'" + url + "'}").expectProblem(400, "bad-request");
    assertThat(store.all()).isEmpty();
  }

  @Test
  void anAddressOfAnyLengthIsRefused() {
    String url = "https://127.0.0.1/" + "x".repeat(500);
    admin.post(HOOKS, "{'name':'bad','url':'" + url + "'}").expectProblem(400, "bad-request");
  }

  /** A name may lead elsewhere by then: here, what was registered is such a place already. */
  @Test
  void whereNobodyShouldBeCalledIsAskedAgainBeforeTheCall() throws Exception {
    Webhook moved =
        new Webhook(
            UUID.randomUUID(),
            "moved",
            URI.create("https://169.254.169.254/latest"),
            Set.of(WebhookEvent.TEST),
            clock.instant(),
            "user:test");
    store.insert(moved);
    secrets.create(moved.id());
    admin.post(HOOKS + "/moved/test", "{}").expect(202);
    until(() -> attempts() == 1);
    assertThat(standing().lastFailure())
        .hasValueSatisfying(why -> assertThat(why).contains("link-local"));
  }

  @Test
  void aReceiverThatDoesNotAnswerIsGivenUpForNow() throws Exception {
    try (java.net.ServerSocket silent =
        new java.net.ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      add("silent", "http://127.0.0.1:" + silent.getLocalPort() + "/");
      admin.post(HOOKS + "/silent/test", "{}").expect(202);
      until(() -> attempts() == 1);
      assertThat(standing().lastFailure())
          .hasValueSatisfying(why -> assertThat(why).startsWith("HttpTimeoutException"));
    }
  }

  @Test
  void noMoreReceiversAreTakenThanHaveAThreadEach() {
    for (int i = 0; i < Webhooks.MAX_WEBHOOKS; i++) {
      add("hook-" + i, receiver.url());
    }
    admin
        .post(HOOKS, "{'name':'hook-more','url':'" + receiver.url() + "'}")
        .expectProblem(409, "conflict");
  }

  @Test
  void whatIsNotWellFormedIsRefused() {
    admin
        .post(HOOKS, "{'name':'Not a name','url':'" + receiver.url() + "'}")
        .expectProblem(400, "bad-request");
    admin
        .post(HOOKS, "{'name':'x','url':'" + receiver.url() + "','events':['nothing']}")
        .expectProblem(400, "bad-request");
    add("one", receiver.url());
    admin
        .post(HOOKS, "{'name':'one','url':'" + receiver.url() + "'}")
        .expectProblem(409, "conflict");
    admin.delete(HOOKS + "/none").expectProblem(404, "not-found");
    admin.post(HOOKS + "/none/test", "{}").expectProblem(404, "not-found");
  }

  @Test
  void onlyWhatWasChosenIsTold() throws Exception {
    admin
        .post(HOOKS, "{'name':'one','url':'" + receiver.url() + "','events':['approval.waiting']}")
        .expect(201);
    audit.record(Actor.SYSTEM, "request.failed", "request:x", Map.of());
    assertThat(standing().waiting()).isZero();
    audit.record(Actor.SYSTEM, "request.awaiting-approval", "request:x", Map.of());
    assertThat(standing().waiting()).isEqualTo(1);
  }

  @Test
  void anEndThatComesNearIsToldOnce() throws Exception {
    add("one", receiver.url());
    String key = "k" + Long.toHexString(System.nanoTime());
    admin
        .post("/api/v1/api-keys", "{'name':'" + key + "','roles':['auditor'],'days':5}")
        .expect(201);
    watch.look();
    watch.look();
    assertThat(told("API key " + key)).isEqualTo(1);
  }

  private WebhookWatch watching(
      Webhooks webhooks, WebhookStore store, Clock clock, EndingSource... sources) {
    return new WebhookWatch(webhooks, store, List.of(sources), Map.of(), transaction, clock);
  }

  @Test
  void anEndIsToldNoEarlierThanItsSourceHasPeopleKnow() throws Exception {
    add("one", receiver.url());
    String role = "role " + Long.toHexString(System.nanoTime());
    Ending ending = new Ending(role, clock.instant().plusSeconds(86_400), Duration.ofHours(6));
    WebhookWatch watch = watching(webhooks, store, clock, () -> List.of(ending));
    watch.look();
    assertThat(told(role)).as("a day ahead").isZero();
    clock.advance(Duration.ofHours(19));
    watch.look();
    watch.look();
    assertThat(told(role)).as("five hours ahead").isEqualTo(1);
    clock.advance(Duration.ofHours(6));
    watch.look();
    assertThat(told(role)).as("afterwards").isEqualTo(2);
  }

  @Test
  void aSourceThatFailsHidesNoOther() throws Exception {
    add("one", receiver.url());
    String role = "role " + Long.toHexString(System.nanoTime());
    watching(
            webhooks,
            store,
            clock,
            () -> {
              throw new IllegalStateException("unreadable");
            },
            () -> List.of(new Ending(role, clock.instant())))
        .look();
    assertThat(told(role)).isEqualTo(1);
  }

  /** What is too long to be written down stands for a service that is killed right then. */
  @Test
  void whatCouldNotBeToldIsNotNotedAsTold() throws Exception {
    add("one", receiver.url());
    String end = "end" + Long.toHexString(System.nanoTime()) + "x".repeat(9000);
    watching(webhooks, store, clock, () -> List.of(new Ending(end, clock.instant()))).look();
    assertThat(noted(end.substring(0, 100))).as("an end").isZero();
    String part = "part" + Long.toHexString(System.nanoTime()) + "x".repeat(9000);
    HealthIndicator failing = () -> Health.down().build();
    WebhookWatch parts =
        new WebhookWatch(webhooks, store, List.of(), Map.of(part, failing), transaction, clock);
    assertThatThrownBy(parts::look).isInstanceOf(DataIntegrityViolationException.class);
    assertThat(noted(part.substring(0, 100))).as("a failure").isZero();
  }

  private long noted(String what) {
    return jdbc.sql("select count(*) from webhook_told where what like ?")
        .param("%" + what + "%")
        .query(Long.class)
        .single();
  }

  @Test
  void aReceiverWhoseRemovalIsUndoneIsStillCalled() throws Exception {
    add("one", receiver.url());
    transaction.executeWithoutResult(
        status -> {
          webhooks.remove("one");
          status.setRollbackOnly();
        });
    admin.post(HOOKS + "/one/test", "{}").expect(202);
    sender.send();
    assertThat(receiver.next().header("webhook-signature")).startsWith("v1,");
  }

  /** Runs a call beside an open transaction, which ends when the call waits for it, or is done. */
  private <T> T beside(Runnable transactional, Supplier<T> call) {
    CompletableFuture<T> other = new CompletableFuture<>();
    transaction.executeWithoutResult(
        status -> {
          transactional.run();
          other.completeAsync(call);
          while (!other.isDone() && !somebodyWaits()) {
            Thread.onSpinWait();
          }
        });
    return other.join();
  }

  private boolean somebodyWaits() {
    return Contender.waiting(database) > 0;
  }

  @Test
  void twoThatAreAddedAtOnceDoNotExceedTheLimit() {
    for (int i = 1; i < Webhooks.MAX_WEBHOOKS; i++) {
      add("hook-" + i, receiver.url());
    }
    beside(
            () -> webhooks.add("hook-last", receiver.url(), List.of()),
            () -> admin.post(HOOKS, "{'name':'hook-more','url':'" + receiver.url() + "'}"))
        .expectProblem(409, "conflict");
    assertThat(store.all()).hasSize(Webhooks.MAX_WEBHOOKS);
  }

  @Test
  void oneThatIsRemovedTwiceAtOnceIsRemovedOnce() {
    add("one", receiver.url());
    beside(() -> webhooks.remove("one"), () -> admin.delete(HOOKS + "/one"))
        .expectProblem(404, "not-found");
  }

  private long told(String what) {
    return jdbc.sql("select count(*) from webhook_delivery where body like ?")
        .param("%" + what + "%")
        .query(Long.class)
        .single();
  }

  @Test
  void theNetworkReportNamesTheReceiver() throws Exception {
    add("one", receiver.url());
    Fields report = admin.get("/api/v1/reports/network").expect(200).json();
    assertThat(report.json().toString() + Json.object().build())
        .contains("http://127.0.0.1:" + receiver.server.getAddress().getPort());
  }
}
