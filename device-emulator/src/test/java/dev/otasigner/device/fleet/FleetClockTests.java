package dev.otasigner.device.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class FleetClockTests {
  private static final Instant BEGIN = Instant.parse("2026-06-01T00:00:00Z");

  private Instant now = BEGIN;

  private final Clock real =
      new Clock() {
        @Override
        public Instant instant() {
          return now;
        }

        @Override
        public ZoneId getZone() {
          return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
          return this;
        }
      };

  @Test
  void deviceTimeBeginsNowAndRunsFaster() {
    FleetClock clock = new FleetClock(real, 3600);
    assertThat(clock.instant()).isEqualTo(BEGIN);
    now = BEGIN.plusMillis(1500);
    assertThat(clock.instant()).isEqualTo(BEGIN.plus(Duration.ofMinutes(90)));
  }

  @Test
  void aYearAtFullSpeedIsNoOverflow() {
    FleetClock clock = new FleetClock(real, 1e6);
    now = BEGIN.plusSeconds(3600);
    assertThat(clock.instant()).isEqualTo(BEGIN.plusSeconds(3600L * 1_000_000));
  }

  @Test
  void waitingTakesSoMuchLess() {
    assertThat(new FleetClock(real, 60).real(Duration.ofHours(1))).isEqualTo(Duration.ofMinutes(1));
  }
}
