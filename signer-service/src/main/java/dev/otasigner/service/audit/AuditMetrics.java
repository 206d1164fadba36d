package dev.otasigner.service.audit;

import dev.otasigner.service.watch.Metric;
import dev.otasigner.service.watch.MetricSource;
import dev.otasigner.service.watch.Reading;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.springframework.stereotype.Component;

/** How long the log is, and whether it is what its checkpoint says. */
@Component
class AuditMetrics implements MetricSource {
  private final AuditStore store;
  private final KeptCheckpoint kept;
  private final Clock clock;

  AuditMetrics(AuditStore store, KeptCheckpoint kept, Clock clock) {
    this.store = store;
    this.kept = kept;
    this.clock = clock;
  }

  @Override
  public List<Reading> readings() {
    List<Reading> readings = new ArrayList<>();
    readings.add(Reading.of(Metric.AUDIT_RECORDS, store.size()));
    readings.add(Reading.of(Metric.AUDIT_UP, kept.trouble().isEmpty() ? 1 : 0));
    Path file = kept.file();
    try {
      if (Files.exists(file)) {
        Duration age =
            Duration.between(Files.getLastModifiedTime(file).toInstant(), clock.instant());
        readings.add(Reading.of(Metric.CHECKPOINT_AGE, age.toSeconds()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return readings;
  }
}
