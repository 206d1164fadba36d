package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.cli.Terminal;
import dev.otasigner.cli.local.LocalEnvelope;
import dev.otasigner.keys.approval.Approval;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import dev.otasigner.verifier.tuf.Fetcher;
import dev.otasigner.verifier.tuf.LineagePolicy;
import dev.otasigner.verifier.tuf.MemoryStore;
import dev.otasigner.verifier.tuf.TargetFile;
import dev.otasigner.verifier.tuf.TufLimits;
import dev.otasigner.verifier.tuf.Updater;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Today's service on a data directory of the release before; see previous-release/README.md. The
 * service's clock stands a day after the directory was made, whenever this runs.
 */
class UpgradeIT {
  private static final String ARCHIVE = "/previous-release/previous-release.tar.gz";
  private static final Instant NOW = Instant.parse("2026-11-24T06:00:00Z");
  private static final String PRODUCT = "thermostat";

  @TempDir Path directory;

  private Operator engineer = new Operator(Path.of(""));

  @BeforeEach
  void unpack() throws Exception {
    Path archive = directory.resolve("archive");
    try (InputStream in = UpgradeIT.class.getResourceAsStream(ARCHIVE)) {
      Files.copy(java.util.Objects.requireNonNull(in, ARCHIVE), archive);
    }
    Process tar =
        new ProcessBuilder("tar", "-xzpf", archive.toString(), "-C", directory.toString()).start();
    assertThat(tar.waitFor()).isZero();
    engineer = new Operator(directory);
  }

  private Operator signIn(ServiceProcess service, String user) {
    engineer
        .run(
            "login",
            "--service",
            service.address(),
            "--user",
            user,
            "--password-file",
            user + ".password")
        .requireDone();
    return engineer;
  }

  @Test
  void theServiceGoesOnWhereTheReleaseBeforeStopped() throws Exception {
    try (ServiceProcess service = ServiceProcess.at(NOW, directory.resolve("data"))) {
      auditLogIsTheOneOfThen(service);
      oldBuildIsServedByteForByte(service);
      deviceIsOnRecord(service);
      requestThatWaitedBecomesABuild(service);
      newRequestIsSigned(service);
      catalogueIsAcceptedByATufClient(service);
    }
    try (ServiceProcess again = ServiceProcess.at(NOW, directory.resolve("data"))) {
      auditLogIsTheOneOfThen(again);
    }
  }

  private void auditLogIsTheOneOfThen(ServiceProcess service) {
    signIn(service, "alice")
        .run("audit", "verify", "--key", "audit.pem", "--checkpoint", "audit.checkpoint")
        .requireDone();
  }

  private void oldBuildIsServedByteForByte(ServiceProcess service) throws Exception {
    String token = token();
    String build = "/api/v1/products/" + PRODUCT + "/builds/34.11/";
    assertThat(get(service, build + "variants/sha256", token))
        .isEqualTo(Files.readAllBytes(directory.resolve("34.11.img")));
    assertThat(get(service, build + "manifest", token))
        .isEqualTo(Files.readAllBytes(directory.resolve("34.11.dsse")));
  }

  private void deviceIsOnRecord(ServiceProcess service) throws Exception {
    Operator.Answer device =
        signIn(service, "engineer")
            .run("devices", "show", "t-0001", "--json", "--product", PRODUCT)
            .requireDone();
    assertThat(device.out()).contains("34.11.0+0");
  }

  private void requestThatWaitedBecomesABuild(ServiceProcess service) throws Exception {
    byte[] waiting = Files.readAllBytes(directory.resolve("approvals.json"));
    Json.Arr requests = (Json.Arr) JsonReader.read(waiting, 1 << 20);
    assertThat(requests.items()).hasSize(1);
    String id = new Fields((Json.Obj) requests.items().get(0), "").string("id");
    assertThat(approve(service, id).string("state")).isEqualTo("ready");
    signIn(service, "engineer")
        .run(
            "release",
            "publish",
            "34.12",
            "--product",
            PRODUCT,
            "--channel",
            "stable",
            "--hardware",
            "board")
        .requireDone();
  }

  private void newRequestIsSigned(ServiceProcess service) throws Exception {
    Operator.Answer asked =
        signIn(service, "engineer")
            .run(
                "sign",
                "payload",
                "--json",
                "--product",
                PRODUCT,
                "--hardware",
                "board",
                "--version",
                "34.13",
                "--security-counter",
                "1",
                "--pad-header",
                "--profile",
                Files.readString(directory.resolve("profile.digest")).strip(),
                "--image-key",
                "image",
                "--manifest-key",
                "manifest");
    assertThat(asked.status()).as(asked.err()).isEqualTo(4);
    assertThat(approve(service, asked.json().string("id")).string("state")).isEqualTo("ready");
  }

  /** With the approver's key of then, on what the service shows today. */
  private Fields approve(ServiceProcess service, String id) throws Exception {
    signIn(service, "alice");
    String path = "/api/v1/requests/" + id;
    Fields request = JsonReader.readObject(get(service, path, token()), 1 << 20);
    Fields document = request.object("document");
    Approval word =
        new Approval(
            request.digest("digest"),
            document.digest("policy"),
            document.string("requester"),
            "alice",
            Approval.Decision.APPROVE,
            NOW.plus(Duration.ofHours(12)),
            Bytes.copyOf(new byte[Approval.NONCE_BYTES]),
            Optional.empty());
    Terminal terminal =
        new Terminal(
            new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8),
            new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8),
            directory,
            Map.of(),
            question -> null);
    Bytes envelope =
        Bytes.copyOf(
            LocalEnvelope.sign(
                    terminal,
                    "alice.pem",
                    Optional::empty,
                    Approval.PAYLOAD_TYPE,
                    Bytes.copyOf(word.toJson().textBytes()))
                .toBytes());
    byte[] body = Json.object().putBase64("envelope", envelope).build().textBytes();
    HttpResponse<byte[]> answer =
        HttpClient.newHttpClient()
            .send(
                request(service, path + "/approvals", token())
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                    .build(),
                HttpResponse.BodyHandlers.ofByteArray());
    assertThat(answer.statusCode())
        .as(new String(answer.body(), StandardCharsets.UTF_8))
        .isEqualTo(200);
    return JsonReader.readObject(answer.body(), 1 << 20);
  }

  /** One that has trusted the root of then. */
  private void catalogueIsAcceptedByATufClient(ServiceProcess service) throws Exception {
    String base = service.address() + "/catalogue/" + PRODUCT + "/default/";
    byte[] root =
        Files.readAllBytes(
            directory.resolve("data/catalogue/" + PRODUCT + "/default/metadata/1.root.json"));
    MemoryStore store = new MemoryStore();
    Updater.trustRoot(store, root, Digest.of(root));
    Updater client =
        new Updater(store, over(base), TufLimits.COMMON, LineagePolicy.tufAlone(), NOW);
    client.refresh();
    TargetFile target = client.find("stable/board/head.json").orElseThrow();
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    client.downloadTarget(target, head);
    assertThat(Head.read(head.toByteArray()).candidates())
        .map(candidate -> candidate.version())
        .contains(ImageVersion.parse("34.12.0+0"));
  }

  private static Fetcher over(String base) {
    return (path, maxBytes, to) -> {
      try (InputStream in = URI.create(base + path).toURL().openStream()) {
        Fetcher.copy(in, maxBytes, to);
      } catch (FileNotFoundException e) {
        throw new dev.otasigner.verifier.tuf.NotFoundException(path);
      }
    };
  }

  private String token() throws Exception {
    Path session = directory.resolve("home/session.json");
    return JsonReader.readObject(Files.readAllBytes(session), 1 << 16).string("token");
  }

  private static HttpRequest.Builder request(ServiceProcess service, String path, String token) {
    return HttpRequest.newBuilder(URI.create(service.address() + path))
        .header("Authorization", "Bearer " + token);
  }

  private static byte[] get(ServiceProcess service, String path, String token) throws Exception {
    HttpResponse<byte[]> answer =
        HttpClient.newHttpClient()
            .send(request(service, path, token).build(), HttpResponse.BodyHandlers.ofByteArray());
    assertThat(answer.statusCode()).as(path).isEqualTo(200);
    return answer.body();
  }
}
