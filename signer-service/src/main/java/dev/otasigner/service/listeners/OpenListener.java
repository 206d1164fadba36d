package dev.otasigner.service.listeners;

import java.time.Instant;

/**
 * A listener that devices can reach.
 *
 * @param boundPort where it is bound, which differs from its port when that is below 1024
 */
public record OpenListener(ListenerSpec spec, int boundPort, Instant opened) {
  /** The request attribute that tells on which listener a request came in. */
  public static final String ATTRIBUTE = "dev.otasigner.listener";

  public String name() {
    return spec.name();
  }
}
