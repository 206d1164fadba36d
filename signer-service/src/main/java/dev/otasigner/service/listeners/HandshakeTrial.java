package dev.otasigner.service.listeners;

import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.Profile;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import org.bouncycastle.jsse.BCSSLParameters;
import org.bouncycastle.jsse.BCSSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * A real TLS handshake with an address, as a device with a profile would begin it: its versions,
 * suites, groups and pins. The service has no device's certificate, so it goes as far as the
 * server's demand for one, answers that it has none, and hangs up. Nothing else is ever sent.
 */
public final class HandshakeTrial {
  private static final Duration CONNECT = Duration.ofSeconds(4);
  private static final Duration ALTOGETHER = Duration.ofSeconds(10);
  private static final int MAX_DETAIL = 300;

  /** Curves of certificates, which TLS stacks demand among the groups; see the emulated device. */
  private static final List<String> OF_CERTIFICATES = List.of("secp256r1", "secp384r1");

  /** Groups of the JDK, in its own order, which a server follows. */
  private static final List<String> OF_THE_JDK =
      List.of("x25519", "secp256r1", "secp384r1", "secp521r1", "x448");

  private final Profile.Tls tls;
  private final String host;
  private final Instant now;

  private HandshakeTrial(Profile.Tls tls, String host, Instant now) {
    this.tls = tls;
    this.host = host;
    this.now = now;
  }

  /**
   * What came of it.
   *
   * @param reached whether the server took what the profile speaks, showed a certificate under its
   *     pins and asked for the device's
   * @param reason its code; {@code reached} when it did
   * @param detail a sentence for people
   */
  public record Outcome(boolean reached, String reason, String detail) {
    static Outcome failed(String reason, String detail) {
      String clean = detail.replaceAll("\\p{Cntrl}", " ");
      return new Outcome(
          false, reason, clean.length() > MAX_DETAIL ? clean.substring(0, MAX_DETAIL) : clean);
    }
  }

  /**
   * Tries it now, for ten seconds at most.
   *
   * @param port as a device dials it
   * @param dialled the port that stands for it on this machine, or the same
   */
  public static Outcome of(Profile profile, String host, int port, int dialled, Instant now) {
    InetAddress[] addresses;
    try {
      addresses = InetAddress.getAllByName(host);
    } catch (UnknownHostException e) {
      return Outcome.failed("unknown-host", host + " has no address");
    }
    if (Arrays.stream(addresses).anyMatch(OutboundAddress::isRefused)) {
      return Outcome.failed(
          "address-refused", "link-local, metadata and multicast addresses are not called");
    }
    int number = addresses[0].isLoopbackAddress() ? dialled : port;
    return new HandshakeTrial(profile.tls(), host, now)
        .with(new InetSocketAddress(addresses[0], number));
  }

  private Outcome with(InetSocketAddress address) {
    Asked asked = new Asked();
    PinnedServer trust = new PinnedServer(Set.copyOf(tls.serverAnchors()), host, now);
    try (Timed plain = new Timed()) {
      plain.connect(address, (int) CONNECT.toMillis());
      IOException refusal = null;
      try (SSLSocket socket = socket(plain, asked, trust)) {
        socket.startHandshake();
      } catch (IOException e) {
        refusal = e;
      }
      return judged(refusal, asked, trust, plain.group());
    } catch (ConnectException | SocketTimeoutException e) {
      return Outcome.failed("no-connection", address + ": " + e.getMessage());
    } catch (IOException | RuntimeException e) {
      return Outcome.failed("no-connection", address + ": " + e);
    } catch (GeneralSecurityException e) {
      return Outcome.failed("not-spoken-here", String.valueOf(e.getMessage()));
    }
  }

  /** A refusal after the server has asked for a certificate is that of none: no device's case. */
  private Outcome judged(
      @Nullable IOException refusal, Asked asked, PinnedServer trust, Optional<String> group) {
    if (trust.refusal().isPresent()) {
      return Outcome.failed("server-not-trusted", trust.refusal().get());
    }
    if (!trust.hasTrusted() || !asked.isAsked() && refusal != null) {
      String why = refusal == null ? "the server showed no certificate" : sentence(refusal);
      boolean late = refusal instanceof SocketTimeoutException;
      return Outcome.failed(late ? "timed-out" : "tls-refused", why);
    }
    if (!asked.isAsked()) {
      return Outcome.failed("no-certificate-asked", "the server asked for no certificate");
    }
    if (!asked.takes(tls.clientKey())) {
      return Outcome.failed(
          "client-key-refused", "the server takes no certificate of a " + tls.clientKey().code());
    }
    if (!tls.groups().isEmpty()
        && group.isPresent()
        && tls.groups().stream().noneMatch(group.get()::equalsIgnoreCase)) {
      return Outcome.failed(
          "group-not-listed", "the server chose " + group.get() + ", which the profile has not");
    }
    return new Outcome(true, "reached", "up to the demand for a certificate");
  }

  private static String sentence(Exception trouble) {
    return String.valueOf(trouble.getMessage());
  }

  private SSLSocket socket(Timed plain, Asked asked, PinnedServer trust)
      throws IOException, GeneralSecurityException {
    boolean jdk =
        tls.groups().stream().allMatch(g -> OF_THE_JDK.stream().anyMatch(g::equalsIgnoreCase));
    SSLContext context = jdk ? SSLContext.getInstance("TLS") : HybridEngine.context();
    context.init(new KeyManager[] {asked}, new TrustManager[] {trust}, new SecureRandom());
    SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket(plain, host, plain.getPort(), true);
    requireSpoken("version", tls.versions(), socket.getSupportedProtocols());
    requireSpoken("suite", tls.suites(), socket.getSupportedCipherSuites());
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setProtocols(tls.versions().toArray(String[]::new));
    parameters.setCipherSuites(tls.suites().toArray(String[]::new));
    if (jdk && !tls.groups().isEmpty()) {
      parameters.setAlgorithmConstraints(new GroupConstraints(offeredByTheJdk()));
    }
    socket.setSSLParameters(parameters);
    if (!jdk) {
      BCSSLSocket own = (BCSSLSocket) socket;
      BCSSLParameters more = own.getParameters();
      List<String> offered = new ArrayList<>(tls.groups());
      OF_CERTIFICATES.stream()
          .filter(curve -> tls.groups().stream().noneMatch(curve::equalsIgnoreCase))
          .forEach(offered::add);
      more.setNamedGroups(offered.toArray(String[]::new));
      own.setParameters(more);
    }
    return socket;
  }

  /** A curve that would come before all that the profile lists is not offered. */
  private List<String> offeredByTheJdk() {
    List<String> offered = new ArrayList<>();
    for (String group : OF_THE_JDK) {
      if (tls.groups().stream().anyMatch(group::equalsIgnoreCase)
          || !offered.isEmpty() && OF_CERTIFICATES.contains(group)) {
        offered.add(group);
      }
    }
    return offered;
  }

  private static void requireSpoken(String what, List<String> wanted, String[] spoken)
      throws GeneralSecurityException {
    for (String name : wanted) {
      if (!Arrays.asList(spoken).contains(name)) {
        throw new GeneralSecurityException(
            "the service does not speak " + what + " " + name + " of the profile, and can not try");
      }
    }
  }

  /** Answers that there is no certificate, and remembers having been asked. */
  private static final class Asked extends X509ExtendedKeyManager {
    private final Set<String> types = ConcurrentHashMap.newKeySet();

    boolean isAsked() {
      return !types.isEmpty();
    }

    boolean takes(ClientKeyType key) {
      String wanted = key == ClientKeyType.RSA_2048 ? "RSA" : "EC";
      return types.stream().anyMatch(type -> type.startsWith(wanted));
    }

    @Override
    public @Nullable String chooseClientAlias(
        String[] keyTypes, Principal[] issuers, Socket socket) {
      types.addAll(Arrays.asList(keyTypes));
      return null;
    }

    @Override
    public String @Nullable [] getClientAliases(String keyType, Principal[] issuers) {
      return null;
    }

    @Override
    public String @Nullable [] getServerAliases(String keyType, Principal[] issuers) {
      return null;
    }

    @Override
    public @Nullable String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
      return null;
    }

    @Override
    public X509Certificate @Nullable [] getCertificateChain(String alias) {
      return null;
    }

    @Override
    public @Nullable PrivateKey getPrivateKey(String alias) {
      return null;
    }
  }

  /** A connection whose reads have one end in time together, and are read along for the group. */
  private static final class Timed extends Socket {
    private final long end = System.nanoTime() + ALTOGETHER.toNanos();
    private final NegotiatedGroup group = new NegotiatedGroup();
    private @Nullable InputStream tapped;

    Optional<String> group() {
      return group.name();
    }

    @Override
    public synchronized InputStream getInputStream() throws IOException {
      InputStream known = tapped;
      if (known == null) {
        known = new Tap(super.getInputStream());
        tapped = known;
      }
      return known;
    }

    private final class Tap extends FilterInputStream {
      private Tap(InputStream in) {
        super(in);
      }

      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
      }

      @Override
      public int read(byte[] into, int from, int length) throws IOException {
        long left = (end - System.nanoTime()) / 1_000_000;
        if (left <= 0) {
          throw new SocketTimeoutException(
              "no end of the handshake in " + ALTOGETHER.toSeconds() + " s");
        }
        setSoTimeout((int) left);
        int read = super.read(into, from, length);
        if (read > 0) {
          try {
            group.sent(ByteBuffer.wrap(into, from, read));
          } catch (IllegalStateException noHandshake) {
            group.end(); // the TLS stack refuses it too
          }
        }
        return read;
      }
    }
  }
}
