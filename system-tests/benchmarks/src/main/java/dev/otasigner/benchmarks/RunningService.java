package dev.otasigner.benchmarks;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The service in a process of its own, and a user who may do everything. */
final class RunningService implements AutoCloseable {
  private static final int MAX_ANSWER = 1 << 24;
  private static final String USER = "bench";
  private static final String PASSWORD = "a password of its own";

  private final Process process;
  private final int port;
  private String token = "";

  private RunningService(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /** Starts it on an empty directory. */
  static RunningService first(Path launcher, Path data, Map<String, String> environment)
      throws IOException, RejectedException {
    List<String> passwords = new ArrayList<>();
    RunningService service = launch(launcher, data, environment, Optional.of(passwords));
    String given = passwords.get(0);
    try (Connection admin = service.connect()) {
      service.signIn(admin, "admin", given);
      admin.put(
          "/api/v1/users/admin/password",
          "{'current':'" + given + "','password':'" + PASSWORD + "'}");
      service.signIn(admin, "admin", PASSWORD);
      String made =
          admin
              .post(
                  "/api/v1/users",
                  "{'name':'"
                      + USER
                      + "','roles':['release-engineer','key-custodian','administrator']}")
              .string("oneTimePassword");
      service.signIn(admin, USER, made);
      admin.put(
          "/api/v1/users/bench/password",
          "{'current':'" + made + "','password':'" + PASSWORD + "'}");
      service.signIn(admin, USER, PASSWORD);
    }
    return service;
  }

  /** Starts it again on a directory that it was first started on. */
  static RunningService again(Path launcher, Path data, Map<String, String> environment)
      throws IOException, RejectedException {
    RunningService service = launch(launcher, data, environment, Optional.empty());
    try (Connection connection = service.connect()) {
      service.signIn(connection, USER, PASSWORD);
    }
    return service;
  }

  private static RunningService launch(
      Path launcher,
      Path data,
      Map<String, String> environment,
      Optional<List<String>> firstPassword)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(launcher.toString(), "serve", "--data", data.toString(), "--port", "0");
    builder.environment().putAll(environment);
    builder.redirectError(data.resolveSibling("service.log").toFile());
    Process process = builder.start();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String address = null;
    boolean waiting = firstPassword.isPresent();
    while (address == null || waiting) {
      String line = out.readLine();
      if (line == null) {
        throw new IOException("the service did not start: see service.log");
      }
      String listening = after(line, "listening on ");
      address = listening == null ? address : listening;
      String password = after(line, "(shown once): ");
      if (password != null && firstPassword.isPresent()) {
        firstPassword.get().add(password.strip());
        waiting = false;
      }
    }
    Thread rest = new Thread(() -> drain(out), "service-output");
    rest.setDaemon(true);
    rest.start();
    return new RunningService(
        process, Integer.parseInt(address.substring(address.lastIndexOf(':') + 1).strip()));
  }

  private static void drain(BufferedReader out) {
    try {
      while (out.readLine() != null) {
        // What the service prints later is in nobody's way.
      }
    } catch (IOException e) {
      // The service has ended.
    }
  }

  private static @Nullable String after(String line, String mark) {
    int at = line.indexOf(mark);
    return at < 0 ? null : line.substring(at + mark.length());
  }

  private void signIn(Connection connection, String user, String password)
      throws IOException, RejectedException {
    token = "";
    token =
        connection
            .post("/api/v1/sessions", "{'user':'" + user + "','password':'" + password + "'}")
            .string("token");
  }

  Connection connect() throws IOException {
    return new Connection();
  }

  int port() {
    return port;
  }

  /** Used so far, children not counted. */
  Duration cpu() {
    return process.info().totalCpuDuration().orElse(Duration.ZERO);
  }

  /** As a power cut does. */
  void kill() {
    process.destroyForcibly().onExit().join();
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** One connection that is kept for as long as the service keeps it. */
  @SuppressWarnings("NullAway.Init") // by connect()
  final class Connection implements AutoCloseable {
    private Socket socket;
    private InputStream in;
    private OutputStream out;
    private boolean over;

    private Connection() throws IOException {
      connect();
    }

    private void connect() throws IOException {
      socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setTcpNoDelay(true);
      in = new BufferedInputStream(socket.getInputStream());
      out = socket.getOutputStream();
      over = false;
    }

    Fields post(String path, String json) throws IOException, RejectedException {
      return send("POST", path, "application/json", json(json));
    }

    void put(String path, String json) throws IOException, RejectedException {
      send("PUT", path, "application/json", json(json));
    }

    private static byte[] json(String text) {
      return text.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    }

    Fields get(String path) throws IOException, RejectedException {
      return send("GET", path, "application/json", new byte[0]);
    }

    Fields send(String method, String path, String type, byte[] body)
        throws IOException, RejectedException {
      Http.Answer answer =
          ask(
              method,
              path,
              "Content-Type: "
                  + type
                  + "\r\n"
                  + (token.isEmpty() ? "" : "Authorization: Bearer " + token + "\r\n"),
              body);
      if (answer.status() / 100 != 2) {
        throw new IOException(path + ": " + answer.statusLine() + " " + answer.text());
      }
      return answer.body().length == 0
          ? new Fields(Json.object().build(), "")
          : JsonReader.readObject(answer.body(), MAX_ANSWER);
    }

    /** Asks for something public, and returns what is sent. */
    Http.Answer fetch(String path, String headers) throws IOException {
      return ask("GET", path, headers, new byte[0]);
    }

    private Http.Answer ask(String method, String path, String headers, byte[] body)
        throws IOException {
      if (over) {
        close();
        connect();
      }
      Http.send(out, method, path, headers, body);
      Http.Answer answer = Http.answer(in);
      over = answer.closing();
      return answer;
    }

    @Override
    public void close() {
      try {
        socket.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
