package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.cli.ExitCode;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.catalogue.Head;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The service is killed between any two steps of signing and of publishing, as by kill -9 or a
 * power cut, and started again on the same directory: the work is finished, and a TUF client that
 * has followed all along accepts the catalogue each time, as does a new one.
 *
 * <p>One directory lives through all of it: what one death leaves is what the next life begins
 * with.
 */
class KilledServiceIT {
  private static final String REPOSITORY =
      "/catalogue/" + RegisteredProduct.PRODUCT + "/" + RegisteredProduct.LINEAGE + "/";
  private static final String HEAD =
      RegisteredProduct.CHANNEL + "/" + RegisteredProduct.HARDWARE + "/head.json";

  /** Where nothing listens: no device is on record. */
  private static final int PORT = 31_314;

  private static final Duration PATIENCE = Duration.ofSeconds(40);

  /** In the order of docs/explanation/signing-cycle.md. */
  private static final List<String> SIGNING =
      List.of(
          "signing.received",
          "signing.judged",
          "signing.approved",
          "signing.intent-durable",
          "signing.stored",
          "signing.signed",
          "signing.accepted",
          "signing.ready");

  private static final List<String> PUBLISHING =
      List.of(
          "catalogue.versions",
          "catalogue.file",
          "catalogue.role",
          "catalogue.snapshot",
          "catalogue.accepted",
          "catalogue.timestamp");

  @TempDir Path directory;

  private int minor = 10;

  @Test
  void everyDeathBetweenTwoStepsIsRecoveredFrom() throws Exception {
    Path data = directory.resolve("data");
    RegisteredProduct product;
    String profile;
    try (ServiceProcess service = ServiceProcess.start(data)) {
      product = RegisteredProduct.at(service, directory);
      profile = product.addProfile("p-384", PORT);
      product.sign("34.10", profile).requireDone();
      product.publish("34.10").requireDone();
      follow(service, "34.10.0+0");
    }
    int deaths = 0;
    for (String milestone : SIGNING) {
      String version = next();
      Operator.Answer answer =
          dyingAt(data, product, milestone, () -> product.sign(version, profile));
      assertThat(answer.status()).as(milestone + answer.out()).isNotZero();
      deaths++;
      try (ServiceProcess service = ServiceProcess.start(data)) {
        product.signIn(service);
        publishOnceReady(product, version);
        follow(service, version + ".0+0");
      }
    }
    for (String milestone : PUBLISHING) {
      String version = next();
      dyingAt(
          data,
          product,
          milestone,
          () -> {
            product.sign(version, profile).requireDone();
            return product.publish(version);
          });
      deaths++;
      try (ServiceProcess service = ServiceProcess.start(data)) {
        product.signIn(service);
        follow(service, version + ".0+0");
      }
    }
    assertThat(deaths).isEqualTo(SIGNING.size() + PUBLISHING.size());
  }

  /** What is done while the service lives its last seconds. */
  private interface Work {
    Operator.Answer run() throws IOException;
  }

  private static Operator.Answer dyingAt(
      Path data, RegisteredProduct product, String milestone, Work work) throws IOException {
    try (ServiceProcess service = ServiceProcess.haltingAt(data, milestone, 1)) {
      product.signIn(service);
      Operator.Answer answer = work.run();
      assertThat(service.waitForEnd()).as("exit status at " + milestone).isEqualTo(137);
      return answer;
    }
  }

  private String next() {
    minor++;
    return "34." + minor;
  }

  /** The request that was cut off is finished by the next start, without being asked. */
  private static void publishOnceReady(RegisteredProduct product, String version) throws Exception {
    Instant end = Instant.now().plus(PATIENCE);
    Operator.Answer answer = product.publish(version);
    while (answer.status() != 0 && Instant.now().isBefore(end)) {
      pause();
      answer = product.publish(version);
    }
    answer.requireDone();
  }

  /** The client that has followed all along, and a new one, accept what is there and find it. */
  private void follow(ServiceProcess service, String version) throws Exception {
    Instant end = Instant.now().plus(PATIENCE);
    boolean found = headOf(service, directory.resolve("follower"), version);
    while (!found && Instant.now().isBefore(end)) {
      pause();
      found = headOf(service, directory.resolve("follower"), version);
    }
    assertThat(found).as("the follower finds " + version).isTrue();
    Path fresh = Files.createTempDirectory(directory, "fresh");
    assertThat(headOf(service, fresh, version)).as("a new client finds " + version).isTrue();
  }

  private static boolean headOf(ServiceProcess service, Path store, String version)
      throws Exception {
    Operator client = Operator.in(store);
    String base = service.address() + REPOSITORY;
    Path metadata = store.resolve("metadata");
    if (!Files.exists(metadata)) {
      Files.createDirectories(metadata);
      Path root = store.resolve("root.json");
      try (InputStream in = URI.create(base + "metadata/1.root.json").toURL().openStream()) {
        Files.write(root, in.readAllBytes());
      }
      client
          .run("tuf", "--metadata-dir", metadata.toString(), "init", root.toString())
          .requireDone();
    }
    Path targets = Files.createDirectories(store.resolve("targets"));
    delete(targets);
    client
        .run(
            "tuf",
            "--metadata-url",
            base + "metadata/",
            "--metadata-dir",
            metadata.toString(),
            "--target-name",
            HEAD,
            "--target-dir",
            targets.toString(),
            "--target-base-url",
            base + "targets/",
            "download")
        .requireDone();
    try (Stream<Path> files = Files.walk(targets)) {
      Path head = files.filter(Files::isRegularFile).findFirst().orElseThrow();
      ImageVersion wanted = ImageVersion.parse(version);
      return Head.read(Files.readAllBytes(head)).candidates().stream()
          .anyMatch(c -> c.version().equals(wanted));
    }
  }

  private static void delete(Path targets) throws IOException {
    try (Stream<Path> files = Files.walk(targets)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.delete(file);
      }
    }
  }

  /** A process of its own cannot be given our clock. */
  private static void pause() throws InterruptedException {
    Thread.sleep(250);
  }

  @Test
  void anUnreachableServiceIsSaidToBe() throws Exception {
    Operator nobody = Operator.in(directory.resolve("nobody"));
    Files.writeString(nobody.directory().resolve("password"), "x\n");
    Operator.Answer answer =
        nobody.run(
            "login",
            "--service",
            "http://127.0.0.1:1",
            "--user",
            "admin",
            "--password-file",
            "password");
    assertThat(answer.status()).isEqualTo(ExitCode.UNREACHABLE.status());
    assertThat(answer.err()).contains("signer: error:");
  }
}
