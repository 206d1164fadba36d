package dev.otasigner.service.webhook;

import dev.otasigner.service.access.Actor;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.audit.RecordKind;
import jakarta.annotation.PreDestroy;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Calls receivers: one call at a time to each, none waiting for another's. A call that fails is
 * made again later and later, and given up after the last; it arrives at least once, with the same
 * id every time. Of the answer only the status is looked at.
 */
@Component
class WebhookSender {
  private static final Logger log = LoggerFactory.getLogger(WebhookSender.class);
  private static final Duration CONNECT = Duration.ofSeconds(5);
  private static final Duration ANSWER = Duration.ofSeconds(10);
  private static final int MAX_FAILURE_CHARS = 200;

  /** Between one attempt and the next; half of it less or more, so that receivers are spared. */
  static final List<Duration> PAUSES =
      List.of(
          Duration.ofSeconds(5),
          Duration.ofSeconds(30),
          Duration.ofMinutes(2),
          Duration.ofMinutes(10),
          Duration.ofHours(1),
          Duration.ofHours(4),
          Duration.ofHours(12),
          Duration.ofHours(24));

  private final WebhookStore store;
  private final WebhookSecrets secrets;
  private final AuditLog audit;
  private final TransactionTemplate transaction;
  private final Clock clock;
  private final Random random = new Random();
  private final Set<UUID> called = ConcurrentHashMap.newKeySet();
  private final ExecutorService threads =
      new ThreadPoolExecutor(
          0,
          Webhooks.MAX_WEBHOOKS,
          30,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          task -> {
            Thread thread = new Thread(task, "webhook");
            thread.setDaemon(true);
            return thread;
          });
  private final HttpClient client =
      HttpClient.newBuilder()
          .connectTimeout(CONNECT)
          .followRedirects(HttpClient.Redirect.NEVER)
          .proxy(HttpClient.Builder.NO_PROXY) // it would look the checked name up once more
          .version(HttpClient.Version.HTTP_1_1)
          .build();

  WebhookSender(
      WebhookStore store,
      WebhookSecrets secrets,
      AuditLog audit,
      TransactionTemplate transaction,
      Clock clock) {
    this.store = store;
    this.secrets = secrets;
    this.audit = audit;
    this.transaction = transaction;
    this.clock = clock;
  }

  /** Begins the calls that are due. */
  @Scheduled(initialDelay = 5_000, fixedDelay = 1_000)
  void send() {
    for (Webhook hook : store.all()) {
      if (!called.add(hook.id())) {
        continue;
      }
      boolean begun = false;
      try {
        begun = begin(hook);
      } catch (RuntimeException e) {
        log.warn("webhook {}: {}", hook.name(), e.getMessage());
      } finally {
        if (!begun) {
          called.remove(hook.id());
        }
      }
    }
  }

  /** Whether a thread has it now. */
  private boolean begin(Webhook hook) {
    Optional<WebhookStore.Delivery> due = store.due(hook.id(), clock.instant());
    if (due.isEmpty()) {
      return false;
    }
    threads.execute(
        () -> {
          try {
            deliver(hook, due.get());
          } catch (RuntimeException e) {
            log.warn("webhook {}: {}", hook.name(), e.getMessage());
          } finally {
            called.remove(hook.id());
          }
        });
    return true;
  }

  @PreDestroy
  void stop() {
    threads.shutdownNow();
  }

  void deliver(Webhook hook, WebhookStore.Delivery delivery) {
    try {
      int status = call(hook, delivery);
      if (status / 100 == 2) {
        store.done(delivery.id());
        return;
      }
      failed(hook, delivery, "answered " + status + (status / 100 == 3 ? ", not followed" : ""));
    } catch (IOException e) {
      failed(hook, delivery, e.getClass().getSimpleName() + ": " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the service ends; it is made again after the start
    }
  }

  private int call(Webhook hook, WebhookStore.Delivery delivery)
      throws IOException, InterruptedException {
    ReceiverAddress.requireAllowed(hook.url());
    String id = delivery.id().toString();
    long seconds = clock.instant().getEpochSecond();
    HttpRequest request =
        HttpRequest.newBuilder(hook.url())
            .timeout(ANSWER)
            .header("Content-Type", "application/json")
            .header("User-Agent", "ota-signer")
            .header("webhook-id", id)
            .header("webhook-timestamp", Long.toString(seconds))
            .header("webhook-signature", secrets.signature(hook.id(), id, seconds, delivery.body()))
            .POST(BodyPublishers.ofString(delivery.body()))
            .build();
    HttpResponse<InputStream> answer = client.send(request, BodyHandlers.ofInputStream());
    answer.body().close(); // whatever it says, and however slowly
    return answer.statusCode();
  }

  private void failed(Webhook hook, WebhookStore.Delivery delivery, String why) {
    String failure = why.length() > MAX_FAILURE_CHARS ? why.substring(0, MAX_FAILURE_CHARS) : why;
    int attempts = delivery.attempts() + 1;
    log.info("webhook {} attempt {}: {}", hook.name(), attempts, failure);
    if (attempts > PAUSES.size()) {
      transaction.executeWithoutResult(
          status -> {
            store.done(delivery.id());
            audit.record(
                Actor.SYSTEM,
                RecordKind.WEBHOOK_GIVEN_UP.code(),
                "webhook:" + hook.name(),
                Map.of("type", delivery.type(), "id", delivery.id().toString(), "last", failure));
          });
      return;
    }
    long millis = PAUSES.get(attempts - 1).toMillis();
    Instant next = clock.instant().plusMillis(millis / 2 + random.nextLong(millis));
    store.again(delivery.id(), attempts, next, failure);
  }
}
