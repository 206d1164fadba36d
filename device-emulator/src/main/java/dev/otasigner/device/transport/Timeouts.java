package dev.otasigner.device.transport;

import dev.otasigner.verifier.tuf.Pace;
import java.time.Duration;

/**
 * How long the device waits. All of it is counted below TLS too, so no drip of bytes stretches it.
 *
 * @param connect for a TCP connection to one address
 * @param stall for the next byte, in the handshake and after
 * @param pace how slowly a body may arrive; its patience is also how long a response's head may
 *     take
 * @param attempt for all there is to one attempt to connect: every name, address, port and
 *     handshake together; each server and port gets an equal share of what is left
 */
public record Timeouts(Duration connect, Duration stall, Pace pace, Duration attempt) {
  /** For three ports of two servers it is as long for each as a silent peer is borne with. */
  private static final Duration ATTEMPT = Duration.ofMinutes(2);

  public static final Timeouts DEFAULT =
      new Timeouts(Duration.ofSeconds(5), Duration.ofSeconds(20), Pace.COMMON);

  public Timeouts(Duration connect, Duration stall, Pace pace) {
    this(connect, stall, pace, ATTEMPT);
  }
}
