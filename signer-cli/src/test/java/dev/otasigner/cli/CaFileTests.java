package dev.otasigner.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpsServer;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trust in a service over TLS, by a file of authorities. */
class CaFileTests {
  @TempDir Path directory;

  private final TestAuthority company = new TestAuthority("company");
  private final TestAuthority stranger = new TestAuthority("stranger");
  private final Map<String, String> environment = new HashMap<>();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final List<HttpsServer> servers = new ArrayList<>();

  @BeforeEach
  void files() throws Exception {
    Files.writeString(directory.resolve("company.pem"), company.pem());
    Files.writeString(directory.resolve("stranger.pem"), stranger.pem());
    Files.writeString(directory.resolve("both.pem"), stranger.pem() + company.pem());
    environment.put("SIGNER_API_KEY", "otk_1");
    serve("127.0.0.1");
  }

  @AfterEach
  void stop() {
    servers.forEach(server -> server.stop(0));
  }

  private void serve(String address) throws Exception {
    HttpsServer server = company.serve(address);
    servers.add(server);
    environment.put("SIGNER_SERVICE", "https://127.0.0.1:" + server.getAddress().getPort());
  }

  private int keysList(String... options) {
    List<String> arguments = new ArrayList<>(List.of("keys", "list", "--json"));
    arguments.addAll(List.of(options));
    return CommandLines.run(
        new Terminal(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            directory,
            environment,
            question -> null),
        arguments.toArray(String[]::new));
  }

  private String said() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void theServicesOwnAuthorityIsTrusted() {
    assertThat(keysList("--ca-file", "company.pem")).as(said()).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8).strip()).isEqualTo("[]");
  }

  @Test
  void oneAuthorityOfSeveralIsEnough() {
    assertThat(keysList("--ca-file", "both.pem")).as(said()).isZero();
  }

  @Test
  void theFileMayBeNamedByTheEnvironment() {
    environment.put("SIGNER_CA_FILE", "company.pem");
    assertThat(keysList()).as(said()).isZero();
    assertThat(keysList("--ca-file", "stranger.pem")).as("the option counts").isEqualTo(3);
  }

  @Test
  void aServiceOfAnotherAuthorityIsRefused() {
    assertThat(keysList("--ca-file", "stranger.pem")).isEqualTo(3);
    assertThat(said())
        .contains("the certificate of https://127.0.0.1:")
        .contains("is not trusted: it is of no authority in stranger.pem")
        .contains("signer: hint: name the service's own authority with --ca-file");
  }

  @Test
  void aServiceOfNoAuthorityOfTheJvmIsRefused() {
    assertThat(keysList()).isEqualTo(3);
    assertThat(said()).contains("it is of no authority that this Java trusts");
  }

  @Test
  void aCertificateForAnotherAddressIsRefused() throws Exception {
    serve("127.0.0.2");
    assertThat(keysList("--ca-file", "company.pem")).isEqualTo(3);
    assertThat(said()).contains("is not trusted: ").contains("127.0.0.1");
  }

  @Test
  void aFileThatIsNotThereIsAnErrorOfUse() {
    assertThat(keysList("--ca-file", "nowhere.pem")).isEqualTo(2);
    assertThat(said()).contains("signer: error: nowhere.pem: no such file");
  }

  @Test
  void aFileWithoutACertificateIsAnErrorOfUse() throws Exception {
    String pem = company.pem();
    List<String> broken =
        List.of("", "no certificate", pem.substring(0, 200), pem.replaceAll("[A-M]", "?"));
    for (String content : broken) {
      Files.writeString(directory.resolve("broken.pem"), content);
      assertThat(keysList("--ca-file", "broken.pem")).as(content).isEqualTo(2);
      assertThat(said()).contains("signer: error: broken.pem: no certificate in PEM");
      err.reset();
    }
  }
}
