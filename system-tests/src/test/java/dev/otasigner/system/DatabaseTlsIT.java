package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.postgres.PostgresServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The way to the database under {@code sslmode=verify-full}, as use-postgresql.md has it. */
class DatabaseTlsIT {
  @TempDir Path directory;

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(List.of(command)).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
  }

  /** Restarts the server with a certificate for this name; returns what trusts it. */
  private Path certify(PostgresServer server, String name) throws Exception {
    Path certificate = server.data().resolve("server.crt");
    run(
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=" + name,
        "-addext",
        "subjectAltName=DNS:" + name,
        "-keyout",
        server.data().resolve("server.key").toString(),
        "-out",
        certificate.toString());
    Files.writeString(server.data().resolve("postgresql.auto.conf"), "ssl = on\n");
    server.stop();
    server.start();
    return Files.copy(certificate, directory.resolve("database-ca.pem"));
  }

  private static Map<String, String> environment(PostgresServer server, Path authority) {
    Map<String, String> environment = new HashMap<>(server.environment(server.createDatabase()));
    environment.computeIfPresent(
        "SPRING_DATASOURCE_URL",
        (name, url) ->
            url.replace("127.0.0.1", "localhost")
                + "?sslmode=verify-full&sslrootcert="
                + authority);
    environment.put("SIGNER_DATABASE_WAIT", "1s");
    return environment;
  }

  /** How many of the service's there are now of which this is true. */
  private static int connections(PostgresServer server, String what) throws Exception {
    try (Connection connection = server.connect("postgres");
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select count(*) from pg_stat_ssl s join pg_stat_activity a using (pid)"
                    + " where a.application_name like 'ota-signer%' and "
                    + what)) {
      row.next();
      return row.getInt(1);
    }
  }

  @Test
  void aServerOfTheRightNameIsSpokenToOverTls() throws Exception {
    try (PostgresServer server = PostgresServer.create()) {
      Map<String, String> environment = environment(server, certify(server, "localhost"));
      Path data = directory.resolve("data");
      try (ServiceProcess service = ServiceProcess.start(data, environment)) {
        assertThat(service.isAlive()).isTrue();
        assertThat(connections(server, "s.ssl")).isPositive();
        assertThat(connections(server, "not s.ssl")).isZero();
      }
    }
  }

  @Test
  void aServerOfAnotherNameIsRefused() throws Exception {
    try (PostgresServer server = PostgresServer.create()) {
      Map<String, String> environment = environment(server, certify(server, "other.example.com"));
      assertThat(ServiceProcess.failedStart(directory.resolve("data"), environment))
          .contains("signer: error: no connection to the database at postgresql://localhost:")
          .contains("localhost could not be verified");
    }
  }
}
