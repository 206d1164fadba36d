package dev.otasigner.service.rotation;

import dev.otasigner.service.database.DatabaseWatch;
import dev.otasigner.service.watch.Metric;
import dev.otasigner.service.watch.MetricSource;
import dev.otasigner.service.watch.Reading;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.stereotype.Component;

/**
 * Health {@code handshakes}: addresses at which a listener is to answer devices, and at which the
 * newest real handshake failed. It is {@code DEGRADED} while there is one.
 */
@Component
class HandshakesHealthIndicator implements HealthIndicator, MetricSource {
  private static final Status DEGRADED = new Status("DEGRADED");
  private static final int MAX_SHOWN = 20;

  private final HandshakeStore store;
  private final Rotation rotation;
  private final DatabaseWatch database;
  private final Clock clock;

  HandshakesHealthIndicator(
      HandshakeStore store, Rotation rotation, DatabaseWatch database, Clock clock) {
    this.store = store;
    this.rotation = rotation;
    this.database = database;
    this.clock = clock;
  }

  @Override
  public Health health() {
    return database.health(this::known);
  }

  /** Health is open to everybody: where, and why, and no more. */
  private Health known() {
    List<HandshakeResult> failed = store.all().stream().filter(HandshakeResult::isAlarm).toList();
    Health.Builder health = failed.isEmpty() ? Health.up() : Health.status(DEGRADED);
    failed.stream()
        .limit(MAX_SHOWN)
        .forEach(
            result ->
                health.withDetail(
                    result.address().product() + ": " + result.address().text(),
                    result.outcome().reason() + " at " + result.tried()));
    if (failed.size() > MAX_SHOWN) {
      health.withDetail("more", failed.size() - MAX_SHOWN);
    }
    return health.build();
  }

  @Override
  public List<Reading> readings() {
    Map<String, Integer> failed = new HashMap<>();
    rotation.products().forEach(product -> failed.put(product, 0));
    Map<String, Instant> oldest = new HashMap<>();
    for (HandshakeResult result : store.all()) {
      failed.merge(result.address().product(), result.isAlarm() ? 1 : 0, Integer::sum);
      oldest.merge(result.address().product(), result.tried(), (a, b) -> a.isBefore(b) ? a : b);
    }
    List<Reading> readings = new ArrayList<>();
    failed.forEach(
        (product, count) -> readings.add(Reading.of(Metric.HANDSHAKES_FAILED, count, product)));
    Instant now = clock.instant();
    oldest.forEach(
        (product, at) ->
            readings.add(
                Reading.of(Metric.HANDSHAKES_AGE, Duration.between(at, now).toSeconds(), product)));
    return readings;
  }
}
