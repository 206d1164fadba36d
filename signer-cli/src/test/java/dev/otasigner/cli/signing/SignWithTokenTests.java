package dev.otasigner.cli.signing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.otasigner.cli.CommandLines;
import dev.otasigner.cli.Terminal;
import dev.otasigner.cli.local.KeygenCommand;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code signer sign --key pkcs11:...} on SoftHSM: {@code softhsm2-util --init-token --free --label
 * L --so-pin 13579 --pin 2580}, and keys put there by {@code softhsm2-util --import}.
 */
@SuppressWarnings("NullAway.Init")
class SignWithTokenTests {
  private static final String PIN = "2580";
  private static final Path MODULE = Path.of("/usr/lib/softhsm/libsofthsm2.so");

  /** Of this run alone: what an earlier one has left is not found. */
  private static final String LABEL = "cli-" + UUID.randomUUID().toString().substring(0, 8);

  @TempDir private Path directory;
  private final List<String> questions = new ArrayList<>();
  private String out = "";
  private String err = "";

  /** A module finds its tokens when it is loaded, and no other one later. */
  @BeforeAll
  static void tokenWithTwoKeys(@TempDir Path files) throws Exception {
    assumeTrue(Files.isRegularFile(MODULE), "softhsm2 is not installed");
    Path configuration = Path.of(String.valueOf(System.getenv("SOFTHSM2_CONF")));
    Path tokens = Files.createDirectories(configuration.resolveSibling("tokens"));
    Files.writeString(
        configuration, "directories.tokendir = " + tokens + "\nobjectstore.backend = file\n");
    run("--init-token", "--free", "--label", LABEL, "--so-pin", "13579", "--pin", PIN);
    importKey(files, "rsa-3072", "old", "01");
    importKey(files, "ecdsa-p256", "new", "02");
  }

  private static void importKey(Path files, String type, String label, String id) throws Exception {
    KeyPair pair = KeygenCommand.generate(type);
    Path file = files.resolve(label + ".pem");
    Files.writeString(file, KeygenCommand.pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
    Path publicHalf = publicHalf(label);
    Files.writeString(publicHalf, KeygenCommand.pem("PUBLIC KEY", pair.getPublic().getEncoded()));
    run("--import", file.toString(), "--token", LABEL, "--label", label, "--id", id, "--pin", PIN);
  }

  private static Path publicHalf(String label) {
    return Path.of(String.valueOf(System.getenv("SOFTHSM2_CONF"))).resolveSibling(label + ".pub");
  }

  private static void run(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("softhsm2-util"));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(said).isZero();
  }

  private static String uri(String path) {
    return "pkcs11:token=" + LABEL + ";" + path + "?module-path=" + MODULE;
  }

  private int signer(@Nullable String answer, String... arguments) {
    ByteArrayOutputStream standard = new ByteArrayOutputStream();
    ByteArrayOutputStream error = new ByteArrayOutputStream();
    Terminal terminal =
        new Terminal(
            new PrintStream(standard, true, StandardCharsets.UTF_8),
            new PrintStream(error, true, StandardCharsets.UTF_8),
            directory,
            Map.of(),
            question -> {
              questions.add(question);
              return answer == null ? null : answer.toCharArray();
            });
    int code = CommandLines.run(terminal, arguments);
    out = standard.toString(StandardCharsets.UTF_8);
    err = error.toString(StandardCharsets.UTF_8);
    return code;
  }

  private int sign(@Nullable String answer, String... keys) throws IOException {
    Files.writeString(directory.resolve("payload.bin"), "machine code");
    List<String> arguments =
        new ArrayList<>(
            List.of("sign", "payload.bin", "--version", "1.2.3", "--pad-header", "-o", "a.img"));
    for (String key : keys) {
      arguments.add("--key");
      arguments.add(key);
    }
    return signer(answer, arguments.toArray(String[]::new));
  }

  private Path pinFile(String permissions) throws IOException {
    Path file = Files.writeString(directory.resolve("pin"), PIN + "\n");
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
  }

  @Test
  void aKeyInATokenSignsAnImageThatTheDeviceTakes() throws IOException {
    assertThat(sign(PIN, uri("object=old"))).as(err).isZero();
    assertThat(out).contains("signed a.img with rsa-pss-3072-sha256:");
    assertThat(questions).hasSize(1);
    assertThat(questions.get(0)).startsWith("PIN of pkcs11:token=" + LABEL);
    assertThat(signer(null, "verify", "a.img", "--trust", publicHalf("old").toString()))
        .as(err)
        .isZero();
    assertThat(signer(null, "verify", "a.img", "--trust", publicHalf("new").toString()))
        .isNotZero();
  }

  @Test
  void twoKeysOfOneTokenAskForItsPinOnce() throws IOException {
    assertThat(sign(PIN, uri("object=old"), uri("id=%02"))).as(err).isZero();
    assertThat(questions).hasSize(1);
    assertThat(out).contains("rsa-pss-3072-sha256:").contains("ecdsa-p256-sha256:");
  }

  @Test
  void aPinInAFileIsNotAskedFor() throws IOException {
    String key = uri("object=new") + "&pin-source=file:" + pinFile("rw-------");
    assertThat(sign(null, key)).as(err).isZero();
    assertThat(questions).isEmpty();
  }

  @Test
  void aPinFileThatOthersReadIsRefused() throws IOException {
    String key = uri("object=new") + "&pin-source=file:" + pinFile("rw-r--r--");
    assertThat(sign(null, key)).isNotZero();
    assertThat(err).contains("pin").doesNotContain(PIN);
    assertThat(directory.resolve("a.img")).doesNotExist();
  }

  @Test
  void aWrongPinIsAskedForOnce() throws IOException {
    assertThat(sign("1111", uri("object=old"))).isEqualTo(2);
    assertThat(err).contains("the module refuses the PIN").doesNotContain("1111");
    assertThat(questions).hasSize(1);
    assertThat(directory.resolve("a.img")).doesNotExist();
  }

  @Test
  void whereNobodyCanBeAskedForThePinTheFileIsPointedAt() throws IOException {
    assertThat(sign(null, uri("object=old"))).isEqualTo(2);
    assertThat(err).contains("pin-source=file:/path");
  }

  @Test
  void aKeyThatIsNotThereIsSaidToBeMissing() throws IOException {
    assertThat(sign(PIN, uri("object=lost"))).isEqualTo(2);
    assertThat(err).contains("the token has no private key that fits pkcs11:");
  }
}
