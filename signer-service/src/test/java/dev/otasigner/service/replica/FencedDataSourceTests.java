package dev.otasigner.service.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.Lease;
import dev.otasigner.keys.worker.WorkerLease;
import dev.otasigner.service.postgres.PostgresServer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

@SuppressWarnings("NullAway.Init")
class FencedDataSourceTests {
  @TempDir Path directory;
  private final PostgresServer postgres = PostgresServer.shared();
  private String database;

  @BeforeEach
  void createTable() {
    database = postgres.createDatabase();
    postgres.execute(database, "create table done (what varchar(20))");
  }

  private WorkerLease lease() {
    return WorkerLease.await(directory, Lease.USUAL, silent -> {}, lost -> {});
  }

  private FencedDataSource database(WorkerLease lease) {
    Properties properties = new Properties();
    properties.setProperty("user", postgres.user());
    properties.setProperty("password", postgres.password());
    properties.setProperty("ApplicationName", FencedDataSource.SESSION + lease.number());
    return new FencedDataSource(
        new DriverManagerDataSource(postgres.url(database), properties), lease);
  }

  private static void insert(Connection connection, String what) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("insert into done values ('" + what + "')");
    }
  }

  private long rows() throws SQLException {
    try (Connection connection = postgres.connect(database);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("select count(*) from done")) {
      rows.next();
      return rows.getLong(1);
    }
  }

  /** It stood still in the middle of a transaction, and another service is active by now. */
  @Test
  void whatTheFormerServiceHadNotCommittedIsNeverCommitted() throws SQLException {
    WorkerLease first = lease();
    Connection former = database(first).getConnection();
    former.setAutoCommit(false);
    insert(former, "too late");
    first.close();
    try (WorkerLease second = lease();
        Connection now = database(second).getConnection()) {
      insert(now, "in time");
      assertThatThrownBy(former::commit).isInstanceOf(SQLException.class);
      assertThat(rows()).isEqualTo(1);
    }
    former.close();
  }

  @Test
  void sessionsUnderANameOfTheUrlAreRefused() throws SQLException {
    try (WorkerLease lease = lease()) {
      Properties properties = new Properties();
      properties.setProperty("user", postgres.user());
      properties.setProperty("password", postgres.password());
      properties.setProperty("ApplicationName", "x");
      FencedDataSource named =
          new FencedDataSource(
              new DriverManagerDataSource(postgres.url(database), properties), lease);
      assertThatThrownBy(named::getConnection)
          .isInstanceOf(SQLException.class)
          .hasMessageContaining("ApplicationName");
    }
  }

  @Test
  void noConnectionIsGivenOutOnceTheLeaseIsLost() throws SQLException {
    WorkerLease first = lease();
    FencedDataSource former = database(first);
    former.getConnection().close();
    first.close();
    assertThatThrownBy(former::getConnection)
        .isInstanceOf(SQLException.class)
        .hasMessageContaining("not the active one");
  }

  /** One that was frozen between getting the lease and its first statement. */
  @Test
  void nobodyEndsTheSessionsOfOneThatCameLater() throws SQLException {
    try (WorkerLease later = lease();
        Connection now = database(later).getConnection()) {
      Properties properties = new Properties();
      properties.setProperty("user", postgres.user());
      properties.setProperty("password", postgres.password());
      properties.setProperty("ApplicationName", FencedDataSource.SESSION + 99);
      try (Connection evenLater =
              new DriverManagerDataSource(postgres.url(database), properties).getConnection();
          Connection another = database(later).getConnection()) {
        insert(evenLater, "evenLater");
        insert(another, "another");
        insert(now, "now");
      }
    }
    assertThat(rows()).isEqualTo(3);
  }
}
