package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.otasigner.service.postgres.PostgresPrograms;
import dev.otasigner.service.postgres.PostgresServer;
import dev.otasigner.verifier.ImageVersion;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The drill of docs/how-to/back-up-the-token.md: keys made through the service, a backup, another
 * machine, and there the service signs on with the same keys.
 */
class RestoreDrillIT {
  private static final int PORT = 31_314;

  @TempDir Path directory;

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path copy = to.resolve(from.relativize(file));
        if (!Files.exists(copy)) {
          Files.copy(file, copy);
        }
      }
    }
  }

  private static void verify(RegisteredProduct product, String version) {
    product.engineer().run("verify", version + ".img", "--trust", "image.pub.pem").requireDone();
  }

  @Test
  void theServiceSignsOnWithRestoredKeysOnAnotherMachine() throws Exception {
    Path old = directory.resolve("old");
    RegisteredProduct product;
    String profile;
    try (ServiceProcess service = ServiceProcess.start(old)) {
      product = RegisteredProduct.at(service, directory);
      profile = product.addProfile("p-384", PORT);
      product
          .engineer()
          .run("keys", "export", "image", "--public", "-o", "image.pub.pem")
          .requireDone();
      product.sign("34.10", profile).requireDone();
      verify(product, "34.10");
      assertThat(backUp(old).status()).as("while the service runs").isEqualTo(1);
    }
    backUp(old).requireDone();

    Path fresh = directory.resolve("fresh");
    Operator.Answer restored =
        custodian()
            .run(
                "keys",
                "restore",
                "keys.backup",
                "--data",
                fresh.toString(),
                "--backup-passphrase-file",
                "on-paper");
    assertThat(restored.requireDone().out())
        .contains("What was signed, retired or destroyed since then is not known here");
    // The database, payloads and catalogue have backups of their own.
    for (String room : new String[] {"db", "payloads", "catalogue", "audit"}) {
      copy(old.resolve(room), fresh.resolve(room));
    }
    try (ServiceProcess service = ServiceProcess.start(fresh)) {
      product.signIn(service);
      product.sign("34.11", profile).requireDone();
      verify(product, "34.11");
      product.publish("34.11").requireDone();
      assertThat(
              URI.create(service.address() + "/actuator/health")
                  .toURL()
                  .openStream()
                  .readAllBytes())
          .asString()
          .contains("UP");
    }
  }

  /**
   * What was published after the backup of the database is unknown to it; the numbers that devices
   * have seen are in the catalogue's files, and no lower one is given out.
   */
  @Test
  void anOlderDatabaseTakesNoNumberBackThatDevicesHaveSeen() throws Exception {
    Optional<PostgresPrograms> programs = PostgresPrograms.installed();
    assumeTrue(programs.isPresent(), "postgresql is not installed");
    try (PostgresServer database = PostgresServer.create(programs.orElseThrow())) {
      String before = database.createDatabase();
      Path old = directory.resolve("old");
      RegisteredProduct product;
      String profile;
      try (ServiceProcess service = ServiceProcess.start(old, database.environment(before))) {
        product = RegisteredProduct.at(service, directory);
        profile = product.addProfile("p-384", PORT);
        product.sign("34.10", profile).requireDone();
        product.publish("34.10").requireDone();
      }
      backUp(old).requireDone();
      Path dump = directory.resolve("signer.dump");
      client(database, "pg_dump", "--format=custom", "--file=" + dump, before);
      Path backup = directory.resolve("backup");
      for (String room : new String[] {"payloads", "audit"}) {
        copy(old.resolve(room), backup.resolve(room));
      }
      FieldClient device = FieldClient.trusting(old.resolve("catalogue"));
      try (ServiceProcess service = ServiceProcess.start(old, database.environment(before))) {
        product.signIn(service);
        product.sign("34.11", profile).requireDone();
        product.publish("34.11").requireDone();
        assertThat(device.offered(service)).contains(ImageVersion.parse("34.11.0+0"));
      }

      Path fresh = directory.resolve("fresh");
      custodian()
          .run(
              "keys",
              "restore",
              "keys.backup",
              "--data",
              fresh.toString(),
              "--backup-passphrase-file",
              "on-paper")
          .requireDone();
      for (String room : new String[] {"payloads", "audit"}) {
        copy(backup.resolve(room), fresh.resolve(room));
      }
      copy(old.resolve("catalogue"), fresh.resolve("catalogue"));
      String after = database.createDatabase();
      client(database, "pg_restore", "--exit-on-error", "--dbname=" + after, dump.toString());
      try (ServiceProcess service = ServiceProcess.start(fresh, database.environment(after))) {
        // Numbers go on; and 34.10, which the newer files do not list, waits for somebody's word.
        product.signIn(service);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!device.offered(service).isEmpty() && System.nanoTime() < end) {
          TimeUnit.MILLISECONDS.sleep(200);
        }
        assertThat(device.offered(service)).isEmpty();
        assertThat(product.release("show", "34.10").requireDone().out())
            .contains("withdrawn", "the database is older than the catalogue");
        product.release("resume", "34.10").requireDone();
        assertThat(device.offered(service)).contains(ImageVersion.parse("34.10.0+0"));
        product
            .administrator()
            .run(
                "login",
                "--service",
                service.address(),
                "--user",
                "admin",
                "--password-file",
                "password")
            .requireDone();
        product
            .administrator()
            .run("keys", "export", "audit-log", "--public", "-o", "audit.pem")
            .requireDone();
        product.administrator().run("audit", "verify", "--key", "audit.pem").requireDone();
        product.sign("34.12", profile).requireDone();
        product.publish("34.12").requireDone();
        assertThat(device.offered(service))
            .contains(ImageVersion.parse("34.12.0+0"))
            .doesNotContain(ImageVersion.parse("34.11.0+0"));
      }
    }
  }

  /** One of PostgreSQL's own programs for the operator's side. */
  private static void client(PostgresServer server, String program, String... arguments)
      throws Exception {
    List<String> command = new ArrayList<>();
    command.add(server.programs().bin().resolve(program).toString());
    command.addAll(
        List.of("--host=127.0.0.1", "--port=" + server.port(), "--username=" + server.user()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("PGPASSWORD", server.password());
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
  }

  private Operator custodian() throws IOException {
    Operator custodian = Operator.in(directory.resolve("custodian"));
    Path passphrase = custodian.directory().resolve("on-paper");
    if (!Files.exists(passphrase)) {
      Files.writeString(passphrase, "kept in a safe, on paper\n");
      Files.setPosixFilePermissions(passphrase, PosixFilePermissions.fromString("rw-------"));
    }
    return custodian;
  }

  private Operator.Answer backUp(Path data) throws IOException {
    return custodian()
        .run(
            "keys",
            "backup",
            "--data",
            data.toString(),
            "--backup-passphrase-file",
            "on-paper",
            "-o",
            "keys.backup");
  }
}
