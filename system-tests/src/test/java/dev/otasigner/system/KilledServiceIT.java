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
  private static final String PRODUCT = "thermostat";
  private static final String REPOSITORY = "/catalogue/" + PRODUCT + "/default/";
  private static final String HEAD = "stable/board/head.json";
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
    Operator engineer = Operator.in(directory.resolve("engineer"));
    String profile;
    try (ServiceProcess service = ServiceProcess.start(data)) {
      profile = register(service, engineer);
      sign(engineer, "34.10", profile).requireDone();
      publish(engineer, "34.10").requireDone();
      follow(service, "34.10.0+0");
    }
    int deaths = 0;
    for (String milestone : SIGNING) {
      String version = next();
      Operator.Answer answer =
          dyingAt(data, engineer, milestone, () -> sign(engineer, version, profile));
      assertThat(answer.status()).as(milestone + answer.out()).isNotZero();
      deaths++;
      try (ServiceProcess service = ServiceProcess.start(data)) {
        signIn(engineer, service);
        publishOnceReady(engineer, version);
        follow(service, version + ".0+0");
      }
    }
    for (String milestone : PUBLISHING) {
      String version = next();
      dyingAt(
          data,
          engineer,
          milestone,
          () -> {
            sign(engineer, version, profile).requireDone();
            return publish(engineer, version);
          });
      deaths++;
      try (ServiceProcess service = ServiceProcess.start(data)) {
        signIn(engineer, service);
        follow(service, version + ".0+0");
      }
    }
    assertThat(deaths).isEqualTo(SIGNING.size() + PUBLISHING.size());
  }

  /** What is done while the service lives its last seconds. */
  private interface Work {
    Operator.Answer run() throws IOException;
  }

  private static Operator.Answer dyingAt(Path data, Operator engineer, String milestone, Work work)
      throws IOException {
    try (ServiceProcess service = ServiceProcess.haltingAt(data, milestone, 1)) {
      signIn(engineer, service);
      Operator.Answer answer = work.run();
      assertThat(service.waitForEnd()).as("exit status at " + milestone).isEqualTo(137);
      return answer;
    }
  }

  private String register(ServiceProcess service, Operator engineer) throws Exception {
    Operator administrator = Operator.in(directory.resolve("administrator"));
    administrator.signIn(service, "admin", service.password());
    String password =
        administrator
            .run("users", "add", "engineer", "--json", "--role", "release-engineer,key-custodian")
            .requireDone()
            .json()
            .string("oneTimePassword");
    administrator.run("products", "add", PRODUCT).requireDone();
    engineer.signIn(service, "engineer", password);
    Files.write(engineer.directory().resolve("payload"), payload());
    for (String[] command :
        new String[][] {
          {"hardware", "add", "board", "--product", PRODUCT, "--revision", "a"},
          {"channels", "add", "stable", "--product", PRODUCT},
          {"keys", "create", "image", "--purpose", "image", "--suite", "ecdsa-p256-sha256"},
          {"keys", "create", "manifest", "--purpose", "manifest", "--suite", "ed25519"},
          {
            "bootloaders",
            "add",
            "boot",
            "--product",
            PRODUCT,
            "--hardware",
            "board",
            "--anchor",
            "image",
            "--slot-bytes",
            "1048576"
          },
        }) {
      engineer.run(command).requireDone();
    }
    Files.writeString(
        engineer.directory().resolve("profile.json"),
        """
        {"schema": 1, "knows": ["ed25519", "ecdsa-p256-sha256"],
         "manifest": {"rule": {"any": ["manifest"]}}, "lineage": {"name": "default"},
         "minStrengthBits": 112,
         "tls": {"versions": ["TLSv1.3"], "suites": ["TLS_AES_256_GCM_SHA384"],
                 "groups": ["secp384r1"], "serverAnchors": ["server"], "clientKey": "p-384"},
         "servers": ["localhost"], "ports": [31314]}
        """);
    return engineer
        .run("profiles", "add", "profile.json", "--json", "--product", PRODUCT)
        .requireDone()
        .json()
        .string("digest");
  }

  private static byte[] payload() throws IOException {
    try (InputStream in = KilledServiceIT.class.getResourceAsStream("KilledServiceIT.class")) {
      return in == null ? new byte[0] : in.readAllBytes();
    }
  }

  /** Sessions outlive the service; only its port is another. */
  private static void signIn(Operator engineer, ServiceProcess service) throws IOException {
    engineer
        .run(
            "login",
            "--service",
            service.address(),
            "--user",
            "engineer",
            "--password-file",
            "password")
        .requireDone();
  }

  private String next() {
    minor++;
    return "34." + minor;
  }

  private Operator.Answer sign(Operator engineer, String version, String profile) {
    return engineer.run(
        "sign",
        "payload",
        "--product",
        PRODUCT,
        "--hardware",
        "board",
        "--version",
        version,
        "--security-counter",
        "1",
        "--pad-header",
        "--profile",
        profile,
        "--image-key",
        "image",
        "--manifest-key",
        "manifest",
        "-o",
        version + ".img",
        "--manifest-output",
        version + ".dsse");
  }

  private static Operator.Answer publish(Operator engineer, String version) {
    return engineer.run(
        "release",
        "publish",
        version,
        "--product",
        PRODUCT,
        "--channel",
        "stable",
        "--hardware",
        "board");
  }

  /** The request that was cut off is finished by the next start, without being asked. */
  private static void publishOnceReady(Operator engineer, String version) throws Exception {
    Instant end = Instant.now().plus(PATIENCE);
    Operator.Answer answer = publish(engineer, version);
    while (answer.status() != 0 && Instant.now().isBefore(end)) {
      pause();
      answer = publish(engineer, version);
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
