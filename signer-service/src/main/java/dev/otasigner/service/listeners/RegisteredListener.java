package dev.otasigner.service.listeners;

import java.time.Instant;
import java.util.Optional;

/**
 * A listener that is to be open, whether or not it is.
 *
 * @param sunset when it is to close, unless a device needs it then
 */
public record RegisteredListener(ListenerSpec spec, Optional<Instant> sunset) {
  public String name() {
    return spec.name();
  }
}
