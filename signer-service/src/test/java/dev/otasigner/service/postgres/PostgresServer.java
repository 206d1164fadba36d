package dev.otasigner.service.postgres;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One PostgreSQL on a directory and a port of its own, which it keeps over a stop, a kill and a new
 * start. Nothing of it is synced to the disk: a killed process loses nothing by that, a power cut
 * would.
 */
public final class PostgresServer implements AutoCloseable {
  private static final int TIMEOUT_SECONDS = 60;

  /** The tests' alone: the server listens on the loopback, for as long as they run. */
  private static final String PASSWORD = "of-this-test-alone";

  private final PostgresPrograms programs;
  private final Path directory;
  private final int port;
  private final AtomicInteger databases = new AtomicInteger();
  private @Nullable Process process;

  private PostgresServer(PostgresPrograms programs, Path directory, int port) {
    this.programs = programs;
    this.directory = directory;
    this.port = port;
  }

  /** An empty one in a temporary directory, of the newest release that tests know. */
  public static PostgresServer create() throws IOException {
    Path directory = temporary();
    return create(PostgresPrograms.unpackedTo(directory), directory);
  }

  /** The same of these programs. */
  public static PostgresServer create(PostgresPrograms programs) throws IOException {
    return create(programs, temporary());
  }

  private static Path temporary() throws IOException {
    return Files.createTempDirectory("postgres");
  }

  private static PostgresServer create(PostgresPrograms programs, Path directory)
      throws IOException {
    PostgresServer server = new PostgresServer(programs, directory, freePort());
    Runtime.getRuntime().addShutdownHook(new Thread(server::remove));
    programs.initialise(server.data(), PASSWORD);
    server.start();
    return server;
  }

  /** The one that the tests of this process share; each of them has databases of its own. */
  public static PostgresServer shared() {
    return Shared.SERVER;
  }

  private static final class Shared {
    private static final PostgresServer SERVER = started();

    private static PostgresServer started() {
      try {
        return create();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** The cluster's own directory. */
  public Path data() {
    return directory.resolve("data");
  }

  public PostgresPrograms programs() {
    return programs;
  }

  public int port() {
    return port;
  }

  public String user() {
    return "postgres";
  }

  public String password() {
    return PASSWORD;
  }

  public String url(String database) {
    return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
  }

  /** An empty database; returns its name. */
  public String createDatabase() {
    String name = "test" + databases.incrementAndGet();
    execute("postgres", "create database " + name);
    return name;
  }

  /** What the service is configured with in its environment, and nothing else. */
  public Map<String, String> environment(String database) {
    return Map.of(
        "SPRING_DATASOURCE_URL", url(database),
        "SPRING_DATASOURCE_USERNAME", user(),
        "SPRING_DATASOURCE_PASSWORD", password());
  }

  /** A connection of the test's own. */
  public Connection connect(String database) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", user());
    properties.setProperty("password", password());
    return DriverManager.getConnection(url(database), properties);
  }

  public void execute(String database, String sql) {
    try (Connection connection = connect(database);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  /** Starts it on what its directory holds, and waits until it answers. */
  public synchronized void start() throws IOException {
    if (process != null && process.isAlive()) {
      throw new IllegalStateException("it runs");
    }
    Path log = directory.resolve("log");
    Process started =
        new ProcessBuilder(
                programs.command(
                    "postgres",
                    "-D",
                    data().toString(),
                    "-p",
                    Integer.toString(port),
                    "-c",
                    "listen_addresses=127.0.0.1",
                    "-c",
                    "unix_socket_directories=",
                    "-c",
                    "max_connections=300",
                    "-c",
                    "shared_buffers=32MB",
                    "-c",
                    "fsync=off"))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    process = started;
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    while (!answers()) {
      if (!started.isAlive() || System.nanoTime() > end) {
        throw new IOException("PostgreSQL did not start:\n" + Files.readString(log));
      }
      Thread.onSpinWait();
    }
  }

  private boolean answers() {
    try (Connection connection = connect("postgres")) {
      return connection.isValid(TIMEOUT_SECONDS);
    } catch (SQLException e) {
      return false;
    }
  }

  private synchronized Process running() {
    if (process == null || !process.isAlive()) {
      throw new IllegalStateException("it does not run");
    }
    return process;
  }

  /** The server and every process of its own. */
  private List<ProcessHandle> processes() {
    List<ProcessHandle> all = new ArrayList<>();
    ProcessHandle first = running().toHandle();
    all.add(first);
    first.descendants().forEach(all::add);
    return all;
  }

  private void signal(String signal) throws IOException {
    List<String> command = new ArrayList<>(List.of("kill", signal));
    processes().forEach(one -> command.add(Long.toString(one.pid())));
    PostgresPrograms.run(command);
  }

  /** An orderly shutdown that ends every session: SIGINT. */
  public void stop() throws IOException {
    Process running = running();
    PostgresPrograms.run(List.of("kill", "-INT", Long.toString(running.pid())));
    waitFor(running);
  }

  /** SIGKILL, for the server and all its processes at once. */
  public void kill() throws IOException {
    Process running = running();
    signal("-KILL");
    waitFor(running);
  }

  /** SIGSTOP: the port still takes connections, and nobody answers. */
  public void freeze() throws IOException {
    signal("-STOP");
  }

  /** SIGCONT. */
  public void thaw() throws IOException {
    signal("-CONT");
  }

  private static void waitFor(Process process) throws IOException {
    try {
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException("PostgreSQL has not ended in " + TIMEOUT_SECONDS + " s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private synchronized void remove() {
    try {
      if (process != null && process.isAlive()) {
        kill();
      }
      try (Stream<Path> files = Files.walk(directory)) {
        for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    } catch (IOException e) {
      // What is left lies among the machine's temporary files.
    }
  }

  @Override
  public void close() {
    remove();
  }
}
