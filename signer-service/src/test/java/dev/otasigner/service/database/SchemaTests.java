package dev.otasigner.service.database;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.postgres.PostgresServer;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;

/** One schema, told twice up to V95: each telling has to be the other's. */
class SchemaTests {
  /** The tables of one database, with names in lower case. */
  private record Schema(DatabaseMetaData meta, String name, String kind) {
    static Schema of(Connection connection) throws SQLException {
      DatabaseMetaData meta = connection.getMetaData();
      return meta.getDatabaseProductName().equals("H2")
          ? new Schema(meta, "PUBLIC", "BASE TABLE")
          : new Schema(meta, "public", "TABLE");
    }

    private static String lower(String... words) {
      return String.join(" ", words).toLowerCase(Locale.ROOT);
    }

    private Set<String> tables() throws SQLException {
      Set<String> found = new TreeSet<>();
      try (ResultSet row = meta.getTables(null, name, "%", new String[] {kind})) {
        while (row.next()) {
          found.add(row.getString("TABLE_NAME"));
        }
      }
      found.remove("flyway_schema_history");
      return found;
    }

    /** Kind of type, length of texts, digits of times, whether it may be null. */
    Set<String> columns() throws SQLException {
      Set<String> found = new TreeSet<>();
      for (String table : tables()) {
        try (ResultSet row = meta.getColumns(null, name, table, "%")) {
          while (row.next()) {
            boolean isNull = row.getInt("NULLABLE") == DatabaseMetaData.columnNullable;
            String column = row.getString("COLUMN_NAME");
            found.add(lower(table, column, type(row), isNull ? "null" : "not null"));
          }
        }
      }
      return found;
    }

    private static String type(ResultSet row) throws SQLException {
      String own = row.getString("TYPE_NAME").toLowerCase(Locale.ROOT);
      if (own.equals("uuid")) {
        return own; // bytes, to H2's driver
      }
      return switch (row.getInt("DATA_TYPE")) {
        case Types.CHAR, Types.VARCHAR -> "text " + row.getInt("COLUMN_SIZE");
        case Types.VARBINARY, Types.BINARY -> "bytes";
        case Types.BOOLEAN, Types.BIT -> "boolean";
        case Types.INTEGER -> "integer";
        case Types.BIGINT -> "bigint";
        case Types.TIMESTAMP, Types.TIMESTAMP_WITH_TIMEZONE ->
            own.equals("timestamptz") || own.endsWith(" with time zone")
                ? "time " + row.getInt("DECIMAL_DIGITS")
                : "time without zone";
        default -> own;
      };
    }

    /** Primary keys and whatever else is unique, by the columns in their order. */
    Set<String> unique() throws SQLException {
      Set<String> found = new TreeSet<>();
      for (String table : tables()) {
        Map<String, Map<Integer, String>> indexes = new TreeMap<>();
        try (ResultSet row = meta.getIndexInfo(null, name, table, true, false)) {
          while (row.next()) {
            indexes
                .computeIfAbsent(row.getString("INDEX_NAME"), index -> new TreeMap<>())
                .put(row.getInt("ORDINAL_POSITION"), row.getString("COLUMN_NAME"));
          }
        }
        indexes.values().forEach(columns -> found.add(lower(table + columns.values())));
      }
      return found;
    }

    /** Child, parent, and what a removal of the parent does. */
    Set<String> references() throws SQLException {
      Set<String> found = new TreeSet<>();
      for (String table : tables()) {
        try (ResultSet row = meta.getImportedKeys(null, name, table)) {
          while (row.next()) {
            found.add(
                lower(
                    table,
                    row.getString("FKCOLUMN_NAME"),
                    row.getString("PKTABLE_NAME"),
                    row.getString("PKCOLUMN_NAME"),
                    row.getInt("DELETE_RULE") == DatabaseMetaData.importedKeyCascade
                        ? "cascade"
                        : "stays"));
          }
        }
      }
      return found;
    }
  }

  private static void migrate(String vendor, String url, String user, String password) {
    Flyway.configure()
        .locations("classpath:db/migration", "classpath:db/vendor/" + vendor)
        .dataSource(url, user, password)
        .load()
        .migrate();
  }

  @Test
  void bothDatabasesHaveTheSameTables() throws Exception {
    String embedded = "jdbc:h2:mem:schema;DB_CLOSE_DELAY=-1";
    migrate("h2", embedded, "sa", "");
    PostgresServer server = PostgresServer.shared();
    String database = server.createDatabase();
    migrate("postgresql", server.url(database), server.user(), server.password());
    try (Connection one = DriverManager.getConnection(embedded, "sa", "");
        Connection two = server.connect(database)) {
      Schema h2 = Schema.of(one);
      Schema postgres = Schema.of(two);
      assertThat(h2.columns()).hasSizeGreaterThan(100);
      assertThat(postgres.columns()).isEqualTo(h2.columns());
      assertThat(h2.unique()).hasSizeGreaterThan(20);
      assertThat(postgres.unique()).isEqualTo(h2.unique());
      assertThat(h2.references()).hasSizeGreaterThan(10);
      assertThat(postgres.references()).isEqualTo(h2.references());
    }
  }
}
