package dev.otasigner.device.transport;

import dev.otasigner.verifier.device.Profile;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/**
 * Dials as the running profile says.
 *
 * @param portMap ports that stand in for others, as where a listener cannot have its own
 * @param memory the proxy to go through, and the route that worked
 * @param inbox where another process leaves a proxy for this device
 * @param pause between connections that break
 */
public record TlsDialling(
    Map<Integer, Integer> portMap,
    Timeouts timeouts,
    NetworkMemory memory,
    Optional<ProxyInbox> inbox,
    Pause pause)
    implements Server.Dialling {
  public TlsDialling {
    portMap = Map.copyOf(portMap);
  }

  public TlsDialling(Map<Integer, Integer> portMap, Timeouts timeouts) {
    this(portMap, timeouts, NetworkMemory.NONE, Optional.empty(), Pause.REAL);
  }

  /** For a device in a flash file, which takes a proxy while it is switched on. */
  public TlsDialling withInbox(ProxyInbox of) {
    return new TlsDialling(portMap, timeouts, memory, Optional.of(of), pause);
  }

  /** Where time goes by otherwise. */
  public TlsDialling pausing(Pause other) {
    return new TlsDialling(portMap, timeouts, memory, inbox, other);
  }

  @Override
  public Server.Dialling remembering(NetworkMemory kept) {
    return new TlsDialling(
        portMap, timeouts, inbox.map(i -> i.before(kept)).orElse(kept), inbox, pause);
  }

  @Override
  public Server under(Profile profile, ClientIdentity identity, Instant now, boolean clockRuns) {
    TlsDialer dialer =
        new TlsDialer(TlsPolicy.of(profile.tls()), Optional.of(identity), now, clockRuns, timeouts);
    return new Uplink(Route.of(profile, portMap, new Random()), dialer, timeouts, memory, pause);
  }
}
