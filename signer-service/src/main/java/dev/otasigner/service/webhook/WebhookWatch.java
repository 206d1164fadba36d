package dev.otasigner.service.webhook;

import dev.otasigner.service.report.Ending;
import dev.otasigner.service.report.EndingSource;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Notices what nobody does: ends that come near, and parts of the service that fail. Each is told
 * once: an end by the steps of {@link Ending}, as far as its source has people know so early, and
 * when it has come; a failure when it begins and when it is over.
 */
@Component
class WebhookWatch {
  private static final Logger log = LoggerFactory.getLogger(WebhookWatch.class);

  private final Webhooks webhooks;
  private final WebhookStore store;
  private final List<EndingSource> sources;
  private final Map<String, HealthIndicator> parts;
  private final TransactionTemplate transaction;
  private final Clock clock;

  WebhookWatch(
      Webhooks webhooks,
      WebhookStore store,
      List<EndingSource> sources,
      Map<String, HealthIndicator> parts,
      TransactionTemplate transaction,
      Clock clock) {
    this.webhooks = webhooks;
    this.store = store;
    this.sources = List.copyOf(sources);
    this.parts = Map.copyOf(parts);
    this.transaction = transaction;
    this.clock = clock;
  }

  @Scheduled(initialDelay = 30_000, fixedDelay = 60_000)
  void look() {
    if (store.all().isEmpty()) {
      return;
    }
    Instant now = clock.instant();
    parts.forEach((name, part) -> look(name.replaceAll("HealthIndicator$", ""), part, now));
    for (EndingSource source : sources) {
      try {
        source.endings().forEach(ending -> look(ending, now));
      } catch (RuntimeException e) {
        log.warn("{} has nothing to tell: {}", source.getClass().getSimpleName(), e.getMessage());
      }
    }
  }

  private void look(String name, HealthIndicator part, Instant now) {
    var health = part.health();
    boolean down = health != null && !health.getStatus().equals(Status.UP);
    String what = "failing " + name;
    // What is noted as told is told in the same transaction, or neither is.
    transaction.executeWithoutResult(
        status -> {
          if (down && store.isNews(what, now)) {
            webhooks.tell(WebhookEvent.SERVICE_FAILING, name, Map.of());
          } else if (!down && store.isOver(what)) {
            webhooks.tell(WebhookEvent.SERVICE_WELL, name, Map.of());
          }
        });
  }

  private void look(Ending ending, Instant now) {
    TreeSet<Duration> steps = new TreeSet<>(Ending.STEPS);
    steps.add(ending.ahead());
    for (Duration ahead : steps.headSet(ending.ahead(), true)) {
      if (!ending.at().minus(ahead).isAfter(now)) {
        String what = "end " + ending.what() + " " + ending.at() + " " + ahead;
        transaction.executeWithoutResult(
            status -> {
              if (store.isNews(what, now)) {
                webhooks.tell(
                    WebhookEvent.END_NEAR,
                    ending.what(),
                    Map.of(
                        "at", ending.at().toString(), "daysAhead", Long.toString(ahead.toDays())));
              }
            });
        return;
      }
    }
  }
}
