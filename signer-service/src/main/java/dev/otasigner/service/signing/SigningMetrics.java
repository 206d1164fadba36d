package dev.otasigner.service.signing;

import dev.otasigner.service.ServiceDirectories;
import dev.otasigner.service.audit.AuditRecorded;
import dev.otasigner.service.audit.RecordKind;
import dev.otasigner.service.watch.Metric;
import dev.otasigner.service.watch.MetricSource;
import dev.otasigner.service.watch.Metrics;
import dev.otasigner.service.watch.Reading;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.springframework.context.event.EventListener;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Requests by state, how long the oldest waits for approvals, and the payloads' bytes. */
@Component
class SigningMetrics implements MetricSource {
  private static final Duration COUNTED_EVERY = Duration.ofMinutes(1);

  private static final String LAPSED = "approvals-lapsed";

  private final JdbcClient jdbc;
  private final Metrics metrics;
  private final Path payloads;
  private final Clock clock;
  private Instant counted = Instant.MIN;
  private long bytes;

  SigningMetrics(JdbcClient jdbc, ServiceDirectories directories, Metrics metrics, Clock clock) {
    this.jdbc = jdbc;
    this.metrics = metrics;
    this.payloads = directories.payloads();
    this.clock = clock;
  }

  @Override
  public List<Reading> readings() {
    List<Reading> readings = new ArrayList<>();
    List<Reading> found =
        jdbc.sql("select state, count(*) from signing_request group by state")
            .query(
                (row, n) ->
                    Reading.of(
                        Metric.REQUESTS,
                        row.getLong(2),
                        RequestState.valueOf(row.getString(1)).code()))
            .list();
    readings.addAll(found);
    for (RequestState state : RequestState.values()) {
      if (found.stream().noneMatch(reading -> reading.labels().contains(state.code()))) {
        readings.add(Reading.of(Metric.REQUESTS, 0, state.code()));
      }
    }
    long waiting =
        jdbc.sql(
                "select changed from signing_request where state = 'AWAITING_APPROVAL'"
                    + " order by changed limit 1")
            .query(OffsetDateTime.class)
            .optional()
            .map(since -> Duration.between(since.toInstant(), clock.instant()).toSeconds())
            .orElse(0L);
    readings.add(Reading.of(Metric.WAITING_SECONDS, waiting));
    long lapsed =
        jdbc.sql(
                "select count(*) from request_approval a join signing_request r on r.id = a.request"
                    + " where r.state = 'AWAITING_APPROVAL' and a.decision = 'APPROVE'"
                    + " and a.taken_back is null and a.not_after <= ?")
            .param(OffsetDateTime.ofInstant(clock.instant(), ZoneOffset.UTC))
            .query(Long.class)
            .single();
    readings.add(Reading.of(Metric.APPROVALS_LAPSED, lapsed));
    readings.add(Reading.of(Metric.PAYLOAD_BYTES, payloadBytes()));
    readings.addAll(
        jdbc.sql("select product, sum(length) from upload group by product")
            .query((row, n) -> Reading.of(Metric.UPLOADED_BYTES, row.getLong(2), row.getString(1)))
            .list());
    return readings;
  }

  @EventListener
  void on(AuditRecorded recorded) {
    if (recorded.kind() == RecordKind.REQUEST_FAILED
        && LAPSED.equals(recorded.details().get("reason"))) {
      metrics.count(Metric.REQUESTS_LAPSED);
    }
  }

  private synchronized long payloadBytes() {
    Instant now = clock.instant();
    if (counted.isBefore(now.minus(COUNTED_EVERY))) {
      try (Stream<Path> files = Files.walk(payloads)) {
        bytes = files.mapToLong(file -> file.toFile().isFile() ? file.toFile().length() : 0).sum();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      counted = now;
    }
    return bytes;
  }
}
