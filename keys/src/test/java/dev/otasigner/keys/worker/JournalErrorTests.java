package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.worker.JournalEntry.Intent;
import dev.otasigner.verifier.Digest;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The JVM fails while the journal is written: who waits for it must not wait for ever. */
class JournalErrorTests {
  private static final Digest DIGEST = Digest.of(new byte[] {7});
  private static final Intent INTENT =
      new Intent(
          0,
          JournalEntry.GENESIS,
          DIGEST,
          DIGEST,
          DIGEST,
          List.of(),
          Instant.parse("2026-11-22T09:30:00Z"));

  private final FakeDisk disk = new FakeDisk();
  private final Journal journal =
      Journal.open(disk, () -> {}, entry -> {}, Journal.Mark.NONE).journal();

  private CompletableFuture<List<Long>> append() {
    return CompletableFuture.supplyAsync(() -> journal.append(List.of(INTENT)))
        .orTimeout(10, TimeUnit.SECONDS);
  }

  private static void runOut() {
    throw new OutOfMemoryError("none left");
  }

  @Test
  void anErrorEndsItsOwnCallAndTheNextOneIsWritten() {
    disk.beforeAppend = JournalErrorTests::runOut;
    assertThatThrownBy(() -> append().join())
        .hasCauseInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("none left");
    disk.beforeAppend = () -> {};
    assertThat(append().join()).containsExactly(1L);
  }

  @Test
  void anErrorOfTheThreadThatWritesForOthersEndsTheirCallsOnly() {
    CompletableFuture<List<Long>> second = new CompletableFuture<>();
    disk.beforeAppend =
        () -> {
          disk.beforeAppend = JournalErrorTests::runOut;
          CompletableFuture<List<Long>> unused =
              append()
                  .whenComplete(
                      (seqs, failure) -> {
                        disk.beforeAppend = () -> {};
                        second.completeExceptionally(failure);
                      });
          while (journal.waitingBatches() < 1) {
            Thread.onSpinWait();
          }
        };
    assertThat(append().join()).containsExactly(1L);
    assertThatThrownBy(() -> second.orTimeout(10, TimeUnit.SECONDS).join())
        .hasMessageContaining("none left");
    assertThat(append().join()).containsExactly(2L);
    journal.close();
  }
}
