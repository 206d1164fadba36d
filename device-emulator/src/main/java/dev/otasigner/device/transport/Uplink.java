package dev.otasigner.device.transport;

import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The device's way to its service: dials when it is needed, keeps the connection between requests,
 * and falls back along its routes. The route that worked last is tried first. After a connection
 * that broke it waits before it dials again, the longer the more of them break.
 */
public final class Uplink implements Server {
  private static final String GZIP = "gzip";
  private static final Duration FIRST_WAIT = Duration.ofMillis(250);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);

  /** A connection that brought so much was worth dialling. */
  private static final long PROGRESS_BYTES = 32 * 1024;

  private final TlsDialer dialer;
  private final Timeouts timeouts;
  private final NetworkMemory memory;
  private final Pause pause;
  private final Backoff backoff = new Backoff(FIRST_WAIT, LONGEST_WAIT, new Random().nextLong());
  private final List<Route> routes;
  private final Set<InetAddress> shunned = new HashSet<>();
  private boolean remembered;
  private boolean broke;
  private @Nullable HttpConnection connection;
  private @Nullable Negotiated negotiated;
  private @Nullable Instant date;

  public Uplink(
      List<Route> routes, TlsDialer dialer, Timeouts timeouts, NetworkMemory memory, Pause pause) {
    this.routes = new ArrayList<>(routes);
    this.dialer = dialer;
    this.timeouts = timeouts;
    this.memory = memory;
    this.pause = pause;
  }

  public Uplink(List<Route> routes, TlsDialer dialer, Timeouts timeouts, NetworkMemory memory) {
    this(routes, dialer, timeouts, memory, Pause.REAL);
  }

  /** Of a device that keeps nothing of its network. */
  public Uplink(List<Route> routes, TlsDialer dialer, Timeouts timeouts) {
    this(routes, dialer, timeouts, NetworkMemory.NONE, Pause.REAL);
  }

  @Override
  public Optional<Negotiated> negotiated() {
    return Optional.ofNullable(negotiated);
  }

  @Override
  public Optional<Instant> date() {
    return Optional.ofNullable(date);
  }

  @Override
  public byte[] get(String path, long maxBytes) throws IOException {
    HttpResponse response = send(HttpRequest.get(path).with("Accept-Encoding", GZIP));
    if (response.status() != 200) {
      throw response.unexpected(path);
    }
    return response.readBody(maxBytes);
  }

  @Override
  public byte[] post(String path, byte[] json, int expectedStatus, long maxBytes)
      throws IOException {
    HttpResponse response = send(HttpRequest.postJson(path, json));
    if (response.status() != expectedStatus) {
      throw response.unexpected(path);
    }
    return response.readBody(maxBytes);
  }

  @Override
  public Download download(String path, long offset) throws IOException {
    HttpRequest request = HttpRequest.get(path);
    if (offset > 0) {
      request = request.with("Range", "bytes=" + offset + "-");
    }
    HttpResponse response = send(request);
    if (response.status() == 200) {
      return new Download(response.body(), 0, response.contentLength());
    }
    if (response.status() == 206 && offset > 0) {
      ContentRange range = ContentRange.parse(response.header("content-range").orElse(""));
      if (range.first() != offset) {
        throw new IOException(
            "asked for bytes from " + offset + ", got them from " + range.first());
      }
      if (response.contentLength() >= 0 && response.contentLength() != range.lengthBytes()) {
        throw new IOException(
            "a range of "
                + range.lengthBytes()
                + " bytes in a body of "
                + response.contentLength());
      }
      return new Download(response.body(), offset, range.total());
    }
    throw response.unexpected(path);
  }

  private HttpResponse send(HttpRequest request) throws IOException {
    HttpResponse response = answer(request);
    date = response.date().orElse(date);
    return response;
  }

  private HttpResponse answer(HttpRequest request) throws IOException {
    HttpConnection current = connect();
    try {
      return current.send(request);
    } catch (IOException e) {
      if (!current.wasUsed() || !request.isRepeatable()) {
        drop(current);
        throw e;
      }
      // The server may have closed a connection that had been idle, which is no fault of its:
      // once more, on a fresh one.
      connection = null;
      current.close();
      return connect().send(request);
    }
  }

  private HttpConnection connect() throws IOException {
    HttpConnection current = connection;
    if (current != null) {
      if (current.isReusable()) {
        backoff.succeeded();
        return current;
      }
      drop(current);
    }
    if (broke) {
      broke = false;
      pause.pause(backoff.failed());
    }
    Deadline deadline = Deadline.in(timeouts.attempt());
    Optional<HttpProxy> proxy = memory.proxy();
    IOException trouble = new IOException("the profile names no server");
    List<Route> order = inOrder();
    for (int i = 0; i < order.size() && !deadline.isOver(); i++) {
      Route route = order.get(i);
      Deadline share = deadline.share(order.size() - i, timeouts.connect());
      try {
        connection = new HttpConnection(dialer.dial(route, proxy, shunned, share), route, timeouts);
      } catch (ProxyException e) {
        if (e.isOnEveryRoute()) {
          throw e;
        }
        e.addSuppressed(trouble);
        trouble = e;
      } catch (IOException e) {
        e.addSuppressed(trouble);
        trouble = e;
      }
      HttpConnection fresh = connection;
      if (fresh != null) {
        negotiated = fresh.dialled().negotiated();
        worked(route);
        return fresh;
      }
    }
    throw new UnreachableException(routes, trouble);
  }

  /** The route that worked last comes first; the first time that is the one of an earlier start. */
  private List<Route> inOrder() throws IOException {
    if (!remembered) {
      remembered = true;
      memory
          .worked()
          .flatMap(worked -> routes.stream().filter(worked::is).findFirst())
          .ifPresent(this::toTheFront);
    }
    return List.copyOf(routes);
  }

  private void worked(Route route) throws IOException {
    toTheFront(route);
    memory.saveWorked(new NetworkMemory.Worked(route.host(), route.port()));
  }

  private void toTheFront(Route route) {
    routes.remove(route);
    routes.add(0, route);
  }

  /**
   * Where a connection broke, the next one begins elsewhere: at another address of the same name,
   * or, when all of them broke, on another route.
   */
  private void drop(HttpConnection used) throws IOException {
    connection = null;
    if (used.isBroken()) {
      broke = true;
      if (used.bodyBytes() >= PROGRESS_BYTES) {
        backoff.succeeded();
      }
      shunned.add(used.dialled().negotiated().address().getAddress());
      if (!used.dialled().hasOthers()) {
        shunned.clear();
        routes.remove(used.route());
        routes.add(used.route());
      }
    }
    used.close();
  }

  @Override
  public void close() throws IOException {
    HttpConnection current = connection;
    connection = null;
    if (current != null) {
      current.close();
    }
  }
}
