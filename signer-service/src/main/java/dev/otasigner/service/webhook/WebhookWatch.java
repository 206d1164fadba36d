package dev.otasigner.service.webhook;

import dev.otasigner.service.report.Ending;
import dev.otasigner.service.report.EndingSource;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/**
 * Notices what nobody does: ends that come near, and parts of the service that fail. Each is told
 * once: an end ninety, thirty, seven days and one day ahead and when it has come, a failure when it
 * begins and when it is over.
 */
@Component
class WebhookWatch {
  static final List<Duration> AHEAD =
      List.of(
          Duration.ZERO,
          Duration.ofDays(1),
          Duration.ofDays(7),
          Duration.ofDays(30),
          Duration.ofDays(90));

  private final Webhooks webhooks;
  private final WebhookStore store;
  private final List<EndingSource> sources;
  private final Map<String, HealthIndicator> parts;
  private final Clock clock;

  WebhookWatch(
      Webhooks webhooks,
      WebhookStore store,
      List<EndingSource> sources,
      Map<String, HealthIndicator> parts,
      Clock clock) {
    this.webhooks = webhooks;
    this.store = store;
    this.sources = List.copyOf(sources);
    this.parts = Map.copyOf(parts);
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
      source.endings().forEach(ending -> look(ending, now));
    }
  }

  private void look(String name, HealthIndicator part, Instant now) {
    var health = part.health();
    boolean down = health != null && health.getStatus().equals(Status.DOWN);
    String what = "failing " + name;
    if (down && store.isNews(what, now)) {
      webhooks.tell(WebhookEvent.SERVICE_FAILING, name, Map.of());
    } else if (!down && store.isOver(what)) {
      webhooks.tell(WebhookEvent.SERVICE_WELL, name, Map.of());
    }
  }

  private void look(Ending ending, Instant now) {
    for (Duration ahead : AHEAD) {
      if (!ending.at().minus(ahead).isAfter(now)) {
        String what = "end " + ending.what() + " " + ending.at() + " " + ahead.toDays();
        if (store.isNews(what, now)) {
          webhooks.tell(
              WebhookEvent.END_NEAR,
              ending.what(),
              Map.of("at", ending.at().toString(), "daysAhead", Long.toString(ahead.toDays())));
        }
        return;
      }
    }
  }
}
