package dev.otasigner.service.fleet;

import dev.otasigner.service.watch.Metric;
import dev.otasigner.service.watch.MetricSource;
import dev.otasigner.service.watch.Reading;
import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** How many devices there are. */
@Component
class FleetMetrics implements MetricSource {
  private final JdbcClient jdbc;

  FleetMetrics(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  @Override
  public List<Reading> readings() {
    return jdbc.sql("select product, count(*) from fleet_device group by product")
        .query((row, n) -> Reading.of(Metric.DEVICES, row.getLong(2), row.getString(1)))
        .list();
  }
}
