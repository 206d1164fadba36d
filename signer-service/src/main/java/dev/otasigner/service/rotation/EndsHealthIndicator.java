package dev.otasigner.service.rotation;

import dev.otasigner.service.database.DatabaseWatch;
import dev.otasigner.service.watch.Metric;
import dev.otasigner.service.watch.MetricSource;
import dev.otasigner.service.watch.Reading;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.stereotype.Component;

/**
 * Health {@code ends}: what ends by itself and would strand devices, as it was last judged. With a
 * month left, and when ends are not watched, it is {@code DEGRADED}.
 */
@Component
class EndsHealthIndicator implements HealthIndicator, MetricSource {
  private static final Status DEGRADED = new Status("DEGRADED");
  private static final Set<EndStage> URGENT = EnumSet.of(EndStage.MONTH, EndStage.OVER);
  private static final int MAX_SHOWN = 20;

  private final EndAlarmStore store;
  private final EndAlarms alarms;
  private final Rotation rotation;
  private final DatabaseWatch database;
  private final Clock clock;

  EndsHealthIndicator(
      EndAlarmStore store,
      EndAlarms alarms,
      Rotation rotation,
      DatabaseWatch database,
      Clock clock) {
    this.store = store;
    this.alarms = alarms;
    this.rotation = rotation;
    this.database = database;
    this.clock = clock;
  }

  @Override
  public Health health() {
    return database.health(this::known);
  }

  private Health known() {
    List<EndAlarm> standing = store.standing();
    Health.Builder health = Health.up();
    alarms.trouble().ifPresent(trouble -> health.status(DEGRADED).withDetail("trouble", trouble));
    if (standing.stream().anyMatch(alarm -> URGENT.contains(alarm.stage()))) {
      health.status(DEGRADED);
    }
    standing.stream()
        .limit(MAX_SHOWN)
        .forEach(alarm -> health.withDetail(alarm.product() + ": " + alarm.what(), shown(alarm)));
    if (standing.size() > MAX_SHOWN) {
      health.withDetail("more", standing.size() - MAX_SHOWN);
    }
    return health.build();
  }

  /** Health is open to everybody: no more than that somebody should look. */
  private static String shown(EndAlarm alarm) {
    return alarm.stage().code()
        + ": ends at "
        + alarm.ends()
        + ", "
        + alarm.devices()
        + (alarm.devices() == 1 ? " device" : " devices")
        + " would be stranded";
  }

  /** With a 0 where there is none, so that an alert can tell that from nothing known. */
  @Override
  public List<Reading> readings() {
    Map<String, Map<EndStage, EndAlarmStore.Tally>> tallies = new HashMap<>();
    rotation.products().forEach(product -> tallies.put(product, new HashMap<>()));
    for (EndAlarmStore.Tally tally : store.tallies()) {
      tallies.computeIfAbsent(tally.product(), p -> new HashMap<>()).put(tally.stage(), tally);
    }
    List<Reading> readings = new ArrayList<>();
    tallies.forEach(
        (product, stages) -> {
          for (EndStage stage : EndStage.values()) {
            EndAlarmStore.Tally tally =
                stages.getOrDefault(stage, new EndAlarmStore.Tally(product, stage, 0, 0));
            readings.add(Reading.of(Metric.ENDS_ALARM, tally.alarms(), product, stage.code()));
            readings.add(Reading.of(Metric.ENDS_STRANDED, tally.devices(), product, stage.code()));
          }
        });
    Instant now = clock.instant();
    alarms
        .looked()
        .map(at -> Duration.between(at, now).toSeconds())
        .ifPresent(age -> readings.add(Reading.of(Metric.ENDS_AGE, age)));
    return readings;
  }
}
