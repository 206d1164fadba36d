package dev.otasigner.service.authority;

import dev.otasigner.service.watch.Metric;
import dev.otasigner.service.watch.MetricSource;
import dev.otasigner.service.watch.Reading;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** When the certificates of the authorities end. */
@Component
class AuthorityMetrics implements MetricSource {
  private final JdbcClient jdbc;
  private final Clock clock;

  AuthorityMetrics(JdbcClient jdbc, Clock clock) {
    this.jdbc = jdbc;
    this.clock = clock;
  }

  @Override
  public List<Reading> readings() {
    return jdbc.sql("select purpose, key_type, certificate from authority_certificate")
        .query(
            (row, n) -> {
              X509Certificate certificate = Authorities.parse(row.getBytes(3));
              Duration left =
                  Duration.between(clock.instant(), certificate.getNotAfter().toInstant());
              return Reading.of(
                  Metric.AUTHORITY_EXPIRY, left.toSeconds(), row.getString(1), row.getString(2));
            })
        .list();
  }
}
