package dev.otasigner.service.listeners;

import java.time.Instant;
import java.util.Optional;

/**
 * A listener that devices can reach.
 *
 * @param sunset when it is to close, unless a device needs it then
 * @param boundPort where it is bound, which differs from its port when that is below 1024
 */
public record OpenListener(
    ListenerSpec spec, int boundPort, Instant opened, Optional<Instant> sunset) {
  /** The request attribute that tells on which listener a request came in. */
  public static final String ATTRIBUTE = "dev.otasigner.listener";

  public String name() {
    return spec.name();
  }
}
