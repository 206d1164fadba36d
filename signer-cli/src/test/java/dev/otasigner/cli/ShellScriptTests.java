package dev.otasigner.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The scripts at the root pass shellcheck. */
class ShellScriptTests {
  @ParameterizedTest
  @ValueSource(strings = {"signer", ".ci/run"})
  void scriptPassesShellcheck(String script) throws IOException, InterruptedException {
    Path shellcheck =
        Arrays.stream(System.getenv("PATH").split(":", -1))
            .map(directory -> Path.of(directory, "shellcheck"))
            .filter(Files::isExecutable)
            .findFirst()
            .orElse(Path.of("shellcheck"));
    assumeTrue(Files.isExecutable(shellcheck), "shellcheck is not installed");
    Process process =
        new ProcessBuilder(shellcheck.toString(), script)
            .directory(Path.of("..").toFile())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
  }
}
