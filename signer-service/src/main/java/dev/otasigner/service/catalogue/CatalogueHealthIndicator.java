package dev.otasigner.service.catalogue;

import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.service.watch.Metric;
import dev.otasigner.service.watch.MetricSource;
import dev.otasigner.service.watch.Reading;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.tuf.SignedMetadata;
import dev.otasigner.verifier.tuf.Timestamp;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/**
 * Health {@code catalogue}: for each product and lineage when it was last published, until when
 * devices accept it, and what keeps it from being renewed.
 */
@Component
class CatalogueHealthIndicator implements HealthIndicator, MetricSource {
  private final Lineages lineages;
  private final FleetFacts fleet;
  private final CatalogueStanding standing;
  private final Clock clock;

  CatalogueHealthIndicator(
      Lineages lineages, FleetFacts fleet, CatalogueStanding standing, Clock clock) {
    this.lineages = lineages;
    this.fleet = fleet;
    this.standing = standing;
    this.clock = clock;
  }

  @Override
  public Health health() {
    Health.Builder health = Health.up();
    Instant now = clock.instant();
    for (String product : fleet.products()) {
      for (Lineage lineage : lineages.of(product)) {
        Map<String, String> details = new LinkedHashMap<>();
        Optional<String> trouble = standing.trouble(lineage.key());
        try {
          Optional<Timestamp> timestamp = timestamp(lineage);
          if (timestamp.isPresent()) {
            timestamp.get().issued().ifPresent(at -> details.put("published", at.toString()));
            Instant expires = timestamp.get().expires();
            details.put("expires", expires.toString());
            trouble = trouble.or(() -> expires.isAfter(now) ? none() : Optional.of("expired"));
          }
        } catch (IOException | RejectedException e) {
          trouble = trouble.or(() -> Optional.of("timestamp.json: " + e.getMessage()));
        }
        if (trouble.isPresent()) {
          details.put("trouble", trouble.get());
          health.down();
        }
        health.withDetail(product + "/" + lineage.name(), details);
      }
    }
    return health.build();
  }

  @Override
  public List<Reading> readings() {
    List<Reading> readings = new ArrayList<>();
    for (String product : fleet.products()) {
      for (Lineage lineage : lineages.of(product)) {
        boolean isWell = standing.trouble(lineage.key()).isEmpty();
        readings.add(Reading.of(Metric.CATALOGUE_UP, isWell ? 1 : 0, product, lineage.name()));
        try {
          timestamp(lineage)
              .map(stamp -> Duration.between(clock.instant(), stamp.expires()).toSeconds())
              .ifPresent(
                  left ->
                      readings.add(
                          Reading.of(Metric.CATALOGUE_EXPIRY, left, product, lineage.name())));
        } catch (IOException | RejectedException e) {
          // Health says what is wrong with the file; here the number is missing.
        }
      }
    }
    return readings;
  }

  private static Optional<String> none() {
    return Optional.empty();
  }

  private Optional<Timestamp> timestamp(Lineage lineage) throws IOException, RejectedException {
    Optional<byte[]> bytes = lineages.repository(lineage).files().timestamp();
    return bytes.isPresent()
        ? Optional.of(SignedMetadata.timestamp(bytes.get(), bytes.get().length).signed())
        : Optional.empty();
  }
}
