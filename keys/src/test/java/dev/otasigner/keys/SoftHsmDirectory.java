package dev.otasigner.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A SoftHSM token in a directory of its own, with a file for its PIN, set up as an operator would.
 * It can be taken away and brought back. What uses it is a process of its own, for SoftHSM reads
 * the name of its configuration from the environment.
 */
public final class SoftHsmDirectory {
  public static final String PIN = "246810";
  private static final String SO_PIN = "13579";
  private static final int TIMEOUT_SECONDS = 30;

  private static final Optional<Path> MODULE =
      List.of(
              Path.of("/usr/lib/softhsm/libsofthsm2.so"),
              Path.of("/usr/lib64/pkcs11/libsofthsm2.so"),
              Path.of("/usr/local/lib/softhsm/libsofthsm2.so"))
          .stream()
          .filter(Files::isRegularFile)
          .findFirst();

  private final Path root;

  private SoftHsmDirectory(Path root) {
    this.root = root;
  }

  public static boolean isInstalled() {
    return MODULE.isPresent();
  }

  /** Skips the test where SoftHSM is missing. */
  public static Path requireModule() {
    assumeTrue(isInstalled(), "softhsm2 is not installed");
    return MODULE.orElseThrow();
  }

  /** A fresh token labelled {@code fleet}; the test is skipped where SoftHSM is missing. */
  public static SoftHsmDirectory in(Path root) throws IOException, InterruptedException {
    requireModule();
    SoftHsmDirectory hsm = new SoftHsmDirectory(root);
    Files.createDirectories(hsm.tokens());
    Files.writeString(hsm.configuration(), configuration(hsm.tokens()));
    hsm.run(initialize("fleet", PIN));
    hsm.writePin(PIN);
    return hsm;
  }

  /** What SoftHSM's own file says. */
  public static String configuration(Path tokens) {
    return "directories.tokendir = " + tokens + "\nobjectstore.backend = file\nlog.level = ERROR\n";
  }

  /** The command that makes a token. */
  public static String[] initialize(String label, String pin) {
    return new String[] {
      "softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", SO_PIN, "--pin", pin
    };
  }

  /** What {@code SOFTHSM2_CONF} has to name. */
  public Path configuration() {
    return root.resolve("softhsm2.conf");
  }

  private Path tokens() {
    return root.resolve("tokens");
  }

  private Path pinFile() {
    return root.resolve("pin");
  }

  public void writePin(String pin) throws IOException {
    DurableFile.replace(pinFile(), (pin + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** Where the token lies, without its PIN. */
  public String uri() {
    return "pkcs11:token=fleet?module-path=" + requireModule();
  }

  public String uriWithPin() {
    return uri() + "&pin-source=file:" + pinFile();
  }

  /** Takes the token away: its directory is not where the module looks. */
  public void pullOut() throws IOException {
    Files.move(tokens(), root.resolve("pulled-out"));
    Files.createDirectories(tokens());
  }

  public void putBack() throws IOException {
    Files.delete(tokens());
    Files.move(root.resolve("pulled-out"), tokens());
  }

  /** Puts a key into the token as other software does: without a certificate. */
  public void importForeign(String label, byte[] pkcs8) throws IOException, InterruptedException {
    Path pem = root.resolve("foreign.pem");
    Files.writeString(
        pem,
        "-----BEGIN PRIVATE KEY-----\n"
            + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(pkcs8)
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
        HexFormat.of().formatHex(label.getBytes(StandardCharsets.UTF_8)),
        "--pin",
        PIN);
    Files.delete(pem);
  }

  private void run(String... command) throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("SOFTHSM2_CONF", configuration().toString());
    run(builder);
  }

  /** What a program has said that ended well. */
  public static String run(ProcessBuilder builder) throws IOException, InterruptedException {
    Process process = builder.redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(said).isZero();
    return said;
  }
}
