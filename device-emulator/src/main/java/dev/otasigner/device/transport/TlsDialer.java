package dev.otasigner.device.transport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Opens TLS connections under one policy with one identity. Each dialer has an {@link SSLContext}
 * of its own: a shared one would resume sessions under an identity that has since changed.
 */
public final class TlsDialer {
  private final TlsPolicy policy;
  private final Optional<ClientIdentity> identity;
  private final Instant now;
  private final boolean clockRuns;
  private final Timeouts timeouts;
  private final Random spread;

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
    this.policy = policy;
    this.identity = identity;
    this.now = now;
    this.clockRuns = clockRuns;
    this.timeouts = timeouts;
    this.spread = new Random();
  }

  /** A connection whose handshake is done. */
  public record Dialled(SSLSocket socket, Negotiated negotiated) {}

  /**
   * Tries the host's addresses, in an order of its own so that a fleet spreads over them.
   *
   * @throws IOException of the last address tried, the others suppressed
   */
  public Dialled dial(String host, int port) throws IOException {
    List<InetAddress> addresses = new ArrayList<>(Arrays.asList(InetAddress.getAllByName(host)));
    Collections.shuffle(addresses, spread);
    IOException trouble = new IOException(host + " has no address");
    for (InetAddress address : addresses) {
      try {
        return dial(host, new InetSocketAddress(address, port));
      } catch (IOException e) {
        e.addSuppressed(trouble);
        trouble = e;
      }
    }
    throw trouble;
  }

  private Dialled dial(String host, InetSocketAddress address) throws IOException {
    Socket plain = new Socket();
    try {
      plain.connect(address, Math.toIntExact(timeouts.connect().toMillis()));
      plain.setSoTimeout(Math.toIntExact(timeouts.stall().toMillis()));
      plain.setTcpNoDelay(true);
      SSLSocket socket =
          (SSLSocket)
              context(host).getSocketFactory().createSocket(plain, host, address.getPort(), true);
      socket.setSSLParameters(parameters(socket));
      socket.startHandshake();
      return new Dialled(socket, negotiated(socket.getSession(), address));
    } catch (IOException | RuntimeException e) {
      plain.close();
      throw new IOException(address + ": " + e.getMessage(), e);
    }
  }

  private SSLContext context(String host) throws IOException {
    KeyManager @Nullable [] keys =
        identity.map(i -> new KeyManager[] {i.keyManager()}).orElse(null);
    TrustManager[] trust = {new ServerTrust(policy.serverAnchors(), host, now, clockRuns)};
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys, trust, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException("this JDK has no TLS", e);
    }
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
        throw new IOException(what + " " + name + " of the profile is unknown to this JDK");
      }
    }
  }

  private Negotiated negotiated(SSLSession session, InetSocketAddress address) throws IOException {
    String protocol = session.getProtocol();
    String suite = session.getCipherSuite();
    if (!policy.versions().contains(protocol)
        || !policy.suites().isEmpty() && !policy.suites().contains(suite)) {
      throw new IOException(protocol + " " + suite + " is not what the profile allows");
    }
    return new Negotiated(protocol, suite, address);
  }
}
