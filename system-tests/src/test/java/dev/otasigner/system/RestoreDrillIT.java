package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
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
