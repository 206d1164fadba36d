package dev.otasigner.cli.tuf;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.otasigner.verifier.tuf.RepositorySimulator;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Serves a simulated repository over HTTP, and remembers what was asked, as it was asked. */
final class HttpRepository implements AutoCloseable {
  private final HttpServer server;
  private final RepositorySimulator repository;
  private final List<String> requests = new ArrayList<>();
  private int status = 200;
  private boolean breaksOff;
  private Optional<UnaryOperator<byte[]>> packing = Optional.empty();
  private String encoding = "";

  HttpRepository(RepositorySimulator repository) throws IOException {
    this.repository = repository;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
  }

  String url(String path) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/" + path;
  }

  synchronized List<String> requests() {
    return new ArrayList<>(requests);
  }

  synchronized void forgetRequests() {
    requests.clear();
  }

  /** Answers everything with this status from now on. */
  synchronized void answerWith(int code) {
    status = code;
  }

  /** Answers in this encoding whoever takes gzip. */
  synchronized void pack(String contentEncoding, UnaryOperator<byte[]> how) {
    encoding = contentEncoding;
    packing = Optional.of(how);
  }

  /** Announces each file whole and sends half of it. */
  synchronized void breakOff() {
    breaksOff = true;
  }

  private synchronized void answer(HttpExchange http) throws IOException {
    String path = http.getRequestURI().getRawPath().substring(1);
    requests.add(path);
    byte[] bytes = repository.files().get(path);
    if (bytes == null || status != 200) {
      http.sendResponseHeaders(status == 200 ? 404 : status, -1);
    } else {
      if (packing.isPresent()
          && "gzip".equals(http.getRequestHeaders().getFirst("Accept-Encoding"))) {
        bytes = packing.get().apply(bytes);
        http.getResponseHeaders().set("Content-Encoding", encoding);
      }
      http.sendResponseHeaders(200, bytes.length);
      http.getResponseBody().write(bytes, 0, breaksOff ? bytes.length / 2 : bytes.length);
    }
    http.close();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
