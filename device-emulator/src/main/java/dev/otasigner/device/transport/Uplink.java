package dev.otasigner.device.transport;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The device's way to its service: dials when it is needed, keeps the connection between requests,
 * and falls back along its routes. The route that worked last is tried first.
 */
public final class Uplink implements Server {
  private static final String GZIP = "gzip";

  private final TlsDialer dialer;
  private final Timeouts timeouts;
  private final List<Route> routes;
  private @Nullable HttpConnection connection;
  private @Nullable Negotiated negotiated;

  public Uplink(List<Route> routes, TlsDialer dialer, Timeouts timeouts) {
    this.routes = new ArrayList<>(routes);
    this.dialer = dialer;
    this.timeouts = timeouts;
    if (routes.isEmpty()) {
      throw new IllegalArgumentException("no route to any server");
    }
  }

  @Override
  public Optional<Negotiated> negotiated() {
    return Optional.ofNullable(negotiated);
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
      return new Download(response.body(), offset, range.total());
    }
    throw response.unexpected(path);
  }

  private HttpResponse send(HttpRequest request) throws IOException {
    HttpConnection current = connect();
    try {
      return current.send(request);
    } catch (IOException e) {
      current.close();
      connection = null;
      if (!current.wasUsed() || !request.isRepeatable()) {
        throw e;
      }
      // The server may have closed a connection that had been idle: once more, on a fresh one.
      return connect().send(request);
    }
  }

  private HttpConnection connect() throws IOException {
    HttpConnection current = connection;
    if (current != null) {
      if (current.isReusable()) {
        return current;
      }
      current.close();
      connection = null;
    }
    IOException trouble = new IOException("no route was tried");
    for (Route route : List.copyOf(routes)) {
      try {
        HttpConnection fresh =
            new HttpConnection(dialer.dial(route.host(), route.port()), host(route), timeouts);
        connection = fresh;
        negotiated = fresh.negotiated();
        routes.remove(route);
        routes.add(0, route);
        return fresh;
      } catch (IOException e) {
        trouble = e;
      }
    }
    throw new UnreachableException(routes, trouble);
  }

  private static String host(Route route) {
    String host = route.host().indexOf(':') >= 0 ? "[" + route.host() + "]" : route.host();
    return host + ":" + route.port();
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
