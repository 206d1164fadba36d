package dev.otasigner.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExclusiveLockTests {
  @TempDir Path directory;

  @Test
  void aHolderWhoseLockFileWasDeletedIsOvertaken() throws IOException {
    try (ExclusiveLock first = ExclusiveLock.take(directory, "worker")) {
      Files.delete(directory.resolve("worker.lock"));
      try (ExclusiveLock second = ExclusiveLock.take(directory, "worker")) {
        assertOvertaken(first, second);
      }
    }
  }

  /** Somebody tidies up: both files are gone, and counting begins anew. */
  @Test
  void aHolderWhoseFencingNumberIsCountedAnewIsOvertakenToo() throws IOException {
    try (ExclusiveLock first = ExclusiveLock.take(directory, "worker")) {
      Files.delete(directory.resolve("worker.lock"));
      Files.delete(directory.resolve("worker.fence"));
      try (ExclusiveLock second = ExclusiveLock.take(directory, "worker")) {
        assertThat(second.number()).isEqualTo(first.number());
        assertOvertaken(first, second);
      }
    }
  }

  private static void assertOvertaken(ExclusiveLock first, ExclusiveLock second) {
    second.require();
    assertThatThrownBy(first::require)
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("another worker has taken over");
  }

  @Test
  void theNumberGoesOnFromAFenceOfANumberAlone() throws IOException {
    Files.writeString(directory.resolve("worker.fence"), "7");
    try (ExclusiveLock lock = ExclusiveLock.take(directory, "worker")) {
      assertThat(lock.number()).isEqualTo(8);
      lock.require();
    }
  }
}
