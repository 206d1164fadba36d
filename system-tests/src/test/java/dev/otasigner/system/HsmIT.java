package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.cli.ExitCode;
import dev.otasigner.keys.DurableFile;
import dev.otasigner.keys.SoftHsmDirectory;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * docs/how-to/use-an-hsm.md, word for word: the packaged service through the launcher, the worker's
 * processes that it starts, and SoftHSM.
 */
@SuppressWarnings("NullAway.Init")
class HsmIT {
  private static final int PORT = 31_314;
  private static final Duration PATIENCE = Duration.ofSeconds(40);

  @TempDir static Path programs;
  @TempDir Path directory;
  private SoftHsmDirectory token;
  private String page;

  @BeforeAll
  static void layOutPrograms() throws IOException, InterruptedException {
    SoftHsmDirectory.requireModule();
    Programs.layOut(programs);
  }

  /** Steps 1 and 2 of the page. */
  @BeforeEach
  void setUp() throws IOException, InterruptedException {
    token = SoftHsmDirectory.in(directory);
    page = Files.readString(Repository.root().resolve("docs/how-to/use-an-hsm.md"));
    Matcher json = Pattern.compile("```json\n(.*?)```", Pattern.DOTALL).matcher(page);
    assertThat(json.find()).isTrue();
    Matcher uri = Pattern.compile("pkcs11:token=fleet[^\"]*").matcher(json.group(1));
    assertThat(uri.find()).isTrue();
    DurableFile.createDirectories(worker());
    DurableFile.replace(
        worker().resolve("worker.json"),
        uri.replaceFirst(token.uriWithPin()).getBytes(StandardCharsets.UTF_8));
  }

  private Path worker() {
    return directory.resolve("ota-worker");
  }

  /** Step 3. */
  private ServiceProcess start(Map<String, String> more) throws IOException {
    Map<String, String> environment = new HashMap<>(more);
    environment.put("SOFTHSM2_CONF", token.configuration().toString());
    environment.put("SIGNER_HSM_DIRECTORY", worker().toString());
    return ServiceProcess.launched(directory.resolve("data"), programs, environment);
  }

  /** A command of the page. */
  private String[] command(String begin) {
    String line =
        page.lines().filter(l -> l.startsWith("signer " + begin)).findFirst().orElseThrow();
    return line.replace("'", "").substring("signer ".length()).split(" ");
  }

  private static int health(ServiceProcess service) throws IOException {
    HttpURLConnection asked =
        (HttpURLConnection)
            URI.create(service.address() + "/actuator/health").toURL().openConnection();
    return asked.getResponseCode();
  }

  /** What another process is about to do, and nobody can wait for but by looking. */
  private interface Condition {
    boolean holds() throws Exception;
  }

  private static void await(String what, Condition condition) throws Exception {
    Instant end = Instant.now().plus(PATIENCE);
    while (!condition.holds()) {
      assertThat(Instant.now()).as(what).isBefore(end);
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  private static void awaitEnd(List<ProcessHandle> workers) throws Exception {
    await("the end of the worker's processes", () -> workers.stream().noneMatch(w -> w.isAlive()));
  }

  @Test
  void aServiceSignsWithKeysOfTheTokenThroughKillsAndPulls() throws Exception {
    List<ProcessHandle> workers;
    try (ServiceProcess service = start(Map.of())) {
      RegisteredProduct product = RegisteredProduct.at(service, directory, "hsm");
      Operator engineer = product.engineer();
      String profile = product.addProfile("p-384", PORT);
      engineer.run(command("keys create")).requireDone();
      KeyPairGenerator rsa = KeyPairGenerator.getInstance("RSA");
      rsa.initialize(2048);
      token.importForeign("image-2019", rsa.generateKeyPair().getPrivate().getEncoded());
      engineer.run(command("keys import")).requireDone();
      assertThat(engineer.run(command("keys list")).requireDone().out())
          .containsPattern("image-2026 +hsm.* -\\R")
          .containsPattern("field +hsm.* yes\\R");
      product.sign("34.10", profile).requireDone();
      engineer.run("keys", "export", "image", "--public", "-o", "image.pem").requireDone();
      engineer.run("verify", "34.10.img", "--trust", "image.pem").requireDone();

      await("a spare", () -> service.children().size() == 2);
      for (ProcessHandle killed : service.children()) {
        assertThat(killed.destroyForcibly()).as("SIGKILL").isTrue();
      }
      await("another worker", () -> health(service) == 200);
      product.sign("34.11", profile).requireDone();

      token.pullOut();
      await("the news that it is away", () -> health(service) == 503);
      Operator.Answer refused = product.sign("34.12", profile);
      assertThat(refused.status()).as(refused.err()).isEqualTo(ExitCode.UNREACHABLE.status());
      token.putBack();
      await("the token", () -> health(service) == 200);
      product.sign("34.13", profile).requireDone();

      workers = service.children();
      assertThat(workers).isNotEmpty();
      service.stop();
    }
    awaitEnd(workers);
  }

  @Test
  void aWrongPinIsTriedOnceAndTheLauncherStartsAWorkerToo() throws Exception {
    Map<String, String> launched =
        Map.of("SIGNER_WORKER_COMMAND", Repository.root().resolve("signer") + " worker");
    token.writePin("111111");
    try (ServiceProcess service = start(launched)) {
      Path state = worker().resolve("pin.state");
      await("the try", () -> Files.exists(state) && Files.readString(state).contains("refused"));
      await("no worker", () -> service.children().isEmpty());
      await("the news that it does not sign", () -> health(service) == 503);
      service.stop();
    }
    token.writePin(SoftHsmDirectory.PIN);
    List<ProcessHandle> workers;
    try (ServiceProcess service = start(launched)) {
      await("a worker", () -> health(service) == 200);
      workers = service.children();
      assertThat(workers).isNotEmpty();
      service.kill();
    }
    awaitEnd(workers);
  }
}
