package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.keys.worker.JournalEntry.Revocation;
import dev.otasigner.verifier.Digest;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class RevocationsTests {
  private static final Instant NOW = Instant.parse("2026-11-23T00:00:00Z");
  private static final Digest APPROVER = Digest.of(new byte[] {7});

  private static Revocation of(int number, Instant at) {
    return new Revocation(
        number,
        JournalEntry.GENESIS,
        Digest.of(new byte[] {(byte) number}),
        APPROVER,
        at.plus(Duration.ofDays(1)),
        at);
  }

  private static Revocations.Word word(int number) {
    return new Revocations.Word(APPROVER, Digest.of(new byte[] {(byte) number}));
  }

  @Test
  void noMoreAreTakenThanCanBeRemembered() {
    Revocations revocations = new Revocations(2);
    revocations.recorded(of(1, NOW));
    assertThatCode(() -> revocations.requireRoom(NOW)).doesNotThrowAnyException();
    revocations.recorded(of(2, NOW));
    Refused full = catchThrowableOfType(Refused.class, () -> revocations.requireRoom(NOW));
    assertThat(full.code()).isEqualTo(RefusalCode.REVOCATIONS_FULL);
    assertThat(revocations.has(word(1))).isTrue();
  }

  @Test
  void whatLapsedAWeekAgoMakesRoom() {
    Revocations revocations = new Revocations(1);
    revocations.recorded(of(1, NOW));
    revocations.requireRoom(NOW.plus(Duration.ofDays(9)));
    assertThat(revocations.has(word(1))).isFalse();
  }

  /** A journal of many years is read with no more memory than a new one. */
  @Test
  void readingAnOldJournalForgetsWhatLapsedThen() {
    Revocations revocations = new Revocations(1);
    revocations.recorded(of(1, NOW));
    revocations.recorded(of(2, NOW.plus(Duration.ofDays(30))));
    assertThat(revocations.has(word(1))).isFalse();
    assertThat(revocations.has(word(2))).isTrue();
  }
}
