package dev.otasigner.device.agent;

import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.device.DeviceState;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/** What time the device believes it is. */
public record DeviceClock(Clock clock) {

  /**
   * The clock's time, but never earlier than the floor; of a device without a clock, the floor.
   *
   * <p>The floor is the running manifest's date, raised by every verified timestamp, so a clock
   * that was set back does not make old metadata fresh again.
   */
  public Instant now(DeviceState state) {
    Instant floor = state.clock().floor();
    if (!runs(state)) {
      return floor;
    }
    Instant now = clock.instant();
    return now.isAfter(floor) ? now : floor;
  }

  /** A clock that shows this time now. */
  DeviceClock setTo(Instant time) {
    return new DeviceClock(Clock.offset(clock, Duration.between(clock.instant(), time)));
  }

  /** Whether there is a clock, or only a floor. */
  public boolean runs(DeviceState state) {
    return state.clock().kind() != ClockClass.NONE;
  }
}
