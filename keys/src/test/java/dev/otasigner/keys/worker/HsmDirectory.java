package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.otasigner.keys.DurableFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A SoftHSM token in a directory of its own, and a worker's directory whose file names it. The
 * token can be taken away and brought back. What uses it is a process of its own, for SoftHSM reads
 * the name of its configuration from the environment.
 */
final class HsmDirectory {
  static final String PIN = "246810";
  private static final String SO_PIN = "13579";
  private static final List<Path> MODULES =
      List.of(
          Path.of("/usr/lib/softhsm/libsofthsm2.so"),
          Path.of("/usr/lib64/pkcs11/libsofthsm2.so"),
          Path.of("/usr/local/lib/softhsm/libsofthsm2.so"));

  private final Path root;
  private final Path module;

  private HsmDirectory(Path root, Path module) {
    this.root = root;
    this.module = module;
  }

  /** A fresh token; the test is skipped where SoftHSM is missing. */
  static HsmDirectory in(Path root) throws IOException, InterruptedException {
    Optional<Path> module = MODULES.stream().filter(Files::isRegularFile).findFirst();
    assumeTrue(module.isPresent(), "softhsm2 is not installed");
    HsmDirectory hsm = new HsmDirectory(root, module.orElseThrow());
    Files.createDirectories(hsm.tokens());
    DurableFile.createDirectories(hsm.worker());
    Files.writeString(
        hsm.configuration(),
        "directories.tokendir = "
            + hsm.tokens()
            + "\nobjectstore.backend = file\nlog.level = ERROR\n");
    hsm.run(
        "softhsm2-util",
        "--init-token",
        "--free",
        "--label",
        "fleet",
        "--so-pin",
        SO_PIN,
        "--pin",
        PIN);
    hsm.writePin(PIN);
    hsm.writeConfiguration("");
    return hsm;
  }

  private Path configuration() {
    return root.resolve("softhsm2.conf");
  }

  private Path tokens() {
    return root.resolve("tokens");
  }

  Path worker() {
    return root.resolve("worker");
  }

  Path pinFile() {
    return root.resolve("pin");
  }

  void writePin(String pin) throws IOException {
    DurableFile.replace(pinFile(), (pin + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** Takes the token away: its directory is not where the module looks. */
  void pullOut() throws IOException {
    Files.move(tokens(), root.resolve("pulled-out"));
    Files.createDirectories(tokens());
  }

  void putBack() throws IOException {
    Files.delete(tokens());
    Files.move(root.resolve("pulled-out"), tokens());
  }

  /** A file that asks for no approvals; {@code more} are members to put before the rest. */
  void writeConfiguration(String more) throws IOException {
    writeConfiguration(more, "&pin-source=file:" + pinFile());
  }

  void writeConfiguration(String more, String query) throws IOException {
    String json =
        "{"
            + more
            + "'schema':1,'token':'pkcs11:token=fleet?module-path="
            + module
            + query
            + "','approvers':[],'rules':[],'defaults':["
            + "{'purpose':'image','minApprovals':0},{'purpose':'manifest','minApprovals':0}]}";
    DurableFile.replace(
        worker().resolve(TokenWorker.CONFIGURATION),
        json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  /** The real worker's process. */
  WorkerLaunch launch() {
    return launch(WorkerProgram.class, List.of());
  }

  WorkerLaunch launch(Class<?> program, List<String> options) {
    List<String> command = new ArrayList<>(List.of("env", "SOFTHSM2_CONF=" + configuration()));
    command.addAll(
        WorkerLaunch.onThisJvm(program, options, worker(), java.util.Set.of()).command());
    return new WorkerLaunch(command, java.util.Set.of());
  }

  private void run(String... command) throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("SOFTHSM2_CONF", configuration().toString());
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(said).isZero();
  }
}
