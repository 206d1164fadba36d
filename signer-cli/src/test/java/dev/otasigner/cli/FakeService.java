package dev.otasigner.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** A service that expects certain requests in order, and remembers every other one as a mistake. */
final class FakeService implements AutoCloseable {
  private final HttpServer server;
  private final Deque<Transcript.Exchange> expected = new ArrayDeque<>();
  private final List<String> mistakes = new ArrayList<>();

  FakeService() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
  }

  String address() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  synchronized void expect(List<Transcript.Exchange> exchanges) {
    expected.addAll(exchanges);
  }

  /** What was asked that should not have been, and what was not asked that should. */
  synchronized List<String> mistakes() {
    List<String> all = new ArrayList<>(mistakes);
    expected.forEach(e -> all.add("not asked: " + e.method() + " " + e.path()));
    return all;
  }

  private synchronized void answer(HttpExchange http) throws IOException {
    String body = new String(http.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    String asked = http.getRequestMethod() + " " + http.getRequestURI();
    Transcript.Exchange next = expected.poll();
    int status = 500;
    byte[] answer = {};
    if (next == null || !asked.equals(next.method() + " " + next.path())) {
      mistakes.add("asked: " + asked + (next == null ? "" : " instead of " + next.path()));
    } else if (!Transcript.matches(next.body(), body.isEmpty() ? "-" : oneLine(body))) {
      mistakes.add(asked + " with " + oneLine(body) + " instead of " + next.body());
    } else {
      status = next.status();
      answer = next.answer().equals("-") ? answer : next.answer().getBytes(StandardCharsets.UTF_8);
    }
    http.getResponseHeaders().set("Content-Type", "application/json");
    http.sendResponseHeaders(status, answer.length == 0 ? -1 : answer.length);
    if (answer.length > 0) {
      http.getResponseBody().write(answer);
    }
    http.close();
  }

  /** JSON without its line breaks and indentation. */
  private static String oneLine(String json) {
    return json.lines().map(String::strip).reduce("", String::concat).replace("\": ", "\":");
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
