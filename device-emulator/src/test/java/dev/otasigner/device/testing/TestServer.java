package dev.otasigner.device.testing;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.Provider;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.jsse.BCSSLParameters;
import org.bouncycastle.jsse.BCSSLSocket;
import org.bouncycastle.jsse.provider.BouncyCastleJsseProvider;

/** A TLS server on a port of its own whose answers a test writes, byte for byte if need be. */
public final class TestServer implements Closeable {
  /**
   * How it speaks TLS.
   *
   * @param groups in this order, by Bouncy Castle; empty leaves them to the JDK
   */
  public record Tls(
      KeyPair keys,
      List<X509Certificate> chain,
      List<X509Certificate> clientAuthorities,
      List<String> versions,
      List<String> suites,
      List<String> groups) {
    public Tls(
        KeyPair keys,
        List<X509Certificate> chain,
        List<X509Certificate> clientAuthorities,
        List<String> versions,
        List<String> suites) {
      this(keys, chain, clientAuthorities, versions, suites, List.of());
    }

    public Tls withGroups(String... names) {
      return new Tls(keys, chain, clientAuthorities, versions, suites, List.of(names));
    }
  }

  /**
   * A request, read whole.
   *
   * @param headers by lower-case name
   */
  public record Request(
      String method, String path, Map<String, String> headers, String body, SSLSession session) {}

  /** Writes the response; returning false closes the connection. */
  @FunctionalInterface
  public interface Answer {
    boolean write(Request request, OutputStream out) throws IOException;
  }

  private final SSLServerSocket listener;
  private final Tls tls;
  private final Answer answer;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final AtomicInteger connections = new AtomicInteger();

  private TestServer(SSLServerSocket listener, Tls tls, Answer answer) {
    this.listener = listener;
    this.tls = tls;
    this.answer = answer;
  }

  public static TestServer start(Tls tls, Answer answer) {
    return start(tls, answer, InetAddress.getLoopbackAddress(), 0);
  }

  /** At an address and port of the test's choice; port 0 is any. */
  public static TestServer start(Tls tls, Answer answer, InetAddress address, int port) {
    try {
      SSLServerSocket listener =
          (SSLServerSocket)
              context(tls).getServerSocketFactory().createServerSocket(port, 50, address);
      listener.setNeedClientAuth(!tls.clientAuthorities.isEmpty());
      listener.setEnabledProtocols(tls.versions.toArray(String[]::new));
      if (!tls.suites.isEmpty()) {
        listener.setEnabledCipherSuites(tls.suites.toArray(String[]::new));
      }
      TestServer server = new TestServer(listener, tls, answer);
      Thread thread = new Thread(server::accept, "test server");
      thread.setDaemon(true);
      thread.start();
      return server;
    } catch (IOException | GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static SSLContext context(Tls tls) throws GeneralSecurityException, IOException {
    char[] password = new char[0];
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry(
        "server", tls.keys.getPrivate(), password, tls.chain.toArray(X509Certificate[]::new));
    Provider other =
        tls.groups.isEmpty() ? null : new BouncyCastleJsseProvider(new BouncyCastleProvider());
    KeyManagerFactory keys =
        other == null
            ? KeyManagerFactory.getInstance("PKIX")
            : KeyManagerFactory.getInstance("PKIX", other);
    keys.init(store, password);
    KeyStore authorities = KeyStore.getInstance("PKCS12");
    authorities.load(null, null);
    for (X509Certificate authority : tls.clientAuthorities) {
      authorities.setCertificateEntry(authority.getSerialNumber().toString(), authority);
    }
    TrustManagerFactory trust =
        other == null
            ? TrustManagerFactory.getInstance("PKIX")
            : TrustManagerFactory.getInstance("PKIX", other);
    trust.init(authorities);
    SSLContext context =
        other == null ? SSLContext.getInstance("TLS") : SSLContext.getInstance("TLS", other);
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  public int port() {
    return listener.getLocalPort();
  }

  public List<Request> requests() {
    return requests;
  }

  /** Connections accepted so far, whatever became of them. */
  public int connections() {
    return connections.get();
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        SSLSocket socket = (SSLSocket) listener.accept();
        open.add(socket);
        connections.incrementAndGet();
        Thread thread = new Thread(() -> serve(socket), "test connection");
        thread.setDaemon(true);
        thread.start();
      } catch (IOException e) {
        return;
      }
    }
  }

  private void serve(SSLSocket socket) {
    try (socket) {
      if (socket instanceof BCSSLSocket own) {
        BCSSLParameters parameters = own.getParameters();
        parameters.setNamedGroups(tls.groups.toArray(String[]::new));
        own.setParameters(parameters);
      }
      InputStream in = new BufferedInputStream(socket.getInputStream());
      boolean more = true;
      while (more) {
        Request request = read(in, socket.getSession());
        requests.add(request);
        more = answer.write(request, socket.getOutputStream());
        socket.getOutputStream().flush();
      }
    } catch (IOException e) {
      // The client went away, or the handshake failed: the client's side is what tests look at.
      open.remove(socket);
    }
  }

  private static Request read(InputStream in, SSLSession session) throws IOException {
    String[] first = line(in).split(" ", 3);
    Map<String, String> headers = new TreeMap<>();
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      String[] parts = line.split(":", 2);
      headers.put(parts[0].toLowerCase(Locale.ROOT), parts[1].strip());
    }
    int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
    String body = new String(in.readNBytes(length), StandardCharsets.UTF_8);
    return new Request(first[0], first[1], headers, body, session);
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new IOException("closed");
      }
      line.append((char) c);
    }
    return line.toString().strip();
  }

  /** A whole response with these bytes. */
  public static boolean reply(OutputStream out, int status, byte[] body, String... headers)
      throws IOException {
    StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " Word\r\n");
    Arrays.stream(headers).forEach(h -> head.append(h).append("\r\n"));
    head.append("Content-Length: ").append(body.length).append("\r\n\r\n");
    out.write(head.toString().getBytes(StandardCharsets.US_ASCII));
    out.write(body);
    return true;
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket socket : open) {
      try {
        socket.close();
      } catch (IOException e) {
        // Bouncy Castle says goodbye first, and who was reset does not hear it.
      }
    }
  }
}
