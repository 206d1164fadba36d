package dev.otasigner.service.database;

import dev.otasigner.service.problem.DatabaseTrouble;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The first word with a database server: waits for one that is not there yet, gives up at once on
 * one that says no.
 */
final class FirstConnection {
  private static final Logger log = LoggerFactory.getLogger(FirstConnection.class);
  private static final String CONNECT_SECONDS = "5";
  private static final long AGAIN_MILLIS = 500;

  private final String url;
  private final Properties properties = new Properties();

  FirstConnection(String url, @Nullable String user, @Nullable String password) {
    this.url = url;
    setIfPresent("user", user);
    setIfPresent("password", password);
    properties.setProperty("connectTimeout", CONNECT_SECONDS);
    properties.setProperty("loginTimeout", CONNECT_SECONDS);
    properties.setProperty("socketTimeout", CONNECT_SECONDS);
  }

  private void setIfPresent(String name, @Nullable String value) {
    if (value != null) {
      properties.setProperty(name, value);
    }
  }

  /**
   * Returns once the server takes a connection.
   *
   * @throws DatabaseRefusedException when it says no, or is not there for this long
   */
  void await(Duration wait) {
    String place = PostgresConnections.place(url);
    long end = System.nanoTime() + wait.toNanos();
    boolean said = false;
    for (Optional<SQLException> failed = attempt(); failed.isPresent(); failed = attempt()) {
      SQLException e = failed.get();
      boolean isAway = DatabaseTrouble.behind(e).equals(Optional.of(DatabaseTrouble.AWAY));
      if (!isAway || System.nanoTime() > end) {
        throw new DatabaseRefusedException(place, e);
      }
      if (!said) {
        log.warn("waiting for the database at {}: {}", place, e.getMessage());
        said = true;
      }
      pause();
    }
  }

  private Optional<SQLException> attempt() {
    try (Connection connection = DriverManager.getConnection(url, properties)) {
      return connection.isValid(Integer.parseInt(CONNECT_SECONDS))
          ? Optional.empty()
          : Optional.of(new SQLException("it does not answer", "08006"));
    } catch (SQLException e) {
      return Optional.of(e);
    }
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(AGAIN_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for the database", e);
    }
  }
}
