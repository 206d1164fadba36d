package dev.otasigner.service.catalogue;

import dev.otasigner.service.database.DatabaseWatch;
import dev.otasigner.service.watch.Metric;
import dev.otasigner.service.watch.MetricSource;
import dev.otasigner.service.watch.Reading;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/**
 * Health {@code rollouts}: those that the service has ended by itself and nobody has taken up
 * since. They are no failure of the service; that it cannot watch is.
 */
@Component
class RolloutHealthIndicator implements HealthIndicator, MetricSource {
  private final ReleaseStore store;
  private final RolloutWatch watch;
  private final DatabaseWatch database;

  RolloutHealthIndicator(ReleaseStore store, RolloutWatch watch, DatabaseWatch database) {
    this.database = database;
    this.store = store;
    this.watch = watch;
  }

  @Override
  public Health health() {
    return database.health(this::known);
  }

  private Health known() {
    Optional<String> trouble = watch.trouble();
    Health.Builder health = trouble.isEmpty() ? Health.up() : Health.down();
    trouble.ifPresent(text -> health.withDetail("trouble", text));
    for (Release release : store.findByHaltedIsNotNull()) {
      health.withDetail(
          release.product()
              + "/"
              + release.channel()
              + "/"
              + release.hardware()
              + "/"
              + release.version(),
          release.state().code() + ": " + release.halted().orElse(""));
    }
    return health.build();
  }

  @Override
  public List<Reading> readings() {
    List<Reading> readings = new ArrayList<>();
    for (ReleaseState state : ReleaseState.values()) {
      readings.add(Reading.of(Metric.RELEASES, store.countByState(state), state.code()));
    }
    readings.add(Reading.of(Metric.RELEASES_HALTED, store.countByHaltedIsNotNull()));
    return readings;
  }
}
