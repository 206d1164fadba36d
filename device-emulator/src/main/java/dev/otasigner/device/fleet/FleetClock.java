package dev.otasigner.device.fleet;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;

/** Device time: begins with real time and runs some times faster. */
final class FleetClock extends Clock {
  private final Clock real;
  private final Instant begin;
  private final double speed;

  /**
   * @param speed seconds of device time in a second, over 0
   */
  FleetClock(Clock real, double speed) {
    this.real = real;
    this.begin = real.instant();
    this.speed = speed;
  }

  @Override
  public Instant instant() {
    double seconds = Duration.between(begin, real.instant()).toNanos() / 1e9 * speed;
    return begin.plusNanos((long) (seconds % 1 * 1e9)).plusSeconds((long) seconds);
  }

  /** How long this much device time takes. */
  Duration real(Duration deviceTime) {
    return Duration.ofNanos((long) (deviceTime.toNanos() / speed));
  }

  @Override
  public ZoneId getZone() {
    return real.getZone();
  }

  @Override
  public Clock withZone(ZoneId zone) {
    return Clock.offset(real.withZone(zone), Duration.between(real.instant(), instant()));
  }
}
