package dev.otasigner.service.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class BodyPaceTests {
  private long nanos;
  private final BodyPace pace = new BodyPace(() -> nanos);

  private void read(Duration wait, int bytes) {
    pace.waits();
    nanos += wait.toNanos();
    pace.brought(bytes);
  }

  private void readsSeconds(int seconds, int bytesEach) {
    for (int i = 0; i < seconds; i++) {
      read(Duration.ofSeconds(1), bytesEach);
    }
  }

  @Test
  void aByteEachSecondIsGivenUpAfterTheFirstWindow() {
    readsSeconds(19, 1);
    assertThatThrownBy(() -> readsSeconds(1, 1))
        .isInstanceOfSatisfying(
            SignerException.class, e -> assertThat(e.type()).isEqualTo(ProblemType.TOO_SLOW));
  }

  /** At 50 kB/s two gigabytes take eleven hours. */
  @Test
  void gigabytesOverASlowLineGoOn() {
    readsSeconds(40_000, 50_000);
    assertThat(Duration.ofNanos(nanos)).isEqualTo(Duration.ofSeconds(40_000));
  }

  @Test
  void aLineThatStandsStillForAWhileIsWaitedFor() {
    for (int i = 0; i < 100; i++) {
      read(Duration.ofSeconds(15), 1);
      readsSeconds(5, 50_000);
    }
    assertThat(Duration.ofNanos(nanos)).isEqualTo(Duration.ofSeconds(2000));
  }

  /** Else a fast beginning would buy days of dripping. */
  @Test
  void whatCameBeforeBuysNoTime() {
    readsSeconds(20, 100_000_000);
    assertThatThrownBy(() -> readsSeconds(20, 1)).isInstanceOf(SignerException.class);
  }

  @Test
  void timeThatTheServiceTakesItselfIsNotTheClients() {
    for (int i = 0; i < 100; i++) {
      read(Duration.ofMillis(1), 10);
      nanos += Duration.ofMinutes(1).toNanos();
    }
    assertThat(nanos).isPositive();
  }

  @Test
  void whoWasGivenUpIsNotWaitedForAgain() {
    assertThat(pace.givesUp().type()).isEqualTo(ProblemType.TOO_SLOW);
    assertThatThrownBy(pace::waits).isInstanceOf(SignerException.class);
  }

  @Test
  void theEndOfABodyIsNeverTooSlow() {
    readsSeconds(19, 1);
    read(Duration.ofSeconds(19), -1);
    assertThat(nanos).isPositive();
  }
}
