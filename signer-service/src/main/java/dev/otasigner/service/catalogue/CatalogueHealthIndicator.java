package dev.otasigner.service.catalogue;

import dev.otasigner.service.database.DatabaseWatch;
import dev.otasigner.service.report.Ending;
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
import java.util.stream.Stream;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.stereotype.Component;

/**
 * Health {@code catalogue}: for each product and lineage when it was last published, until when
 * devices accept it, and what keeps it from being renewed. {@code DOWN} when that is so of all of
 * them, {@code DEGRADED} when it is so of some.
 */
@Component
class CatalogueHealthIndicator implements HealthIndicator, MetricSource {
  /** Some of many; the service works. */
  static final Status DEGRADED = new Status("DEGRADED");

  private final Lineages lineages;
  private final RoleEndings endings;
  private final FleetFacts fleet;
  private final CatalogueStanding standing;
  private final CeremonyDesk desk;
  private final Clock clock;
  private final DatabaseWatch database;

  CatalogueHealthIndicator(
      Lineages lineages,
      RoleEndings endings,
      FleetFacts fleet,
      CatalogueStanding standing,
      CeremonyDesk desk,
      Clock clock,
      DatabaseWatch database) {
    this.desk = desk;
    this.database = database;
    this.lineages = lineages;
    this.endings = endings;
    this.fleet = fleet;
    this.standing = standing;
    this.clock = clock;
  }

  @Override
  public Health health() {
    return database.health(this::known);
  }

  private Health known() {
    Health.Builder health = new Health.Builder();
    List<String> troubled = new ArrayList<>();
    int all = 0;
    for (String product : fleet.products()) {
      for (Lineage lineage : lineages.of(product)) {
        String name = product + "/" + lineage.name();
        Map<String, String> details = details(lineage);
        health.withDetail(name, details);
        all++;
        if (details.containsKey("trouble")) {
          troubled.add(name);
        }
      }
    }
    if (!troubled.isEmpty()) {
      health.withDetail("troubled", troubled);
    }
    return health.status(status(all, troubled.size())).build();
  }

  /** One product's trouble is no reason to take the service from all the others. */
  private static Status status(int all, int troubled) {
    if (troubled == 0) {
      return Status.UP;
    }
    return troubled == all ? Status.DOWN : DEGRADED;
  }

  private Map<String, String> details(Lineage lineage) {
    Map<String, String> details = new LinkedHashMap<>();
    Optional<String> trouble = standing.trouble(lineage.key());
    try {
      List<String> waiting = desk.waitsFor(lineage);
      if (!waiting.isEmpty()) {
        details.put("waitsForHolders", String.join(", ", waiting));
      }
      Optional<Timestamp> timestamp = timestamp(lineage);
      if (timestamp.isPresent()) {
        timestamp.get().issued().ifPresent(at -> details.put("published", at.toString()));
        Instant expires = timestamp.get().expires();
        details.put("expires", expires.toString());
        trouble = trouble.or(() -> overdue(lineage));
      }
    } catch (IOException | RejectedException e) {
      trouble = trouble.or(() -> Optional.of("timestamp.json: " + e.getMessage()));
    }
    trouble.ifPresent(what -> details.put("trouble", what));
    return details;
  }

  /** What should have been signed anew long ago. */
  private Optional<String> overdue(Lineage lineage) {
    List<String> late = late(lineage).map(e -> e.what() + " ends at " + e.at()).toList();
    return late.isEmpty() ? Optional.empty() : Optional.of("overdue: " + String.join(", ", late));
  }

  private Stream<Ending> late(Lineage lineage) {
    Instant now = clock.instant();
    return endings.of(lineage).stream().filter(e -> !e.at().minus(e.ahead()).isAfter(now));
  }

  @Override
  public List<Reading> readings() {
    List<Reading> readings = new ArrayList<>();
    for (String product : fleet.products()) {
      for (Lineage lineage : lineages.of(product)) {
        readings.add(
            Reading.of(Metric.CATALOGUE_OVERDUE, late(lineage).count(), product, lineage.name()));
        boolean isWell = standing.trouble(lineage.key()).isEmpty();
        readings.add(Reading.of(Metric.CATALOGUE_UP, isWell ? 1 : 0, product, lineage.name()));
        try {
          int waiting = desk.waitsFor(lineage).size();
          readings.add(Reading.of(Metric.CATALOGUE_WAITING, waiting, product, lineage.name()));
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

  private Optional<Timestamp> timestamp(Lineage lineage) throws IOException, RejectedException {
    Optional<byte[]> bytes = lineages.repository(lineage).files().timestamp();
    return bytes.isPresent()
        ? Optional.of(SignedMetadata.timestamp(bytes.get(), bytes.get().length).signed())
        : Optional.empty();
  }
}
