package dev.otasigner.service.database;

import java.util.Optional;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Where the database is, when it is not in the data directory. */
@Component
public class DatabasePlace {
  private final JdbcConnectionDetails database;
  private final JdbcClient jdbc;

  public DatabasePlace(JdbcConnectionDetails database, JdbcClient jdbc) {
    this.database = database;
    this.jdbc = jdbc;
  }

  /** The server that the service connects to, without parameters, which may hold secrets. */
  public Optional<String> server() {
    return PostgresConnections.isPostgres(database.getJdbcUrl())
        ? Optional.of(PostgresConnections.place(database.getJdbcUrl()))
        : Optional.empty();
  }

  /** What the database takes on that server's disk. */
  public long serverBytes() {
    return jdbc.sql("select pg_database_size(current_database())").query(Long.class).single();
  }
}
