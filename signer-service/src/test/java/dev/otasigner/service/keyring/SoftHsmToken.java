package dev.otasigner.service.keyring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.otasigner.keys.DurableFile;
import dev.otasigner.keys.worker.WorkerLaunch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.springframework.test.context.DynamicPropertyRegistry;

/** A SoftHSM token for a service, set up as an operator would, in a directory of its own. */
final class SoftHsmToken {
  static final String PIN = "246810";
  private static final Optional<Path> MODULE =
      List.of(
              Path.of("/usr/lib/softhsm/libsofthsm2.so"),
              Path.of("/usr/lib64/pkcs11/libsofthsm2.so"),
              Path.of("/usr/local/lib/softhsm/libsofthsm2.so"))
          .stream()
          .filter(Files::isRegularFile)
          .findFirst();

  private final Path root;

  private SoftHsmToken(Path root) {
    this.root = root;
  }

  /** Skips the test where SoftHSM is missing. */
  static void requireInstalled() {
    assumeTrue(MODULE.isPresent(), "softhsm2 is not installed");
  }

  /** A fresh token; without SoftHSM nothing is made. */
  static SoftHsmToken register(DynamicPropertyRegistry registry, Path root)
      throws IOException, InterruptedException {
    SoftHsmToken token = new SoftHsmToken(root);
    if (MODULE.isEmpty()) {
      return token;
    }
    DurableFile.createDirectories(token.worker());
    Files.createDirectories(token.tokens());
    Files.writeString(
        token.configuration(),
        "directories.tokendir = "
            + token.tokens()
            + "\nobjectstore.backend = file\nlog.level = ERROR\n");
    token.run(
        "softhsm2-util",
        "--init-token",
        "--free",
        "--label",
        "fleet",
        "--so-pin",
        "13579",
        "--pin",
        PIN);
    DurableFile.replace(token.pin(), PIN.getBytes(StandardCharsets.UTF_8));
    registry.add("signer.hsm.directory", () -> token.worker().toString());
    registry.add("signer.worker.command", token::command);
    return token;
  }

  /** The service's own, but for the environment; the service adds the directory itself. */
  private String command() {
    List<String> words = new ArrayList<>(List.of("env", "SOFTHSM2_CONF=" + configuration()));
    words.addAll(WorkerLaunch.onThisJvm(worker(), Set.of()).command());
    words.remove(words.size() - 1);
    return String.join(" ", words);
  }

  private Path pin() {
    return root.resolve("pin");
  }

  /** What the worker's file says of the token, with a comma behind it. */
  String member() {
    return "'token':'pkcs11:token=fleet?module-path="
        + MODULE.orElse(Path.of("/nowhere"))
        + "&pin-source=file:"
        + pin()
        + "',";
  }

  Path worker() {
    return root.resolve("hsm-worker");
  }

  private Path configuration() {
    return root.resolve("softhsm2.conf");
  }

  private Path tokens() {
    return root.resolve("hsm-tokens");
  }

  void pullOut() throws IOException {
    Files.move(tokens(), root.resolve("pulled-out"));
    Files.createDirectories(tokens());
  }

  void putBack() throws IOException {
    Files.delete(tokens());
    Files.move(root.resolve("pulled-out"), tokens());
  }

  /** Puts a key into the token as other software does: without a certificate. */
  void importForeign(String label, byte[] pkcs8) throws IOException, InterruptedException {
    Path pem = root.resolve("foreign.pem");
    Files.writeString(
        pem,
        "-----BEGIN PRIVATE KEY-----\n"
            + java.util.Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(pkcs8)
            + "\n-----END PRIVATE KEY-----\n");
    run(
        "softhsm2-util",
        "--import",
        pem.toString(),
        "--token",
        "fleet",
        "--label",
        label,
        "--id",
        "a1b2",
        "--pin",
        PIN);
    Files.delete(pem);
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
