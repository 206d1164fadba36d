package dev.otasigner.device.transport;

import java.time.Duration;

/**
 * How long the device waits.
 *
 * @param connect for a TCP connection to one address
 * @param stall for the next byte, in the handshake and after
 * @param minBytesPerSecond a body slower than this over {@code patience} is given up
 * @param patience how long a body may be slow, and how long a response's head may take
 */
public record Timeouts(Duration connect, Duration stall, int minBytesPerSecond, Duration patience) {
  public static final Timeouts DEFAULT =
      new Timeouts(Duration.ofSeconds(5), Duration.ofSeconds(20), 512, Duration.ofSeconds(30));
}
