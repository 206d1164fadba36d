package dev.otasigner.service.database;

import com.zaxxer.hikari.HikariDataSource;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/**
 * Ends for every wait of a connection to PostgreSQL, the first one included. What the operator says
 * in the URL, or as properties of the pool, comes first.
 */
@Component
public final class PostgresConnections implements BeanPostProcessor {
  private static final String PREFIX = "jdbc:postgresql:";
  private static final long HIKARI_DEFAULT_MILLIS = 30_000;
  private static final long CONNECTION_MILLIS = 5_000;

  /**
   * In the order in which they end: a lock that another holds, a statement, a transaction whose
   * service has stopped (its locks are others' then), and last a server that answers nothing.
   */
  private static final Map<String, String> ENDS =
      Map.of(
          "options",
          "-c lock_timeout=10s -c statement_timeout=15s -c idle_in_transaction_session_timeout=30s",
          "connectTimeout",
          "5",
          "socketTimeout",
          "20",
          "cancelSignalTimeout",
          "5",
          "tcpKeepAlive",
          "true",
          // Which would tell the values of the row.
          "logServerErrorDetail",
          "false",
          "ApplicationName",
          "ota-signer");

  private final Duration wait;

  public PostgresConnections(Environment environment) {
    this.wait =
        environment.getProperty("signer.database.wait", Duration.class, Duration.ofMinutes(1));
  }

  /** Whether a URL is one of PostgreSQL's. */
  static boolean isPostgres(String url) {
    return url.startsWith(PREFIX);
  }

  /** The URL without its parameters, which may hold secrets. */
  static String place(String url) {
    return url.replaceFirst("^jdbc:", "").replaceFirst("\\?.*$", "");
  }

  @Override
  public Object postProcessBeforeInitialization(Object bean, String name) {
    if (bean instanceof HikariDataSource pool && isPostgres(String.valueOf(pool.getJdbcUrl()))) {
      Properties properties = pool.getDataSourceProperties();
      ENDS.forEach(properties::putIfAbsent);
      if (pool.getConnectionTimeout() == HIKARI_DEFAULT_MILLIS) {
        pool.setConnectionTimeout(CONNECTION_MILLIS);
      }
      new FirstConnection(pool.getJdbcUrl(), pool.getUsername(), pool.getPassword()).await(wait);
    }
    return bean;
  }
}
