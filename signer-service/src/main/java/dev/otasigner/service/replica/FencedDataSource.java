package dev.otasigner.service.replica;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.worker.WorkerLease;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.datasource.DelegatingDataSource;

/**
 * Connections to the database for as long as the lease is held. The first one ends the sessions of
 * every service that was active before, and waits until they are gone: what one that was frozen had
 * not committed is never committed. Sessions bear the lease's number, so that nobody ends those of
 * one that came later. The lease is asked after a connection was made and before it is given away:
 * so each that was given away is there for the next one to find.
 */
final class FencedDataSource extends DelegatingDataSource {
  static final String SESSION = "ota-signer-";

  private static final Logger log = LoggerFactory.getLogger(FencedDataSource.class);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final long LOOK_MILLIS = 50;

  /** Sessions of services with a lower number than this, in this database. */
  private static final String FORMER =
      " from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
          + " and application_name ~ '^ota-signer-[0-9]{1,18}$'"
          + " and cast(substring(application_name from 12) as bigint) < ?";

  private final WorkerLease lease;
  private boolean alone;

  FencedDataSource(DataSource target, WorkerLease lease) {
    super(target);
    this.lease = lease;
  }

  @Override
  public Connection getConnection() throws SQLException {
    Connection connection = super.getConnection();
    boolean given = false;
    try {
      lease.require();
      endFormer(connection);
      given = true;
      return connection;
    } catch (TokenUnavailable e) {
      throw new SQLTransientConnectionException("this service is not the active one", e);
    } finally {
      if (!given) {
        connection.close();
      }
    }
  }

  private synchronized void endFormer(Connection connection) throws SQLException {
    if (alone) {
      return;
    }
    requireNamed(connection);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!alone) {
      long left = count(connection, "select count(*)" + FORMER);
      if (left == 0) {
        alone = true;
      } else if (System.nanoTime() > deadline) {
        throw new SQLException(
            left + " sessions of a service that is not active any more do not end");
      } else {
        log.warn("ending {} sessions of the service that was active before", left);
        count(connection, "select count(pg_terminate_backend(pid))" + FORMER);
        pause();
      }
    }
  }

  /** A session under another name is one that nobody after us would find and end. */
  private void requireNamed(Connection connection) throws SQLException {
    String expected = SESSION + lease.number();
    try (PreparedStatement statement =
            connection.prepareStatement("select current_setting('application_name')");
        ResultSet result = statement.executeQuery()) {
      result.next();
      if (!expected.equals(result.getString(1))) {
        throw new SQLException(
            "the database's URL sets ApplicationName: leave it out where services share a"
                + " directory, their sessions bear names of their own");
      }
    }
  }

  private long count(Connection connection, String sql) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setLong(1, lease.number());
      try (ResultSet result = statement.executeQuery()) {
        result.next();
        return result.getLong(1);
      }
    }
  }

  private static void pause() throws SQLException {
    try {
      Thread.sleep(LOOK_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SQLException("interrupted while sessions were ended", e);
    }
  }
}
