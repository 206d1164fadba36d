package dev.otasigner.service.listeners;

import dev.otasigner.verifier.Digest;
import java.util.Set;
import org.springframework.stereotype.Component;

/** By what another service recognises the management port of this one. */
@Component
public final class ManagementPins {
  private final ManagementTls tls;

  ManagementPins(ManagementTls tls) {
    this.tls = tls;
  }

  /** Digests of the public keys that it shows; none without TLS. */
  public Set<Digest> pins() {
    return tls.pins();
  }
}
