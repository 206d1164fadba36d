package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.cli.ExitCode;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.catalogue.Head;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The service is killed between any two steps of signing, of publishing and of registering, as by
 * kill -9 or a power cut, and started again on the same directory: the work is finished, and a TUF
 * client that has followed all along accepts the catalogue each time, as does a new one.
 *
 * <p>One directory lives through all of it: what one death leaves is what the next life begins
 * with, and the life that has recovered is the next to die.
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

  /** Each with how often it is passed, where it is passed more than once for one release. */
  private static final List<Map.Entry<String, Integer>> PUBLISHING =
      List.of(
          Map.entry("release.decided", 1),
          Map.entry("catalogue.versions", 1),
          Map.entry("catalogue.staged", 1),
          Map.entry("catalogue.fenced", 1),
          Map.entry("catalogue.file", 4), // head, manifest, image, audit checkpoint
          Map.entry("catalogue.role", 2), // the channel's and the audit log's
          Map.entry("catalogue.snapshot", 1),
          Map.entry("catalogue.accepted", 1),
          Map.entry("catalogue.timestamp", 1),
          Map.entry("release.published", 1));

  /** Passed when a channel, a finished build or a lineage is new. */
  private static final String NEW_CHANNEL = "catalogue.targets";

  private static final List<String> REGISTERING = List.of("build.stored", "build.registered");
  private static final String NEW_LINEAGE = "catalogue.root";

  /** Ends that no step follows by itself: nothing is left that a death could cut off. */
  private static final Set<String> ENDS = Set.of("signing.failed");

  /** Passed where approvals are asked for; in this order. */
  private static final List<String> APPROVING =
      List.of("signing.awaiting-approval", "signing.approval-stored", "signing.approved");

  private static final List<String> UPLOADING = List.of("upload.forced", "upload.stored");
  private static final String REMOVING = "payload.removed";
  private static final List<String> PRUNING =
      List.of("build.pruning", "build.unlisted", "build.removed");
  private static final List<String> DIGESTS = List.of("digest.received", "digest.signed");

  private static final Pattern PASSED = Pattern.compile("\\bpassed\\(\"([^\"]+)\"\\)");

  @TempDir Path directory;

  private int minor = 10;

  @Test
  void everyMilestoneThatTheServicePassesIsOneItDiesAt() throws IOException {
    Set<String> passed = new TreeSet<>();
    try (Stream<Path> files = Files.walk(Repository.root().resolve("signer-service/src/main"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
        Matcher milestone = PASSED.matcher(Files.readString(file));
        while (milestone.find()) {
          passed.add(milestone.group(1));
        }
      }
    }
    Set<String> deaths = new TreeSet<>(ENDS);
    deaths.addAll(SIGNING);
    deaths.addAll(APPROVING);
    deaths.addAll(UPLOADING);
    deaths.addAll(DIGESTS);
    deaths.add(REMOVING);
    deaths.addAll(PRUNING);
    PUBLISHING.forEach(milestone -> deaths.add(milestone.getKey()));
    deaths.addAll(REGISTERING);
    deaths.addAll(List.of(NEW_CHANNEL, NEW_LINEAGE));
    assertThat(deaths).isEqualTo(passed);
  }

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
    List<String> finished = finishedElsewhere(data, product, profile);
    try (Lives lives = new Lives(data, directory.resolve("halt"), product)) {
      for (String milestone : SIGNING) {
        String version = next();
        lives.dieAt(milestone, 1, () -> product.sign(version, profile));
        publishOnceReady(product, version);
        follow(lives.now(), version + ".0+0");
      }
      for (Map.Entry<String, Integer> milestone : PUBLISHING) {
        for (int time = 1; time <= milestone.getValue(); time++) {
          String version = next();
          product.sign(version, profile).requireDone();
          lives.dieAt(milestone.getKey(), time, () -> product.publish(version));
          follow(lives.now(), version + ".0+0");
        }
      }
      String last = next();
      product.sign(last, profile).requireDone();
      product
          .engineer()
          .run("channels", "add", "beta", "--product", RegisteredProduct.PRODUCT)
          .requireDone();
      lives.dieAt(NEW_CHANNEL, 1, () -> product.publish(last));
      follow(lives.now(), last + ".0+0");
      for (int i = 0; i < REGISTERING.size(); i++) {
        String version = finished.get(i);
        lives.dieAt(REGISTERING.get(i), 1, () -> product.push(version));
        boolean registered = product.publish(version).status() == 0;
        assertThat(registered).isEqualTo(REGISTERING.get(i).equals("build.registered"));
        if (!registered) {
          product.push(version).requireDone();
          product.publish(version).requireDone();
        }
        follow(lives.now(), version + ".0+0");
      }
      lives.dieAt(NEW_LINEAGE, 1, () -> product.addLineage("next", "p-384"));
      product.addLineage("next", "p-384").requireDone();
      follow(lives.now(), finished.get(1) + ".0+0");
      assertThat(lives.deaths).isEqualTo(SIGNING.size() + 14 + 1 + REGISTERING.size() + 1);
    }
  }

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
      assertThat(lives.deaths).isEqualTo(APPROVING.size());
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
    Instant end = Instant.now().plus(PATIENCE);
    while (!product.state(service, id).equals("ready") && Instant.now().isBefore(end)) {
      pause();
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
      assertThat(lives.deaths).isEqualTo(UPLOADING.size() + DIGESTS.size());
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
      follow(service, "34.13.0+0");
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
        follow(service, "34.13.0+0");
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

  /** Builds of a service with the same keys that this one knows nothing of. */
  private List<String> finishedElsewhere(Path data, RegisteredProduct product, String profile)
      throws IOException {
    Path twin = directory.resolve("twin");
    try (Stream<Path> files = Files.walk(data)) {
      for (Path file : files.toList()) {
        Files.copy(file, twin.resolve(data.relativize(file)), StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
    List<String> versions = List.of("34.60", "34.61");
    try (ServiceProcess service = ServiceProcess.start(twin)) {
      product.signIn(service);
      for (String version : versions) {
        product.sign(version, profile).requireDone();
      }
    }
    return versions;
  }

  /** What is done while the service lives its last seconds. */
  private interface Work {
    Operator.Answer run() throws IOException;
  }

  /** The service from death to death. */
  private static final class Lives implements AutoCloseable {
    private final Path data;
    private final Path halt;
    private final RegisteredProduct product;
    private ServiceProcess service;
    private int deaths;

    Lives(Path data, Path halt, RegisteredProduct product) throws IOException {
      this.data = data;
      this.halt = halt;
      this.product = product;
      this.service = ServiceProcess.haltingBy(halt, data);
      product.signIn(service);
    }

    ServiceProcess now() {
      return service;
    }

    /** The service dies of the work, whoever asked hears nothing, and another one takes over. */
    void dieAt(String milestone, int time, Work work) throws IOException {
      Path armed = halt.resolveSibling("arming");
      Files.writeString(armed, milestone + " " + time);
      Files.move(armed, halt, StandardCopyOption.ATOMIC_MOVE);
      Operator.Answer answer = work.run();
      assertThat(service.waitForEnd()).as("exit at " + milestone + answer.err()).isEqualTo(137);
      assertThat(answer.status()).as(milestone + answer.out()).isNotZero();
      Files.delete(halt);
      deaths++;
      service = ServiceProcess.haltingBy(halt, data);
      product.signIn(service);
    }

    @Override
    public void close() throws IOException {
      service.close();
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

  /** Whether the TUF client of this store accepts what is there, and finds the release. */
  static boolean headOf(ServiceProcess service, Path store, String version) throws Exception {
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
