package dev.otasigner.service.catalogue;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * When the last timestamp of a repository ends that anybody may hold. It is noted before the
 * timestamp is replaced, since a later one ends earlier where the product's lifetime became
 * shorter.
 */
@Component
class TimestampEnds {
  private final JdbcClient jdbc;
  private final Map<LineageKey, Instant> noted = new ConcurrentHashMap<>();

  TimestampEnds(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  /** Notes the end of the timestamp that is announced now; the latest of all there were. */
  Instant note(LineageKey lineage, Instant expires) {
    Instant known = noted.computeIfAbsent(lineage, l -> stored(l).orElse(Instant.EPOCH));
    if (!expires.isAfter(known)) {
      return known;
    }
    OffsetDateTime time = OffsetDateTime.ofInstant(expires, ZoneOffset.UTC);
    int changed =
        jdbc.sql("update catalogue_timestamp_end set expires = ? where product = ? and lineage = ?")
            .params(time, lineage.product(), lineage.name())
            .update();
    if (changed == 0) {
      jdbc.sql("insert into catalogue_timestamp_end (product, lineage, expires) values (?, ?, ?)")
          .params(lineage.product(), lineage.name(), time)
          .update();
    }
    noted.put(lineage, expires);
    return expires;
  }

  private Optional<Instant> stored(LineageKey lineage) {
    return jdbc.sql("select expires from catalogue_timestamp_end where product = ? and lineage = ?")
        .params(lineage.product(), lineage.name())
        .query((row, n) -> row.getObject(1, OffsetDateTime.class).toInstant())
        .optional();
  }
}
