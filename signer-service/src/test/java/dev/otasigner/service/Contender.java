package dev.otasigner.service;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import javax.sql.DataSource;

/**
 * Somebody else who does something at the same moment, stopped at the first lock of the database.
 */
public final class Contender {
  private static final String WAITING =
      TestDatabase.isPostgres()
          ? "select count(*) from pg_locks where not granted"
              + " and pid in (select pid from pg_stat_activity where datname = current_database())"
          : "select count(*) from information_schema.sessions where blocker_id is not null";

  private Contender() {}

  /** Returns once the work is over, or waits for a lock that the caller's transaction has. */
  public static <T> FutureTask<T> start(DataSource database, Callable<T> work) {
    FutureTask<T> task = new FutureTask<>(work);
    new Thread(task, "contender").start();
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      while (!task.isDone() && !isWaiting(statement)) {
        Thread.onSpinWait();
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    return task;
  }

  /** How many transactions wait for a lock of another. */
  public static int waiting(DataSource database) {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(WAITING)) {
      return row.next() ? row.getInt(1) : 0;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean isWaiting(Statement statement) throws SQLException {
    try (ResultSet row = statement.executeQuery(WAITING)) {
      return row.next() && row.getInt(1) > 0;
    }
  }
}
