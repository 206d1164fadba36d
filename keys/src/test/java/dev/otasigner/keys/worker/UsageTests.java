package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Digest;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class UsageTests {
  private static final Digest SOME = Digest.of(new byte[] {1});
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  /** A key that signs every hour for years must not fill the memory of a worker. */
  @Test
  void usesOfEarlierDaysAreForgotten() {
    Usage usage = new Usage(Optional.empty());
    for (int hour = 0; hour < 10_000; hour++) {
      usage.recorded(
          new JournalEntry.Intent(
              hour + 1L, SOME, SOME, SOME, SOME, List.of(), START.plusSeconds(3600L * hour)));
    }
    assertThat(usage.remembered()).isEqualTo(24);
  }
}
