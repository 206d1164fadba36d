package dev.otasigner.verifier.device;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How a device knows the time. */
public enum ClockClass {
  /** A battery-backed clock. */
  RTC,
  /** Set from the network after start. */
  NETWORK,
  /**
   * None: the floor is the running manifest's {@code built}, raised by every verified timestamp.
   */
  NONE;

  /** The name on the wire: {@code rtc}. */
  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The class of this name on the wire, or null when there is none. */
  public static @Nullable ClockClass ofCode(String code) {
    for (ClockClass value : values()) {
      if (value.code().equals(code)) {
        return value;
      }
    }
    return null;
  }
}
