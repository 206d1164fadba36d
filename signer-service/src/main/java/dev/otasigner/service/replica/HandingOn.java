package dev.otasigner.service.replica;

import dev.otasigner.service.problem.Problem;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.verifier.json.Json;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * What a service on stand-by answers: the catalogue's files and its own health by itself, and
 * everything else by handing the whole request on to the active service, with the caller's own
 * credentials. Where that one can not answer now, the caller is told so, and when to ask again.
 */
final class HandingOn extends OncePerRequestFilter {
  private static final Duration CONNECT = Duration.ofSeconds(2);
  private static final long LOOK_MILLIS = 200;

  /** Of one connection alone (RFC 9110, 7.6.1), or said anew for the next one. */
  private static final Set<String> NOT_HANDED_ON =
      Set.of(
          "connection",
          "keep-alive",
          "proxy-authenticate",
          "proxy-authorization",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "host",
          "expect",
          "content-length",
          "http2-settings",
          HandedOnRequests.SOURCE.toLowerCase(Locale.ROOT),
          HandedOnRequests.MARK.toLowerCase(Locale.ROOT));

  private final ReplicaSettings settings;
  private final ReplicaSecret secret;
  private final StandBy standBy;
  // guarded by this
  private @Nullable ActiveReplica known;
  private @Nullable HttpClient client;

  HandingOn(ReplicaSettings settings, ReplicaSecret secret, StandBy standBy) {
    this.settings = settings;
    this.secret = secret;
    this.standBy = standBy;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    String path = request.getRequestURI();
    boolean reads = request.getMethod().equals("GET") || request.getMethod().equals("HEAD");
    if (reads && path.startsWith("/catalogue/")) {
      chain.doFilter(request, response);
    } else if (reads && path.equals("/actuator/health")) {
      health(response);
    } else {
      handOn(request, response);
    }
  }

  private void health(HttpServletResponse response) throws IOException {
    Json.Builder details =
        Json.object().put("role", "stand-by").put("silentSeconds", standBy.silence().toSeconds());
    ActiveReplica.in(settings.directory())
        .ifPresent(active -> details.put("active", active.address().toString()));
    Json.Obj replica = Json.object().put("status", "UP").put("details", details.build()).build();
    write(
        response,
        200,
        "application/vnd.spring-boot.actuator.v3+json",
        Json.object()
            .put("status", "UP")
            .put("components", Json.object().put("replica", replica).build())
            .build());
  }

  private void handOn(HttpServletRequest request, HttpServletResponse response) throws IOException {
    Optional<ActiveReplica> active = ActiveReplica.in(settings.directory());
    if (request.getHeader(HandedOnRequests.MARK) != null) {
      unavailable(response, "the service that handed this on is wrong about which one is active");
      return;
    }
    if (!standBy.isActiveAnswering()
        || active.isEmpty()
        || active.get().address().equals(settings.address())) {
      unavailable(response, "no service is active at the moment");
      return;
    }
    HttpRequest asked;
    try {
      asked = asked(request, active.get());
    } catch (IllegalArgumentException e) {
      Json.Obj problem =
          Problem.json(
              ProblemType.BAD_REQUEST, "the request is not one that this server takes", Map.of());
      write(response, 400, "application/problem+json", problem);
      return;
    }
    Optional<HttpResponse<InputStream>> answer = ask(asked, active.get());
    if (answer.isPresent()) {
      answer(answer.get(), response);
    } else {
      unavailable(response, "the active service does not answer");
    }
  }

  private HttpRequest asked(HttpServletRequest request, ActiveReplica active) throws IOException {
    String uri = HandedOnRequests.uri(request);
    String source = request.getRemoteAddr();
    HttpRequest.Builder asked =
        HttpRequest.newBuilder(URI.create(active.address() + uri))
            .method(request.getMethod(), body(request));
    Set<String> ofThisConnection = nominated(Collections.list(request.getHeaders("Connection")));
    for (String name : Collections.list(request.getHeaderNames())) {
      String small = name.toLowerCase(Locale.ROOT);
      if (!NOT_HANDED_ON.contains(small) && !ofThisConnection.contains(small)) {
        Collections.list(request.getHeaders(name)).forEach(value -> asked.header(name, value));
      }
    }
    return asked
        .setHeader(HandedOnRequests.SOURCE, source)
        .setHeader(
            HandedOnRequests.MARK, secret.mark(active.number(), request.getMethod(), uri, source))
        .build();
  }

  private static BodyPublisher body(HttpServletRequest request) throws IOException {
    long length = request.getContentLengthLong();
    if (length == 0 || length < 0 && request.getHeader("Transfer-Encoding") == null) {
      return BodyPublishers.noBody();
    }
    InputStream in = request.getInputStream();
    BodyPublisher streamed = BodyPublishers.ofInputStream(() -> in);
    return length > 0 ? BodyPublishers.fromPublisher(streamed, length) : streamed;
  }

  /** Empty when there is no answer: it can not be reached, or has stopped showing life. */
  private Optional<HttpResponse<InputStream>> ask(HttpRequest asked, ActiveReplica active) {
    CompletableFuture<HttpResponse<InputStream>> answer =
        client(active).sendAsync(asked, BodyHandlers.ofInputStream());
    while (true) {
      try {
        return Optional.of(answer.get(LOOK_MILLIS, TimeUnit.MILLISECONDS));
      } catch (TimeoutException e) {
        if (!standBy.isActiveAnswering()) {
          answer.cancel(true);
          return Optional.empty();
        }
      } catch (ExecutionException e) {
        logger.warn("the active service at " + active.address() + ": " + e.getCause());
        return Optional.empty();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        answer.cancel(true);
        return Optional.empty();
      }
    }
  }

  private synchronized HttpClient client(ActiveReplica active) {
    HttpClient made = client;
    if (made == null || !active.equals(known)) {
      made =
          HttpClient.newBuilder()
              .version(HttpClient.Version.HTTP_1_1)
              .followRedirects(HttpClient.Redirect.NEVER)
              .connectTimeout(CONNECT)
              .sslContext(new PinnedTrust(active.pins()).context())
              .build();
      client = made;
      known = active;
    }
    return made;
  }

  /** Fields that the caller says are of this connection alone (RFC 9110, 7.6.1). */
  private static Set<String> nominated(List<String> connection) {
    Set<String> names = new HashSet<>();
    for (String value : connection) {
      for (String name : value.split(",", -1)) {
        names.add(name.strip().toLowerCase(Locale.ROOT));
      }
    }
    // What lets the caller in is never left out by a word of the caller's.
    names.remove("authorization");
    return names;
  }

  private static void answer(HttpResponse<InputStream> answer, HttpServletResponse response)
      throws IOException {
    response.setStatus(answer.statusCode());
    for (Map.Entry<String, List<String>> header : answer.headers().map().entrySet()) {
      String name = header.getKey().toLowerCase(Locale.ROOT);
      if (!NOT_HANDED_ON.contains(name) && !name.startsWith(":")) {
        header.getValue().forEach(value -> response.addHeader(header.getKey(), value));
      }
    }
    answer.headers().firstValueAsLong("content-length").ifPresent(response::setContentLengthLong);
    try (InputStream body = answer.body()) {
      body.transferTo(response.getOutputStream());
    }
  }

  private void unavailable(HttpServletResponse response, String why) throws IOException {
    long seconds = standBy.retryAfter().toSeconds();
    response.setHeader("Retry-After", Long.toString(seconds));
    write(
        response,
        503,
        "application/problem+json",
        Problem.json(
            ProblemType.TOKEN_UNAVAILABLE,
            "this service is on stand-by, and " + why,
            Map.of("retryAfterSeconds", new Json.Num(seconds))));
  }

  private static void write(HttpServletResponse response, int status, String type, Json.Obj json)
      throws IOException {
    byte[] body = json.textBytes();
    response.setStatus(status);
    response.setContentType(type);
    response.setContentLength(body.length);
    response.getOutputStream().write(body);
  }
}
