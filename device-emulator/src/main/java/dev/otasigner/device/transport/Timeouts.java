package dev.otasigner.device.transport;

import dev.otasigner.verifier.tuf.Pace;
import java.time.Duration;

/**
 * How long the device waits.
 *
 * @param connect for a TCP connection to one address
 * @param stall for the next byte, in the handshake and after
 * @param pace how slowly a body may arrive; its patience is also how long a response's head may
 *     take
 */
public record Timeouts(Duration connect, Duration stall, Pace pace) {
  public static final Timeouts DEFAULT =
      new Timeouts(Duration.ofSeconds(5), Duration.ofSeconds(20), Pace.COMMON);
}
