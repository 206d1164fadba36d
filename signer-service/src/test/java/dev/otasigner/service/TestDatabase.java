package dev.otasigner.service;

import dev.otasigner.service.postgres.PostgresServer;
import java.util.Map;

/**
 * Which database tests run on: the embedded one, or with {@code -Dtest.database=postgresql} a new
 * database of a PostgreSQL for each service that is started.
 */
public final class TestDatabase {
  private TestDatabase() {}

  public static boolean isPostgres() {
    return System.getProperty("test.database", "h2").equals("postgresql");
  }

  static Map<String, String> properties() {
    if (!isPostgres()) {
      return Map.of();
    }
    PostgresServer server = PostgresServer.shared();
    return Map.of(
        "spring.datasource.url", server.url(server.createDatabase()),
        "spring.datasource.username", server.user(),
        "spring.datasource.password", server.password());
  }
}
