package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.audit.Checkpoint;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Somebody with write access to the database changes the audit log while the service is down. The
 * service starts again; the log no longer is what a device holds a checkpoint of, which a device
 * got by nothing but taking an update.
 */
class ChangedLogIT {
  @TempDir Path directory;

  private long held;

  /** What is done to the log, and to the checkpoint that the service keeps beside it. */
  private interface Deed {
    void on(Connection database, Path kept) throws SQLException, IOException;
  }

  @Test
  void aDevicesCheckpointShowsWhatWasDoneToTheLog() throws Exception {
    Path data = directory.resolve("data");
    Operator administrator = serveADevice(data).administrator();
    long third = held / 3;

    assertThat(afterwards(administrator, data, "untouched", (database, kept) -> {}).status())
        .isZero();

    // Changed: what alice did, mallory did.
    Operator.Answer changed =
        afterwards(
            administrator,
            data,
            "changed",
            (database, kept) ->
                run(
                    database,
                    "update audit_leaf set record = replace(record, 'engineer', 'somebody')"
                        + " where position = (select min(position) from audit_leaf where position >="
                        + " ? and record like '%engineer%')",
                    third));
    assertThat(changed.status()).isEqualTo(1);
    assertThat(changed.err()).containsPattern("record \\d+ was changed");

    // Removed, and the checkpoint that the service keeps with it.
    Operator.Answer removed =
        afterwards(
            administrator,
            data,
            "removed",
            (database, kept) -> {
              run(database, "delete from audit_leaf where position = ?", third);
              Files.delete(kept);
            });
    assertThat(removed.status()).isEqualTo(1);
    assertThat(removed.err()).contains("record " + third + " was removed");

    // Changed places.
    Operator.Answer reordered =
        afterwards(
            administrator,
            data,
            "reordered",
            (database, kept) -> {
              run(database, "update audit_leaf set position = -1 where position = ?", third);
              run(
                  database,
                  "update audit_leaf set position = ? where position = ?",
                  third,
                  third + 1);
              run(database, "update audit_leaf set position = ? where position = -1", third + 1);
            });
    assertThat(reordered.status()).isEqualTo(1);
    assertThat(reordered.err()).contains("record " + third + " was reordered");

    // Cut off, with everything the service could know it by: it goes on from there, and signs.
    Operator.Answer cutOff =
        afterwards(
            administrator,
            data,
            "cut-off",
            (database, kept) -> {
              run(database, "delete from audit_leaf where position >= ?", third);
              run(
                  database,
                  "delete from audit_node where (position + 1) * power(2, level) > ?",
                  third);
              run(database, "update audit_head set size = ?", third);
              Files.delete(kept);
            });
    assertThat(cutOff.status()).isEqualTo(1);
    assertThat(cutOff.err())
        .containsPattern("record \\d+ was cut off|the first of the records 0 to " + (held - 1));
  }

  /** An update from end to end; afterwards the device holds a checkpoint. */
  private RegisteredProduct serveADevice(Path data) throws Exception {
    try (ServiceProcess service = ServiceProcess.start(data)) {
      RegisteredProduct product = RegisteredProduct.at(service, directory);
      int enrol = EnrolledDevice.open(product, "enrol");
      String profile = product.addProfile("p-256", EnrolledDevice.open(product, "device"));
      product.sign("34.10", profile).requireDone();
      product.sign("34.12", profile).requireDone();
      product.publish("34.12").requireDone();
      EnrolledDevice device = EnrolledDevice.at(product, enrol, "t-0001", "34.10");
      assertThat(device.run("run")).contains("holds a checkpoint of", "installed: 34.12.0+0");
      byte[] note = device.run("state", "--checkpoint").getBytes(StandardCharsets.UTF_8);
      Operator administrator = product.administrator();
      Files.write(administrator.directory().resolve("device.checkpoint"), note);
      held = Checkpoint.readUnverified(note).size();
      administrator.run("keys", "export", "audit-log", "--public", "-o", "audit.pem").requireDone();
      whoSignedIt(product);
      service.stop();
      return product;
    }
  }

  /** The two questions, from the running service. */
  private static void whoSignedIt(RegisteredProduct product) throws IOException {
    Operator administrator = product.administrator();
    Files.copy(
        product.engineer().directory().resolve("34.12.img"),
        administrator.directory().resolve("34.12.img"));
    assertThat(administrator.run("audit", "image", "34.12.img", "--key", "audit.pem").requireDone())
        .extracting(Operator.Answer::out)
        .asString()
        .containsPattern("asked by +\\S+ +user:engineer, thermostat 34.12.0\\+0")
        .containsPattern("policy +\\S+ +passed payload-missing .*image-refused")
        .containsPattern("signed with +\\S+ +key:image, image key [0-9a-f]{64}")
        .containsPattern("signed with +\\S+ +key:manifest, manifest key [0-9a-f]{64}")
        .containsPattern("devices' code +\\S+ +accepted after .*manifest variant image boot")
        .containsPattern("published +\\S+ +user:engineer, thermostat/stable/board/34.12.0\\+0")
        .contains(", signed by the audit key");
    assertThat(administrator.run("audit", "who", "--user", "engineer").requireDone().out())
        .containsPattern("user:engineer +session.opened +user:engineer +address=127.0.0.1")
        .containsPattern("user:engineer +release.published");
    assertThat(administrator.run("audit", "proof", "device.checkpoint", "--key", "audit.pem"))
        .extracting(Operator.Answer::requireDone)
        .extracting(Operator.Answer::out)
        .asString()
        .contains("that were vouched for");
  }

  /** Does it to a copy of the data, starts the service on it, and compares an export. */
  private Operator.Answer afterwards(Operator administrator, Path data, String name, Deed deed)
      throws Exception {
    Path copy = directory.resolve(name);
    copy(data, copy);
    String url = "jdbc:h2:file:" + copy.resolve("db").resolve("signer");
    try (Connection database = DriverManager.getConnection(url, "sa", "")) {
      deed.on(database, copy.resolve("audit").resolve("checkpoint"));
    }
    try (ServiceProcess service = ServiceProcess.start(copy)) {
      administrator
          .run(
              "login",
              "--service",
              service.address(),
              "--user",
              "admin",
              "--password-file",
              "password")
          .requireDone();
      Path export = administrator.directory().resolve(name + ".log");
      Files.writeString(export, export(service, administrator));
      return administrator.run(
          "audit",
          "verify",
          export.getFileName().toString(),
          "--key",
          "audit.pem",
          "--checkpoint",
          "device.checkpoint");
    }
  }

  /** As it is: a service that has found the damage itself makes no checkpoint any more. */
  private static String export(ServiceProcess service, Operator who) throws Exception {
    Path session = who.directory().resolve("home/session.json");
    String token = JsonReader.readObject(Files.readAllBytes(session), 1 << 16).string("token");
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(service.address() + "/api/v1/audit/export"))
            .header("Authorization", "Bearer " + token)
            .build();
    return HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
  }

  private static void run(Connection database, String sql, long... numbers) throws SQLException {
    try (PreparedStatement statement = database.prepareStatement(sql)) {
      for (int i = 0; i < numbers.length; i++) {
        statement.setLong(i + 1, numbers[i]);
      }
      assertThat(statement.executeUpdate()).as(sql).isPositive();
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file).toString()));
      }
    }
  }
}
