package dev.otasigner.service.database;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.flywaydb.core.api.MigrationVersion;
import org.flywaydb.core.api.migration.Context;
import org.flywaydb.core.api.migration.JavaMigration;
import org.springframework.stereotype.Component;

/**
 * Lets a device run a profile that is not registered, and drops the index by which kinds of clients
 * were found before cohorts told them. In Java since the constraint was given no name, and each
 * database has made up its own.
 */
@Component
final class UnregisteredProfiles implements JavaMigration {
  private static final String CONSTRAINTS =
      "select c.constraint_name from information_schema.table_constraints c"
          + " join information_schema.key_column_usage k"
          + " on k.constraint_schema = c.constraint_schema"
          + " and k.constraint_name = c.constraint_name and k.table_name = c.table_name"
          + " where c.table_schema = current_schema and lower(c.table_name) = 'fleet_device'"
          + " and c.constraint_type = 'FOREIGN KEY'"
          + " and lower(k.column_name) = 'profile'";

  @Override
  public MigrationVersion getVersion() {
    return MigrationVersion.fromVersion("182");
  }

  @Override
  public String getDescription() {
    return "unregistered profiles";
  }

  @Override
  public Integer getChecksum() {
    return 1;
  }

  @Override
  public boolean canExecuteInTransaction() {
    return true;
  }

  @Override
  public void migrate(Context context) throws SQLException {
    Connection connection = context.getConnection();
    for (String name : constraints(connection)) {
      try (Statement statement = connection.createStatement()) {
        statement.execute("alter table fleet_device drop constraint \"" + name + "\"");
      }
    }
    try (Statement statement = connection.createStatement()) {
      statement.execute("drop index fleet_device_client");
    }
  }

  private static List<String> constraints(Connection connection) throws SQLException {
    List<String> names = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet found = statement.executeQuery(CONSTRAINTS)) {
      while (found.next()) {
        names.add(found.getString(1));
      }
    }
    if (names.size() != 1) {
      throw new SQLException("fleet_device has " + names.size() + " constraints on its profile");
    }
    return names;
  }
}
