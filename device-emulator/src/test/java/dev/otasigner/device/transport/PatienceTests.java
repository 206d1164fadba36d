package dev.otasigner.device.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.verifier.tuf.Pace;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** For how long a device waits, counted without waiting. */
class PatienceTests {
  private static final Duration STALL = Duration.ofSeconds(20);
  private static final long SECOND = 1_000_000_000;

  private final Patience patience = new Patience(new Pace(Duration.ofSeconds(30), 512));

  /** Seconds until the peer is given up that sends so many raw bytes each 19 seconds. */
  private long heldBy(int bytes, int openedEach) {
    long seconds = 0;
    try {
      while (seconds < 1_000_000) {
        long most = patience.millis(STALL);
        long waits = Math.min(19_000, most);
        patience.read(waits * 1_000_000, waits < 19_000 ? 0 : bytes);
        patience.opened(openedEach);
        seconds += waits / 1000;
      }
    } catch (SocketTimeoutException e) {
      return seconds;
    }
    return seconds;
  }

  @Test
  void headThatDripsEndsWithThePatience() {
    patience.forHead();
    assertThat(heldBy(1, 0)).isEqualTo(30);
  }

  @Test
  void recordThatDripsEndsWithThePatience() {
    patience.forBody();
    assertThat(heldBy(1, 0)).isEqualTo(30);
    assertThatThrownBy(() -> patience.millis(STALL)).hasMessageContaining("too slow: 0 bytes");
  }

  @Test
  void recordsWithoutContentBuyNoMoreTimeThanOneRecord() {
    patience.forBody();
    assertThat(heldBy(100_000, 0)).isBetween(30L, 60L);
  }

  @Test
  void bodyAtTheLeastRateGoesOn() throws SocketTimeoutException {
    patience.forBody();
    for (int i = 0; i < 10_000; i++) {
      assertThat(patience.millis(STALL)).isPositive();
      patience.read(SECOND, 600);
      patience.opened(512);
    }
    patience.read(31 * SECOND, 0);
    assertThatThrownBy(() -> patience.millis(STALL)).hasMessageContaining("too slow");
  }

  @Test
  void whatCameInOneResponseBuysNoTimeInTheNext() {
    patience.forBody();
    patience.read(0, 1_000_000);
    patience.opened(1_000_000);
    patience.forHead();
    assertThat(heldBy(1, 0)).isEqualTo(30);
    patience.forBody();
    assertThat(heldBy(1, 0)).isEqualTo(30);
  }

  @Test
  void silenceIsNotWaitedForLongerThanTheStall() throws SocketTimeoutException {
    patience.forBody();
    assertThat(patience.millis(STALL)).isEqualTo(20_000);
    patience.read(19 * SECOND, 1);
    assertThat(patience.millis(STALL)).isEqualTo(11_000);
  }
}
