package dev.otasigner.service.keyring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.otasigner.keys.SoftHsmDirectory;
import dev.otasigner.service.PrintedConsole;
import dev.otasigner.service.TemporaryData;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/**
 * A service that has its passphrase from the environment, and the worker's processes that it
 * starts. The variable is one that every process has, so that a test may use it too.
 */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(PrintedConsole.class)
class WorkerEnvironmentTests {
  private static final String VARIABLE = "PATH";

  @SuppressWarnings("NullAway.Init")
  private static SoftHsmToken hsm;

  @Autowired private Keyring keyring;

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) throws Exception {
    hsm = SoftHsmToken.register(registry, TemporaryData.register(registry), Set.of());
    registry.add("signer.token.passphrase-env", () -> VARIABLE);
  }

  private static List<String> environment(ProcessHandle process) {
    try {
      byte[] bytes = Files.readAllBytes(Path.of("/proc", Long.toString(process.pid()), "environ"));
      return List.of(new String(bytes, StandardCharsets.UTF_8).split("\0"));
    } catch (IOException e) {
      return List.of(); // it has ended
    }
  }

  /** Without the values, which are nobody's business in a test's report. */
  private static Set<String> names(List<String> environment) {
    return environment.stream()
        .map(entry -> entry.substring(0, Math.max(0, entry.indexOf('='))))
        .collect(Collectors.toSet());
  }

  @Test
  void theVariableOfThePassphraseIsKeptFromTheWorker() {
    SoftHsmDirectory.requireModule();
    assumeTrue(Files.isReadable(Path.of("/proc/self/environ")), "environments can be read");
    keyring.probe(TokenName.HSM);
    String mark = "SOFTHSM2_CONF=" + hsm.token().configuration();
    List<Set<String>> workers;
    try (Stream<ProcessHandle> children = ProcessHandle.current().children()) {
      workers =
          children
              .map(WorkerEnvironmentTests::environment)
              .filter(environment -> environment.contains(mark))
              .map(WorkerEnvironmentTests::names)
              .toList();
    }
    assertThat(workers).as("processes of the worker").isNotEmpty();
    assertThat(workers).allSatisfy(names -> assertThat(names).doesNotContain(VARIABLE));
    assertThat(names(environment(ProcessHandle.current()))).contains(VARIABLE);
  }
}
