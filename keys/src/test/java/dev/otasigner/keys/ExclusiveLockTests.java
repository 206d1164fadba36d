package dev.otasigner.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExclusiveLockTests {
  private static final Lease SHORT = new Lease(Duration.ofMillis(200), Duration.ofMillis(20));

  @TempDir Path directory;

  @Test
  void aHolderWhoseLockFileWasDeletedIsOvertaken() throws IOException {
    try (ExclusiveLock first = ExclusiveLock.take(directory, "worker")) {
      Files.delete(directory.resolve("worker.1.lock"));
      assertThatThrownBy(first::require)
          .isInstanceOf(TokenUnavailable.class)
          .hasMessageContaining("another worker has taken over");
    }
  }

  /** Somebody tidies up: the files are gone, and counting begins anew. */
  @Test
  void aHolderWhoseFencingNumberIsCountedAnewIsOvertakenToo() throws IOException {
    try (ExclusiveLock first = ExclusiveLock.take(directory, "worker")) {
      Files.delete(directory.resolve("worker.1.lock"));
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

  @Test
  void aSecondOneIsRefusedWhileTheFirstHolds() {
    try (ExclusiveLock first = ExclusiveLock.take(directory, "worker")) {
      assertThatThrownBy(() -> ExclusiveLock.take(directory, "worker"))
          .isInstanceOf(TokenUnavailable.class)
          .hasMessageContaining("another process holds it");
      first.require();
    }
  }

  @Test
  void whatWasGivenBackIsTakenAsFromTheDead() throws IOException {
    ExclusiveLock.take(directory, "worker").close();
    try (ExclusiveLock second = ExclusiveLock.take(directory, "worker")) {
      assertThat(second.number()).isEqualTo(2);
      assertThat(second.isSeized()).isFalse();
      try (Stream<Path> files = Files.list(directory)) {
        assertThat(files).containsExactly(directory.resolve("worker.2.lock"));
      }
    }
  }

  @Test
  void whatIsSeizedMayStillBeWrittenTo() {
    try (ExclusiveLock first = ExclusiveLock.take(directory, "worker");
        ExclusiveLock second = ExclusiveLock.seize(directory, "worker")) {
      assertThat(second.isSeized()).isTrue();
      assertOvertaken(first, second);
    }
  }

  /** A holder that shows no life, as a frozen one. */
  @Test
  void aSilentHolderIsOvertakenOnceTheLeaseIsOver() {
    try (ExclusiveLock first = ExclusiveLock.take(directory, "worker");
        ExclusiveLock second =
            ExclusiveLock.await(directory, "worker", Disk.REAL, SHORT, silent -> {})) {
      assertThat(second.isSeized()).isTrue();
      assertOvertaken(first, second);
    }
  }

  @Test
  void aHolderThatShowsLifeIsToldOnceItIsOvertaken() throws Exception {
    CompletableFuture<String> lost = new CompletableFuture<>();
    try (ExclusiveLock first = ExclusiveLock.take(directory, "worker")) {
      first.keepAlive(SHORT, lost::complete);
      first.require();
      ExclusiveLock.seize(directory, "worker").close();
      assertThat(lost.get(10, TimeUnit.SECONDS)).contains("taken over (2 after 1)");
    }
  }

  @Test
  void twoWhoClaimAtOnceAreNotBothHolders() throws Exception {
    ExclusiveLock first = ExclusiveLock.take(directory, "worker");
    CompletableFuture<ExclusiveLock> one = waiting();
    CompletableFuture<ExclusiveLock> other = waiting();
    first.close();
    CompletableFuture.anyOf(one, other).get(10, TimeUnit.SECONDS);
    CompletableFuture<ExclusiveLock> winner = one.isDone() ? one : other;
    CompletableFuture<ExclusiveLock> loser = one.isDone() ? other : one;
    winner.get().require();
    assertThat(loser).isNotDone();
    winner.get().close();
    try (ExclusiveLock next = loser.get(10, TimeUnit.SECONDS)) {
      assertThat(next.number()).isEqualTo(3);
      assertThat(next.isSeized()).isFalse();
    }
  }

  private CompletableFuture<ExclusiveLock> waiting() {
    return CompletableFuture.supplyAsync(
        () -> ExclusiveLock.await(directory, "worker", Disk.REAL, () -> false),
        task -> new Thread(task).start());
  }
}
