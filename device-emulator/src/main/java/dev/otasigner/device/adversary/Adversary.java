package dev.otasigner.device.adversary;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import dev.otasigner.verifier.Digest;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/**
 * The worst place to stand between a device and its service: a server that devices take for the
 * true one, as whoever stole its TLS key would have. It passes the catalogue on, remembers what it
 * saw, and lies as its {@link Attack} says. It has none of the keys that sign.
 *
 * <p>A device meets it when its profile pins {@link #anchor()} and it dials {@link #port()}, as
 * with the port map of {@code TlsDialling}. Check-ins are swallowed and renewals refused where they
 * are not what the attack is about.
 */
public final class Adversary implements Closeable {
  private static final byte[] CHECKED_IN =
      "{\"nextSeconds\":60}".getBytes(StandardCharsets.US_ASCII);
  private static final int MAX_ASKED = 64 * 1024;

  private final HttpsServer server;
  private final ExecutorService threads;
  private final Upstream upstream;
  private final StolenIdentity identity;
  private final Map<String, byte[]> seen = new ConcurrentHashMap<>();
  private final AtomicInteger lies = new AtomicInteger();
  private volatile Optional<Attack> attack = Optional.empty();

  private Adversary(
      HttpsServer server, ExecutorService threads, Upstream upstream, StolenIdentity identity) {
    this.server = server;
    this.threads = threads;
    this.upstream = upstream;
    this.identity = identity;
  }

  /** One that speaks TLS as devices do, and behaves until it is told otherwise. */
  public static Adversary before(Upstream upstream) throws IOException {
    return before(upstream, StolenIdentity.make(), tls -> {});
  }

  /** What an adversary offers in a TLS handshake, where that is the attack. */
  @FunctionalInterface
  public interface Offer {
    /** Changes protocols and suites; client certificates are asked for in any case. */
    void make(SSLParameters parameters);
  }

  /**
   * Another one with the same key.
   *
   * @param offer such as {@code tls -> tls.setProtocols(new String[] {"TLSv1.2"})}
   */
  public Adversary offering(Offer offer) throws IOException {
    return before(upstream, identity, offer);
  }

  private static Adversary before(Upstream upstream, StolenIdentity identity, Offer offer)
      throws IOException {
    SSLContext context = identity.context();
    HttpsServer server =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(
        new HttpsConfigurator(context) {
          @Override
          public void configure(HttpsParameters parameters) {
            SSLParameters tls = context.getDefaultSSLParameters();
            offer.make(tls);
            tls.setNeedClientAuth(true);
            parameters.setSSLParameters(tls);
          }
        });
    ExecutorService threads =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "adversary");
              thread.setDaemon(true);
              return thread;
            });
    Adversary adversary = new Adversary(server, threads, upstream, identity);
    server.setExecutor(threads);
    server.createContext("/", adversary::handle);
    server.start();
    return adversary;
  }

  /** On the loopback address. */
  public int port() {
    return server.getAddress().getPort();
  }

  /** Digest of the key that a deceived profile pins, as its {@code tls.serverAnchors} have it. */
  public Digest anchor() {
    return identity.spkiDigest();
  }

  /** From now on it lies so. */
  public void begin(Attack next) {
    lies.set(0);
    attack = Optional.of(next);
  }

  /** From now on it passes everything on. */
  public void behave() {
    attack = Optional.empty();
  }

  /** How often it has lied in this attack; 0 means that the attack was never met. */
  public int lies() {
    return lies.get();
  }

  /** Everything that went by until now. */
  public Recording recording() {
    return new Recording(seen);
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readNBytes(MAX_ASKED);
      if (body.length == MAX_ASKED) {
        return;
      }
      send(exchange, answer(exchange, body));
    }
  }

  private Answer answer(HttpExchange exchange, byte[] body) throws IOException {
    String path = exchange.getRequestURI().getRawPath();
    String method = exchange.getRequestMethod();
    Asked asked = new Asked(method, path, body, shown(exchange), upstream);
    Optional<Attack> now = attack;
    Optional<Answer> lie = now.isPresent() ? now.get().lie().answer(asked) : Optional.empty();
    if (lie.isPresent()) {
      lies.incrementAndGet();
      return lie.get();
    }
    if (method.equals("POST")) {
      return path.endsWith("/checkin") ? Answer.of(CHECKED_IN) : Answer.nothing();
    }
    Optional<byte[]> truth = asked.truth();
    truth.ifPresent(file -> seen.put(path, file));
    return truth.map(Answer::of).orElseGet(Answer::nothing);
  }

  private static Optional<X509Certificate> shown(HttpExchange exchange) throws IOException {
    Certificate[] chain = ((HttpsExchange) exchange).getSSLSession().getPeerCertificates();
    return chain[0] instanceof X509Certificate leaf ? Optional.of(leaf) : Optional.empty();
  }

  private static void send(HttpExchange exchange, Answer answer) throws IOException {
    Headers headers = exchange.getResponseHeaders();
    answer.headers().forEach(headers::set);
    long from = 0;
    String range = exchange.getRequestHeaders().getFirst("Range");
    if (range != null && answer.status() == 200 && answer.length() >= 0) {
      from = Long.parseLong(range.replaceAll("\\D", ""));
      headers.set(
          "Content-Range", "bytes " + from + "-" + (answer.length() - 1) + "/" + answer.length());
    }
    try (InputStream body = answer.body()) {
      body.skip(from);
      long length = answer.length() - from;
      // The server's words for: of no length, and in chunks without an end.
      exchange.sendResponseHeaders(
          from > 0 ? 206 : answer.status(), answer.length() < 0 ? 0 : length == 0 ? -1 : length);
      OutputStream out = exchange.getResponseBody();
      body.transferTo(out);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
