package dev.otasigner.service.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * tuf-js, polling a directory through a plain file server; its version is pinned by a lock file.
 */
final class ForeignClient implements AutoCloseable {
  private static final Path PROGRAM = Path.of("src/test/tuf-js");
  private static final Path INSTALLED = Path.of("target/tuf-js");
  private static final int INSTALL_SECONDS = 120;

  private final HttpServer server;
  private final Process process;
  private final BufferedReader said;

  private ForeignClient(HttpServer server, Process process) {
    this.server = server;
    this.process = process;
    this.said = process.inputReader(StandardCharsets.UTF_8);
  }

  /** Begins to poll; skips the test, by name, where Node or npm or the package is not to be had. */
  static ForeignClient polling(Path repository, String target, Path work) throws Exception {
    install();
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", exchange -> serve(repository, exchange));
    server.start();
    Files.createDirectories(work);
    Files.copy(repository.resolve("metadata/1.root.json"), work.resolve("root.json"));
    String base = "http://127.0.0.1:" + server.getAddress().getPort() + "/";
    Process process =
        new ProcessBuilder("node", "poll.mjs", base, work.toString(), target)
            .directory(INSTALLED.toFile())
            .redirectErrorStream(true)
            .start();
    return new ForeignClient(server, process);
  }

  private static void serve(Path repository, HttpExchange exchange) throws IOException {
    try (exchange) {
      Path file = repository.resolve(exchange.getRequestURI().getPath().substring(1));
      if (!Files.isRegularFile(file)) {
        exchange.sendResponseHeaders(404, -1);
        return;
      }
      byte[] bytes = Files.readAllBytes(file);
      exchange.sendResponseHeaders(200, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  private static void install() throws Exception {
    Files.createDirectories(INSTALLED);
    try (Stream<Path> files = Files.list(PROGRAM)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.write(
            INSTALLED.resolve(String.valueOf(file.getFileName())), Files.readAllBytes(file));
      }
    }
    if (Files.isDirectory(INSTALLED.resolve("node_modules/tuf-js"))) {
      return;
    }
    try {
      Process npm =
          new ProcessBuilder(
                  "npm", "ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund")
              .directory(INSTALLED.toFile())
              .redirectErrorStream(true)
              .redirectOutput(INSTALLED.resolve("npm.log").toFile())
              .start();
      boolean ended = npm.waitFor(INSTALL_SECONDS, TimeUnit.SECONDS);
      npm.destroyForcibly();
      assumeTrue(ended && npm.exitValue() == 0, "npm could not install tuf-js: see npm.log");
    } catch (IOException e) {
      assumeTrue(false, "npm is not installed, and so tuf-js is not: " + e.getMessage());
    }
  }

  /** Waits for polls that began after now, and have ended well. */
  void awaitPolls() throws IOException {
    // What is in the pipe already tells of the past: a poll that begins now ends two lines later.
    while (said.ready()) {
      require(said.readLine());
    }
    require(said.readLine());
    require(said.readLine());
  }

  /** {@code POLLS TIMESTAMP}; anything else is what went wrong. */
  private static void require(String line) {
    assertThat(line).matches("[0-9]+ [0-9]+");
  }

  /** Ends it, and demands that all it has ever seen was well. */
  void requireWell() throws Exception {
    process.getOutputStream().close();
    List<String> lines = said.lines().toList();
    assertThat(process.waitFor(INSTALL_SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(lines).last().isEqualTo("well");
    assertThat(process.exitValue()).isZero();
  }

  @Override
  public void close() {
    process.destroyForcibly();
    server.stop(0);
  }
}
