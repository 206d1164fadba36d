package dev.otasigner.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class SilenceTests {
  private final Silence silence =
      new Silence(new Lease(Duration.ofSeconds(10), Duration.ofSeconds(1)));
  private long now;

  private boolean isOverAfter(Duration pause, String sign) {
    now += pause.toNanos();
    return silence.isOver(sign, now);
  }

  @Test
  void theLeaseIsOverWhenNothingWasHeardForItsTime() {
    assertThat(isOverAfter(Duration.ZERO, "1 a")).isFalse();
    for (int second = 1; second < 10; second++) {
      assertThat(isOverAfter(Duration.ofSeconds(1), "1 a")).isFalse();
    }
    assertThat(isOverAfter(Duration.ofSeconds(1), "1 a")).isTrue();
  }

  @Test
  void eachSignOfLifeBeginsTheLeaseAnew() {
    for (int second = 0; second < 60; second++) {
      assertThat(isOverAfter(Duration.ofSeconds(1), "1 " + second / 9)).isFalse();
    }
  }

  @Test
  void anotherHolderHasTheWholeLease() {
    for (int second = 0; second < 9; second++) {
      assertThat(isOverAfter(Duration.ofSeconds(1), "1 a")).isFalse();
    }
    assertThat(isOverAfter(Duration.ofSeconds(1), "2 a")).isFalse();
    assertThat(isOverAfter(Duration.ofSeconds(1), "2 a")).isFalse();
  }

  /** Its own process was stopped for an hour: it has not listened for that long. */
  @Test
  void whoeverWasFrozenItselfDoesNotCountThatTime() {
    assertThat(isOverAfter(Duration.ZERO, "1 a")).isFalse();
    assertThat(isOverAfter(Duration.ofHours(1), "1 a")).isFalse();
    assertThat(isOverAfter(Duration.ofSeconds(1), "1 b")).isFalse();
  }

  @Test
  void aLeaseThatOneMissedSignEndsIsRefused() {
    assertThatThrownBy(() -> new Lease(Duration.ofSeconds(3), Duration.ofSeconds(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("silence");
  }
}
