package dev.otasigner.system;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The service in a process of its own, on a directory of the test's. */
final class ServiceProcess implements AutoCloseable {
  private static final String LISTENING = "signer: listening on ";
  private static final String PASSWORD = "signer: administrator password (shown once): ";
  private static final int TIMEOUT_SECONDS = 90;

  private final Process process;
  private final String address;
  private final @Nullable String password;

  private ServiceProcess(Process process, String address, @Nullable String password) {
    this.process = process;
    this.address = address;
    this.password = password;
  }

  /** The service as it is. */
  static ServiceProcess start(Path data) throws IOException {
    return start(data, List.of());
  }

  /** The service by a clock that begins at this time. */
  static ServiceProcess at(java.time.Instant time, Path data) throws IOException {
    return start(data, List.of("-Dclock.begin=" + time));
  }

  /** The service that halts at the milestone which this file names; see {@link HaltingService}. */
  static ServiceProcess haltingBy(Path file, Path data) throws IOException {
    return start(data, List.of("-Dhalt.file=" + file));
  }

  /** The same by a clock that begins at this time. */
  static ServiceProcess haltingBy(Path file, java.time.Instant time, Path data) throws IOException {
    return start(data, List.of("-Dhalt.file=" + file, "-Dclock.begin=" + time));
  }

  private static ServiceProcess start(Path data, List<String> properties) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"));
    command.addAll(properties);
    command.addAll(List.of("-cp", classPath(), HaltingService.class.getName()));
    command.addAll(List.of("--data", data.toString(), "--port", "0"));
    return start(data, new ProcessBuilder(command));
  }

  /** As a user starts it: what was packaged, through the launcher. */
  static ServiceProcess launched(Path data, Path programs, Map<String, String> environment)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Repository.root().resolve("signer").toString(),
            "serve",
            "--data",
            data.toString(),
            "--port",
            "0");
    builder.environment().put("SIGNER_PROGRAMS", programs.toString());
    builder.environment().put("SIGNER_CDS", "off");
    builder.environment().putAll(environment);
    return start(data, builder);
  }

  private static ServiceProcess start(Path data, ProcessBuilder builder) throws IOException {
    boolean first = !Files.exists(data);
    Path log = data.resolveSibling(data.getFileName() + ".log");
    Process process = builder.redirectError(ProcessBuilder.Redirect.appendTo(log.toFile())).start();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String address = null;
    String password = null;
    StringBuilder said = new StringBuilder();
    while (address == null || first && password == null) {
      String line = out.readLine();
      if (line == null) {
        throw new IOException("the service did not start:\n" + said + Files.readString(log));
      }
      said.append(line).append('\n');
      address = line.startsWith(LISTENING) ? line.substring(LISTENING.length()) : address;
      password = line.startsWith(PASSWORD) ? line.substring(PASSWORD.length()) : password;
    }
    drain(out);
    return new ServiceProcess(process, address, password);
  }

  static String classPath() {
    String surefire = System.getProperty("surefire.test.class.path");
    return surefire == null ? System.getProperty("java.class.path") : surefire;
  }

  private static void drain(BufferedReader out) {
    Thread reader =
        new Thread(
            () -> {
              try (out) {
                while (out.readLine() != null) {
                  // What the service prints later is in nobody's way.
                }
              } catch (IOException e) {
                // The process is gone.
              }
            },
            "service-output");
    reader.setDaemon(true);
    reader.start();
  }

  String address() {
    return address;
  }

  /** The administrator's first password, on a new directory. */
  String password() {
    if (password == null) {
      throw new IllegalStateException("not a new directory");
    }
    return password;
  }

  /** The processes that it has started. */
  List<ProcessHandle> children() {
    return process.children().toList();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** The exit status, once the process has ended by itself. */
  int waitForEnd() throws IOException {
    try {
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException("the service has not ended in " + TIMEOUT_SECONDS + " s");
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** SIGTERM. */
  void stop() throws IOException {
    process.destroy();
    waitForEnd();
  }

  /** SIGKILL. */
  void kill() throws IOException {
    process.destroyForcibly();
    waitForEnd();
  }

  @Override
  public void close() throws IOException {
    kill();
  }
}
