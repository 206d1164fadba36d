package dev.otasigner.service;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class FailedStartTests {
  private static final Path DATA = Path.of("/var/lib/signer");

  @Test
  void dataDirectoryThatIsNotWritableIsNamed() {
    FailedStart failed = FailedStart.of(new AccessDeniedException("/var/lib/signer/lock"), DATA);
    assertThat(failed.error())
        .isEqualTo(
            "the data directory can not be written: /var/lib/signer/lock: permission denied");
    assertThat(failed.hint()).contains("/var/lib/signer");
    assertThat(failed.isForeseen()).isTrue();
  }

  @Test
  void configurationThatIsRefusedIsSaidInOneLine() {
    FailedStart failed =
        FailedStart.of(
            new IllegalStateException(
                "bean", new ConfigurationRefused("signer.x: a y is expected")),
            DATA);
    assertThat(failed.error()).isEqualTo("signer.x: a y is expected");
    assertThat(failed.isForeseen()).isTrue();
  }

  @Test
  void fullDiskIsCalledSoHoweverDeepItLies() {
    IOException full = new IOException("No space left on device");
    FailedStart failed =
        FailedStart.of(new IllegalStateException("context", new UncheckedIOException(full)), DATA);
    assertThat(failed.error()).isEqualTo("the disk of the data directory " + DATA + " is full");
  }

  @Test
  void whatNobodyForesawIsToldByItsRootInOneLine() {
    FailedStart failed =
        FailedStart.of(
            new IllegalStateException("bean", new IllegalStateException("deep\ndeeper")), DATA);
    assertThat(failed.error()).isEqualTo("the service did not start: deep");
    assertThat(failed.isForeseen()).isFalse();
  }
}
