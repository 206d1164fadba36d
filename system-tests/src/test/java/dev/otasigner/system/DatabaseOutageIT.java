package dev.otasigner.system;

import static dev.otasigner.system.RegisteredProduct.LINEAGE;
import static dev.otasigner.system.RegisteredProduct.PRODUCT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.postgres.PostgresServer;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A PostgreSQL that is killed, and one that falls silent, under a service that goes on. */
class DatabaseOutageIT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /**
   * The longest that anybody waits for an answer: what the driver waits for a silent server, twice.
   */
  private static final Duration BOUND = Duration.ofSeconds(50);

  private static final String WENT = "the database does not answer";
  private static final String CAME = "the database answers again";

  @TempDir Path directory;

  private static HttpResponse<String> call(HttpRequest.Builder request) throws Exception {
    return HttpClient.newHttpClient()
        .send(request.timeout(PATIENCE).build(), HttpResponse.BodyHandlers.ofString());
  }

  private static HttpRequest.Builder at(ServiceProcess service, String path) {
    return HttpRequest.newBuilder(URI.create(service.address() + path));
  }

  private static int health(ServiceProcess service) {
    try {
      return call(at(service, "/actuator/health")).statusCode();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static void await(String what, BooleanSupplier reached) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!reached.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(end);
      Thread.onSpinWait();
    }
  }

  private long said(String words) {
    try {
      return Files.readString(directory.resolve("service.log")).split(words, -1).length - 1L;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private HttpResponse<String> addProduct(ServiceProcess service, String name) throws Exception {
    Path session = directory.resolve("administrator/home/session.json");
    String token = JsonReader.readObject(Files.readAllBytes(session), 1 << 16).string("token");
    return call(
        at(service, "/api/v1/products")
            .header("Authorization", "Bearer " + token)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString("{\"name\":\"" + name + "\"}")));
  }

  /** The catalogue is served, writes are refused in time and in words, and health tells why. */
  private void isAway(ServiceProcess service) throws Exception {
    assertThat(
            call(at(service, "/catalogue/" + PRODUCT + "/" + LINEAGE + "/metadata/timestamp.json"))
                .statusCode())
        .isEqualTo(200);
    long begun = System.nanoTime();
    HttpResponse<String> refused = addProduct(service, "late");
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(BOUND);
    assertThat(refused.statusCode()).as(refused.body()).isEqualTo(503);
    assertThat(refused.body()).contains("urn:ota:problem:database-unavailable");
    assertThat(refused.headers().firstValue("Retry-After")).contains("5");
    HttpResponse<String> health = call(at(service, "/actuator/health"));
    assertThat(health.statusCode()).isEqualTo(503);
    assertThat(health.body())
        .containsPattern("\"db\":\\{[^{]*(\\{[^}]*})?[^{]*\"status\":\"DOWN\"");
  }

  private void isBack(ServiceProcess service, String product) throws Exception {
    await("health comes back", () -> health(service) == 200);
    assertThat(addProduct(service, product).statusCode()).isEqualTo(201);
  }

  @Test
  void theServiceGoesOnWhenItsDatabaseIsKilledOrSilentAndComesBack() throws Exception {
    try (PostgresServer database = PostgresServer.create()) {
      Path secrets = Files.createDirectory(directory.resolve("secrets"));
      Files.writeString(secrets.resolve("spring.datasource.password"), database.password());
      Map<String, String> environment =
          Map.of(
              "SPRING_DATASOURCE_URL", database.url(database.createDatabase()),
              "SPRING_DATASOURCE_USERNAME", database.user(),
              "SPRING_CONFIG_IMPORT", "configtree:" + secrets + "/",
              "LOGGING_FILE_NAME", directory.resolve("service.log").toString());
      try (ServiceProcess service = ServiceProcess.start(directory.resolve("data"), environment)) {
        RegisteredProduct product = RegisteredProduct.at(service, directory);
        int enrol = EnrolledDevice.open(product, "enrol");
        String profile = product.addProfile("p-256", EnrolledDevice.open(product, "device"));
        product.sign("34.10", profile).requireDone();
        product.publish("34.10").requireDone();
        EnrolledDevice device = EnrolledDevice.at(product, enrol, "t-0001", "34.10");
        assertThat(directory.resolve("data/db")).isEmptyDirectory();

        database.kill();
        isAway(service);
        await("the log tells", () -> said(WENT) == 1);
        // It reads the catalogue on its own port, and can not check in.
        assertThatThrownBy(() -> device.run("run"))
            .isInstanceOf(AssertionError.class)
            .hasMessageContaining("is the newest to take");
        database.start();
        isBack(service, "after-a-kill");
        await("the log tells", () -> said(CAME) == 1);
        device.run("run");

        database.freeze();
        isAway(service);
        await("the log tells", () -> said(WENT) == 2);
        database.thaw();
        isBack(service, "after-a-silence");
        await("the log tells", () -> said(CAME) == 2);
        assertThat(said("scheduled work failed")).isZero();
      }
    }
  }

  @Test
  void aStartWaitsForADatabaseThatIsNotThereYet() throws Exception {
    try (PostgresServer database = PostgresServer.create()) {
      Map<String, String> environment =
          new HashMap<>(database.environment(database.createDatabase()));
      environment.put("LOGGING_FILE_NAME", directory.resolve("service.log").toString());
      database.stop();
      Thread starter =
          new Thread(
              () -> {
                await("the start waits", () -> exists() && said("waiting for the database") == 1);
                try {
                  database.start();
                } catch (IOException e) {
                  throw new IllegalStateException(e);
                }
              });
      starter.start();
      Path data = directory.resolve("data");
      try (ServiceProcess service = ServiceProcess.start(data, environment)) {
        await("the service is well", () -> health(service) == 200);
      }
      starter.join();
    }
  }

  private boolean exists() {
    return Files.exists(directory.resolve("service.log"));
  }

  @Test
  void aWrongPasswordEndsTheStartAtOnceAndIsNotShown() throws Exception {
    try (PostgresServer database = PostgresServer.create()) {
      Map<String, String> environment =
          Map.of(
              "SPRING_DATASOURCE_URL", database.url(database.createDatabase()),
              "SPRING_DATASOURCE_USERNAME", database.user(),
              "SPRING_DATASOURCE_PASSWORD", "some-wrong-word");
      Path data = directory.resolve("data");
      assertThat(ServiceProcess.failedStart(data, environment))
          .contains("signer: error: no connection to the database at postgresql://127.0.0.1:")
          .contains("password authentication failed")
          .doesNotContain("some-wrong-word");
    }
  }

  @Test
  void theDatabaseOfANewerServiceIsRefused() throws Exception {
    try (PostgresServer database = PostgresServer.create()) {
      String name = database.createDatabase();
      Path data = directory.resolve("data");
      ServiceProcess.start(data, database.environment(name)).close();
      database.execute(
          name,
          "insert into flyway_schema_history (installed_rank, version, description, type, script,"
              + " checksum, installed_by, installed_on, execution_time, success) values (999,"
              + " '999', 'newer', 'SQL', 'V999__newer.sql', 1, 'newer', now(), 1, true)");
      assertThat(ServiceProcess.failedStart(data, database.environment(name)))
          .contains("signer: error: a newer service has used the database");
    }
  }
}
