package dev.otasigner.device.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What stands in the way of a service; that one starts is {@code EmulatedDeviceExampleIT}'s. */
class ServiceUnderTestTests {
  @TempDir Path directory;

  @Test
  void whereItsProgramIsHasToBeSaid() {
    assertThatThrownBy(() -> ServiceUnderTest.command(directory, null, null))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("set the system property otasigner.service")
        .hasMessageContaining("SIGNER_PROGRAMS");
  }

  @Test
  void aProgramThatIsNotThereIsNamed() {
    String missing = directory.resolve("signer").toString();
    assertThatThrownBy(() -> ServiceUnderTest.command(directory, missing, null))
        .hasMessageContaining("no service to start at '" + missing);
  }

  @Test
  void aProgramThatEndsBeforeItListensIsAnErrorWithWhatItSaid() throws IOException {
    Path log = directory.resolve("log");
    ProcessBuilder builder =
        new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--version"));
    assertThatThrownBy(() -> ServiceProgram.start(builder, log, true))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("the service did not start:\n")
        .hasMessageContaining(System.getProperty("java.version"));
    assertThat(log).exists();
  }
}
