package dev.otasigner.service;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EndedStartTests {
  private static final int BY_SIGTERM = 128 + 15;

  @Test
  void aServiceThatIsEndedWhileItStartsSaysNothingOfIt(@TempDir Path directory) throws Exception {
    Path said = directory.resolve("said");
    Process service =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                EndedWhileStarting.class.getName(),
                "--data",
                directory.resolve("data").toString(),
                "--port",
                "0")
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    try {
      assertThat(service.waitFor(90, TimeUnit.SECONDS)).isTrue();
    } finally {
      service.destroyForcibly();
    }
    assertThat(Files.readAllLines(said))
        .isNotEmpty()
        .allMatch(line -> line.startsWith("signer: listening on ") || line.contains("password"));
    assertThat(service.exitValue()).isEqualTo(BY_SIGTERM);
  }
}
