package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.otasigner.cli.ExitCode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The service is killed with SIGKILL between an event and its delivery, and again between the
 * delivery and its record: the receiver hears of the event at least once, and knows by its id what
 * it has heard already.
 */
class KilledWebhooksIT {
  /** Where nothing listens: no device is on record. */
  private static final int PORT = 31_315;

  private static final int PATIENCE_SECONDS = 60;

  @TempDir Path directory;

  private record Call(String id, String body) {}

  /** First absent, then one that takes a call and does not answer, then one that does. */
  private static final class Receiver implements AutoCloseable {
    final BlockingQueue<Call> calls = new LinkedBlockingQueue<>();
    final CountDownLatch answers = new CountDownLatch(1);
    final HttpServer server;
    volatile int status = 503;
    volatile boolean holds;

    Receiver() throws IOException {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext("/", this::take);
      server.setExecutor(
          Executors.newCachedThreadPool(
              task -> {
                Thread thread = new Thread(task, "receiver");
                thread.setDaemon(true);
                return thread;
              }));
      server.start();
    }

    private void take(HttpExchange http) throws IOException {
      String body = new String(http.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      calls.add(new Call(http.getRequestHeaders().getFirst("webhook-id"), body));
      if (holds) {
        try {
          answers.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
      http.sendResponseHeaders(status, -1);
      http.close();
    }

    String url() {
      return "http://127.0.0.1:" + server.getAddress().getPort() + "/hook";
    }

    Call next() throws InterruptedException {
      Call call = calls.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      assertThat(call).as("a call").isNotNull();
      return Objects.requireNonNull(call);
    }

    @Override
    public void close() {
      answers.countDown();
      server.stop(0);
    }
  }

  @Test
  void anEventOutlivesADeathBeforeItsDeliveryAndOneBeforeItsRecord() throws Exception {
    Path data = directory.resolve("data");
    RegisteredProduct product;
    String profile;
    try (ServiceProcess service = ServiceProcess.start(data)) {
      product = RegisteredProduct.at(service, directory);
      product.addApprover(service, "alice");
      profile = product.addProfile("p-384", PORT);
    }
    product.requireApproval(data, "alice");
    try (Receiver receiver = new Receiver()) {
      Call first;
      try (ServiceProcess service = ServiceProcess.start(data)) {
        signIn(product, service);
        product
            .administrator()
            .run("webhooks", "add", "pager", "--url", receiver.url(), "--event", "approval.waiting")
            .requireDone();
        Operator.Answer asked = product.sign("34.11", profile);
        assertThat(asked.status()).as(asked.err()).isEqualTo(ExitCode.WAITING.status());
        first = receiver.next(); // refused with 503: not delivered
        service.kill();
      }
      assertThat(first.body()).contains("\"type\":\"approval.waiting\"");
      receiver.calls.clear();
      receiver.status = 204;
      receiver.holds = true;
      try (ServiceProcess service = ServiceProcess.start(data)) {
        assertThat(receiver.next()).as("after the death before its delivery").isEqualTo(first);
        service.kill(); // the receiver has it, the service does not know
      }
      receiver.calls.clear();
      receiver.holds = false;
      receiver.answers.countDown();
      try (ServiceProcess service = ServiceProcess.start(data)) {
        assertThat(receiver.next()).as("after the death before its record").isEqualTo(first);
        signIn(product, service);
        awaitNothingWaiting(product);
      }
      assertThat(receiver.calls).as("delivered and recorded").isEmpty();
    }
  }

  private static void signIn(RegisteredProduct product, ServiceProcess service) throws IOException {
    product.signIn(service);
    product
        .administrator()
        .run(
            "login",
            "--service",
            service.address(),
            "--user",
            "admin",
            "--password-file",
            "password")
        .requireDone();
  }

  private static void awaitNothingWaiting(RegisteredProduct product) throws Exception {
    String listed = "";
    for (int i = 0; i < 4 * PATIENCE_SECONDS && !listed.contains("\"waiting\":0"); i++) {
      TimeUnit.MILLISECONDS.sleep(250); // a process of its own cannot be given our clock
      listed =
          product
              .administrator()
              .run("webhooks", "list", "--json")
              .requireDone()
              .out()
              .replaceAll("\\s", "");
    }
    assertThat(listed).contains("\"waiting\":0");
  }
}
