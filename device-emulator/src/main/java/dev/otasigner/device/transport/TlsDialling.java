package dev.otasigner.device.transport;

import dev.otasigner.verifier.device.Profile;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * Dials as the running profile says.
 *
 * @param portMap ports that stand in for others, as where a listener cannot have its own
 */
public record TlsDialling(Map<Integer, Integer> portMap, Timeouts timeouts)
    implements Server.Dialling {
  public TlsDialling {
    portMap = Map.copyOf(portMap);
  }

  @Override
  public Server under(Profile profile, ClientIdentity identity, Instant now, boolean clockRuns) {
    TlsDialer dialer =
        new TlsDialer(TlsPolicy.of(profile.tls()), Optional.of(identity), now, clockRuns, timeouts);
    return new Uplink(Route.of(profile, portMap), dialer, timeouts);
  }
}
