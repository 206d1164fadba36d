package dev.otasigner.device.transport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.cert.CertificateException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Opens TLS connections under one policy with one identity. Each connection has an {@link
 * SSLContext} of its own: a shared one would resume sessions under an identity that has since
 * changed.
 */
public final class TlsDialer {
  private final TlsPolicy policy;
  private final Optional<ClientIdentity> identity;
  private final Instant now;
  private final boolean clockRuns;
  private final Timeouts timeouts;
  private final Random spread;
  private final NameLookup lookup;

  /**
   * @param identity nothing for a server that asks for none
   * @param clockRuns false when {@code now} is only the earliest time it can be
   */
  public TlsDialer(
      TlsPolicy policy,
      Optional<ClientIdentity> identity,
      Instant now,
      boolean clockRuns,
      Timeouts timeouts) {
    this(policy, identity, now, clockRuns, timeouts, NameLookup.SYSTEM);
  }

  TlsDialer(
      TlsPolicy policy,
      Optional<ClientIdentity> identity,
      Instant now,
      boolean clockRuns,
      Timeouts timeouts,
      NameLookup lookup) {
    this.policy = policy;
    this.identity = identity;
    this.now = now;
    this.clockRuns = clockRuns;
    this.timeouts = timeouts;
    this.lookup = lookup;
    this.spread = new Random();
  }

  /**
   * A connection whose handshake is done.
   *
   * @param patience with what the connection brings
   * @param hasOthers whether the same route leads to addresses that are not shunned
   */
  record Dialled(SSLSocket socket, Negotiated negotiated, Patience patience, boolean hasOthers) {}

  /**
   * Tries the addresses of the route's host, in an order of its own so that a fleet spreads over
   * them; behind a proxy, those of the proxy, which looks the host up itself.
   *
   * @param shunned addresses to try last
   * @throws ProxyException of the proxy
   * @throws IOException of the last address tried, the others suppressed
   */
  Dialled dial(Route route, Optional<HttpProxy> proxy, Set<InetAddress> shunned, Deadline deadline)
      throws IOException {
    String host = proxy.map(HttpProxy::address).orElse(route.host());
    int port = proxy.map(HttpProxy::port).orElse(route.dialledPort());
    List<InetAddress> addresses = addresses(host, proxy, deadline);
    Collections.shuffle(addresses, spread);
    addresses.sort(Comparator.comparing(shunned::contains));
    IOException trouble = new IOException(host + " has no address");
    for (InetAddress address : addresses) {
      try {
        boolean others =
            addresses.stream().anyMatch(a -> !a.equals(address) && !shunned.contains(a));
        return dial(route, proxy, new InetSocketAddress(address, port), others, deadline);
      } catch (IOException e) {
        e.addSuppressed(trouble);
        trouble = e;
      }
    }
    throw trouble;
  }

  private List<InetAddress> addresses(String host, Optional<HttpProxy> proxy, Deadline deadline)
      throws IOException {
    try {
      return new ArrayList<>(lookup.addresses(host, deadline));
    } catch (IOException e) {
      throw proxy.isPresent() ? ProxyException.unreachable(proxy.get(), e) : e;
    }
  }

  private Dialled dial(
      Route route,
      Optional<HttpProxy> proxy,
      InetSocketAddress address,
      boolean hasOthers,
      Deadline deadline)
      throws IOException {
    TappedSocket plain = new TappedSocket(timeouts.stall(), deadline);
    try {
      if (proxy.isPresent()) {
        throughProxy(plain, proxy.get(), address, route);
      } else {
        plain.connect(address, timeouts.connect());
      }
      SSLSocket socket = handshake(plain, route);
      Negotiated negotiated = negotiated(socket.getSession(), plain.group(), address);
      Patience patience = new Patience(timeouts.pace());
      plain.handshakeDone(patience);
      return new Dialled(socket, negotiated, patience, hasOthers);
    } catch (ProxyException e) {
      plain.close();
      throw e;
    } catch (IOException | RuntimeException e) {
      plain.close();
      IOException named = new IOException(address + ": " + sentence(e), e);
      throw proxy.isPresent() ? ProxyException.behind(proxy.get(), route, named) : named;
    }
  }

  private void throughProxy(
      TappedSocket plain, HttpProxy proxy, InetSocketAddress address, Route route)
      throws IOException {
    try {
      plain.connect(address, timeouts.connect());
    } catch (IOException e) {
      throw ProxyException.unreachable(proxy, new IOException(address + ": " + e.getMessage(), e));
    }
    try {
      ProxyTunnel.open(plain, proxy, route);
    } catch (ProxyException e) {
      throw e;
    } catch (IOException e) {
      throw ProxyException.broken(proxy, String.valueOf(e.getMessage()));
    }
  }

  private SSLSocket handshake(TappedSocket plain, Route route) throws IOException {
    TlsStack stack = TlsStack.of(policy.groups());
    KeyManager @Nullable [] keys =
        identity.map(i -> new KeyManager[] {i.keyManager()}).orElse(null);
    TrustManager[] trust = {new ServerTrust(policy.serverAnchors(), route.host(), now, clockRuns)};
    SSLContext context = stack.context(keys, trust);
    plain.listen();
    SSLSocket socket =
        (SSLSocket)
            context.getSocketFactory().createSocket(plain, route.host(), route.dialledPort(), true);
    socket.setSSLParameters(parameters(socket));
    if (!policy.groups().isEmpty()) {
      stack.restrict(socket, policy.groups());
    }
    socket.startHandshake();
    return socket;
  }

  private SSLParameters parameters(SSLSocket socket) throws IOException {
    requireSupported("TLS version", policy.versions(), socket.getSupportedProtocols());
    requireSupported("TLS suite", policy.suites(), socket.getSupportedCipherSuites());
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setProtocols(policy.versions().toArray(String[]::new));
    if (!policy.suites().isEmpty()) {
      parameters.setCipherSuites(policy.suites().toArray(String[]::new));
    }
    return parameters;
  }

  private static void requireSupported(String what, List<String> wanted, String[] supported)
      throws IOException {
    for (String name : wanted) {
      if (!Arrays.asList(supported).contains(name)) {
        throw new IOException(what + " " + name + " of the profile is unknown to this device");
      }
    }
  }

  private Negotiated negotiated(
      SSLSession session, Optional<String> group, InetSocketAddress address) throws IOException {
    String protocol = session.getProtocol();
    String suite = session.getCipherSuite();
    if (!policy.versions().contains(protocol)
        || !policy.suites().isEmpty() && !policy.suites().contains(suite)) {
      throw new IOException(protocol + " " + suite + " is not what the profile allows");
    }
    // Where the server's RSA key carries the secret there is no group; the suite says so.
    if (!policy.groups().isEmpty() && !suite.startsWith("TLS_RSA_WITH_")) {
      String chosen = group.orElse("none");
      if (!KeyExchangeGroup.isListed(policy.groups(), chosen)) {
        throw new IOException(
            "the server chose the group " + chosen + ", which the profile does not list");
      }
    }
    return new Negotiated(protocol, suite, group, address);
  }

  /** What our own trust manager said, which the stacks wrap each in their way. */
  private static String sentence(Exception trouble) {
    for (Throwable e = trouble; e != null; e = e.getCause()) {
      if (e instanceof CertificateException && e.getMessage() != null) {
        return e.getMessage();
      }
    }
    return String.valueOf(trouble.getMessage());
  }
}
