package dev.otasigner.service.signing;

import dev.otasigner.service.watch.Metric;
import dev.otasigner.service.watch.Metrics;
import java.time.Clock;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.scheduling.annotation.Scheduled;

/** Removes payloads that no request has named for a time. */
final class UnusedPayloads {
  private static final Logger log = LoggerFactory.getLogger(UnusedPayloads.class);

  private final UploadRows uploads;
  private final Metrics metrics;
  private final Clock clock;
  private final Duration kept;

  UnusedPayloads(UploadRows uploads, Metrics metrics, Clock clock, Duration kept) {
    this.uploads = uploads;
    this.metrics = metrics;
    this.clock = clock;
    this.kept = kept;
  }

  @Scheduled(initialDelay = 5_000, fixedDelay = 3_600_000)
  void remove() {
    int removed;
    do {
      removed = uploads.removeUnused(clock.instant().minus(kept));
      for (int i = 0; i < removed; i++) {
        metrics.count(Metric.PAYLOADS_REMOVED);
      }
      if (removed > 0) {
        log.info("{} payloads removed, which no request has named", removed);
      }
    } while (removed > 0);
  }
}
