package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.cli.ExitCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The service is killed around approvals, uploads and removals, as by kill -9 or a power cut, and
 * started again on the same directory: nothing is lost, done twice or left half.
 */
class KilledWorkIT {
  /** Where nothing listens: no device is on record. */
  private static final int PORT = 31_314;

  /** Passed where approvals are asked for; in this order. */
  static final List<String> APPROVING =
      List.of("signing.awaiting-approval", "signing.approval-stored", "signing.approved");

  static final List<String> UPLOADING = List.of("upload.forced", "upload.stored");
  static final String REMOVING = "payload.removed";
  static final List<String> PRUNING = List.of("build.pruning", "build.unlisted", "build.removed");
  static final List<String> DIGESTS = List.of("digest.received", "digest.signed");

  @TempDir Path directory;

  private int minor = 10;

  @Test
  void everyDeathAroundAnApprovalIsRecoveredFrom() throws Exception {
    Path data = directory.resolve("data");
    RegisteredProduct product;
    String profile;
    try (ServiceProcess service = ServiceProcess.start(data)) {
      product = RegisteredProduct.at(service, directory);
      product.addApprover(service, "alice");
      profile = product.addProfile("p-384", PORT);
    }
    product.requireApproval(data, "alice");
    try (Lives lives = new Lives(data, directory.resolve("halt"), product)) {
      String first = next();
      lives.dieAt(APPROVING.get(0), 1, () -> product.sign(first, profile));
      for (String milestone : APPROVING.subList(1, APPROVING.size())) {
        // The one that waits since the last death, or a new one.
        String id = product.waiting(lives.now()).isEmpty() ? ask(product, profile) : "";
        assertThat(id).isNotNull();
        String waits = product.waiting(lives.now()).get(0);
        lives.dieAt(milestone, 1, () -> product.approve(lives.now(), "alice", waits));
        awaitReady(product, lives.now(), waits);
      }
      assertThat(lives.deaths()).isEqualTo(APPROVING.size());
    }
  }

  private String ask(RegisteredProduct product, String profile) {
    Operator.Answer asked = product.sign(next(), profile);
    assertThat(asked.status()).as(asked.err()).isEqualTo(ExitCode.WAITING.status());
    return asked.err();
  }

  /** What was approved is signed by the next start, and nobody is asked again. */
  private static void awaitReady(RegisteredProduct product, ServiceProcess service, String id)
      throws Exception {
    Instant end = Instant.now().plus(Follower.PATIENCE);
    while (!product.state(service, id).equals("ready") && Instant.now().isBefore(end)) {
      Follower.pause();
    }
    assertThat(product.state(service, id)).isEqualTo("ready");
  }

  @Test
  void everyDeathOfAnUploadOrABareDigestIsRecoveredFrom() throws Exception {
    Path data = directory.resolve("data");
    RegisteredProduct product;
    try (ServiceProcess service = ServiceProcess.start(data)) {
      product = RegisteredProduct.at(service, directory);
    }
    product.allowBareDigests(data);
    try (ServiceProcess service = ServiceProcess.start(data)) {
      product.makeBareDigestKey(service);
    }
    try (Lives lives = new Lives(data, directory.resolve("halt"), product)) {
      for (String milestone : UPLOADING) {
        byte[] payload = milestone.getBytes(StandardCharsets.UTF_8);
        lives.dieAt(milestone, 1, () -> product.upload(lives.now(), payload));
        product.upload(lives.now(), payload).requireDone();
        assertThat(stored(data, payload)).isEqualTo(1);
      }
      for (String milestone : DIGESTS) {
        lives.dieAt(milestone, 1, () -> product.signDigest(milestone));
        String signature = product.signDigest(milestone).requireDone().out();
        assertThat(product.signDigest(milestone).requireDone().out()).isEqualTo(signature);
      }
      assertThat(lives.deaths()).isEqualTo(UPLOADING.size() + DIGESTS.size());
    }
  }

  /** The file has gone, its row has not: the payload can be uploaded anew, and is there again. */
  @Test
  void aDeathInTheRemovalOfAPayloadLeavesNothingHalf() throws Exception {
    Path data = directory.resolve("data");
    byte[] payload = "named by nobody".getBytes(StandardCharsets.UTF_8);
    RegisteredProduct product;
    try (ServiceProcess service = ServiceProcess.start(data)) {
      product = RegisteredProduct.at(service, directory);
      product.upload(service, payload).requireDone();
    }
    Instant later = Instant.now().plus(Duration.ofDays(31));
    Path halt = Files.writeString(directory.resolve("halt"), REMOVING + " 1");
    try (ServiceProcess service = ServiceProcess.haltingBy(halt, later, data)) {
      assertThat(service.waitForEnd()).isEqualTo(137);
    }
    assertThat(stored(data, payload)).isZero();
    try (ServiceProcess service = ServiceProcess.at(later, data)) {
      product.signIn(service);
      product.upload(service, payload).requireDone();
      assertThat(stored(data, payload)).isEqualTo(1);
    }
  }

  /** What was decided is finished by the next start, and clients find the catalogue whole. */
  @Test
  void everyDeathInAPruningIsRecoveredFrom() throws Exception {
    Path data = directory.resolve("data");
    List<String> versions = List.of("34.10", "34.11", "34.12");
    RegisteredProduct product;
    try (ServiceProcess service = ServiceProcess.start(data)) {
      product = RegisteredProduct.at(service, directory);
      String profile = product.addProfile("p-384", PORT);
      for (String version : versions) {
        product.sign(version, profile).requireDone();
        product.publish(version).requireDone();
      }
      product.sign("34.13", profile).requireDone();
      product.publish("34.13").requireDone();
      new Follower(directory).follow(service, "34.13.0+0");
    }
    Instant later = Instant.now().plus(Duration.ofDays(8));
    for (int i = 0; i < PRUNING.size(); i++) {
      String version = versions.get(i);
      Path halt = Files.writeString(directory.resolve("halt"), PRUNING.get(i) + " 1");
      String image;
      try (ServiceProcess service = ServiceProcess.haltingBy(halt, later, data)) {
        product.signIn(service);
        image = image(product, version);
        assertThat(named(data, image)).isEqualTo(2);
        assertThat(builds(product, "prune", version, "--yes").status()).isNotZero();
        assertThat(service.waitForEnd()).isEqualTo(137);
      }
      Files.delete(halt);
      try (ServiceProcess service = ServiceProcess.at(later, data)) {
        product.signIn(service);
        // Finished once the service is ready, a moment after it listens.
        for (int seconds = 0; seconds < 150 && named(data, image) > 0; seconds++) {
          Thread.sleep(1000);
        }
        assertThat(named(data, image)).as(PRUNING.get(i)).isZero();
        assertThat(builds(product, "show", version, "--json").requireDone().json().has("pruned"))
            .isTrue();
        new Follower(directory).follow(service, "34.13.0+0");
      }
    }
  }

  private static Operator.Answer builds(RegisteredProduct product, String... command) {
    List<String> arguments = new java.util.ArrayList<>(List.of("builds"));
    arguments.addAll(List.of(command));
    arguments.addAll(List.of("--product", RegisteredProduct.PRODUCT));
    return product.engineer().run(arguments.toArray(String[]::new));
  }

  private static String image(RegisteredProduct product, String version) throws Exception {
    return builds(product, "show", version, "--json")
        .requireDone()
        .json()
        .objects("variants", 9)
        .get(0)
        .string("sha256");
  }

  /** Files of the payload store and of the catalogue that carry the digest. */
  private static long named(Path data, String sha256) throws IOException {
    try (Stream<Path> files = Files.walk(data)) {
      return files.filter(file -> String.valueOf(file.getFileName()).startsWith(sha256)).count();
    }
  }

  private static long stored(Path data, byte[] content) throws IOException {
    try (Stream<Path> files = Files.walk(data.resolve("payloads"))) {
      return files.filter(Files::isRegularFile).filter(file -> isOf(file, content)).count();
    }
  }

  private static boolean isOf(Path file, byte[] content) {
    try {
      return java.util.Arrays.equals(Files.readAllBytes(file), content);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
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

  private String next() {
    minor++;
    return "34." + minor;
  }
}
