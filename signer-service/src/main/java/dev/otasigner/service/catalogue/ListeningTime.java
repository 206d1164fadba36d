package dev.otasigner.service.catalogue;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/**
 * Since when the service has been there to hear devices. While it was away nobody could check in,
 * so that time says nothing of them; it is kept in the database, for a restart is no reason to
 * begin anew.
 */
@Component
class ListeningTime {
  /** Away for longer than this, the service begins anew. */
  static final Duration GAP = Duration.ofMinutes(15);

  private final JdbcClient jdbc;
  private final Clock clock;

  ListeningTime(JdbcClient jdbc, Clock clock) {
    this.jdbc = jdbc;
    this.clock = clock;
  }

  private record Row(OffsetDateTime since, OffsetDateTime seen) {}

  private Optional<Row> row() {
    return jdbc.sql("select since, seen from rollout_watch where id = 1")
        .query(Row.class)
        .optional();
  }

  /** Since when it has listened without a gap; empty before the first look. */
  Optional<Instant> since() {
    return row().map(row -> row.since().toInstant());
  }

  /** The service is there. */
  @Transactional
  public void isThere() {
    Instant now = clock.instant();
    Optional<Row> row = row();
    if (row.isEmpty()) {
      jdbc.sql("insert into rollout_watch (id, since, seen) values (1, ?, ?)")
          .params(time(now), time(now))
          .update();
      return;
    }
    boolean gap = row.get().seen().toInstant().plus(GAP).isBefore(now);
    jdbc.sql("update rollout_watch set since = ?, seen = ? where id = 1")
        .params(gap ? time(now) : row.get().since(), time(now))
        .update();
  }

  private static OffsetDateTime time(Instant instant) {
    return OffsetDateTime.ofInstant(instant, ZoneOffset.UTC);
  }
}
