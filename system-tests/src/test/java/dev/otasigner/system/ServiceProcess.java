package dev.otasigner.system;

import dev.otasigner.device.lab.ServiceProgram;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The service in a process of its own, on a directory of the test's. */
final class ServiceProcess implements AutoCloseable {
  private static final int TIMEOUT_SECONDS = 90;

  private final ServiceProgram program;
  private final Process process;

  private ServiceProcess(ServiceProgram program) {
    this.program = program;
    this.process = program.process();
  }

  /** The service as it is. */
  static ServiceProcess start(Path data) throws IOException {
    return start(data, List.of());
  }

  /** The service with these variables in its environment. */
  static ServiceProcess start(Path data, Map<String, String> environment) throws IOException {
    return start(data, service(data, List.of(), environment));
  }

  /** What a service says that does not start. */
  static String failedStart(Path data, Map<String, String> environment) throws IOException {
    Process process = service(data, List.of(), environment).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (process.waitFor() != 3) {
        throw new IOException("it ended with " + process.exitValue() + ": " + said);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    return said;
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
    return start(data, service(data, properties, Map.of()));
  }

  private static ProcessBuilder service(
      Path data, List<String> properties, Map<String, String> environment) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"));
    command.addAll(properties);
    command.addAll(List.of("-cp", classPath(), HaltingService.class.getName()));
    command.addAll(List.of("--data", data.toString(), "--port", "0"));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    return builder;
  }

  /**
   * One of several services.
   *
   * @param data its own directory
   * @param port of its management port
   * @param environment what the several have in common, and where its database is
   * @param properties as of {@link HaltingService}
   */
  static ServiceProcess replica(
      Path data, int port, Map<String, String> environment, List<String> properties)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"));
    command.addAll(properties);
    command.addAll(List.of("-cp", classPath(), HaltingService.class.getName()));
    command.addAll(List.of("--data", data.toString(), "--port", Integer.toString(port)));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    builder.environment().put("SIGNER_REPLICA_ADDRESS", "http://127.0.0.1:" + port);
    return start(data, builder);
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
    Path log = data.resolveSibling(data.getFileName() + ".log");
    return new ServiceProcess(ServiceProgram.start(builder, log, !Files.exists(data)));
  }

  static String classPath() {
    String surefire = System.getProperty("surefire.test.class.path");
    return surefire == null ? System.getProperty("java.class.path") : surefire;
  }

  String address() {
    return program.address();
  }

  /** The administrator's first password, on a new directory. */
  String password() {
    return program.password().orElseThrow(() -> new IllegalStateException("not a new directory"));
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

  /** Whether it has said such a line since it was started. */
  boolean said(String beginning) {
    return program.said(beginning);
  }

  /** SIGSTOP: it stands still, keeps all that it holds, and knows nothing of it. */
  void freeze() throws IOException {
    signal("-STOP");
  }

  /** SIGCONT. */
  void thaw() throws IOException {
    signal("-CONT");
  }

  private void signal(String name) throws IOException {
    try {
      int status = new ProcessBuilder("kill", name, Long.toString(process.pid())).start().waitFor();
      if (status != 0) {
        throw new IOException("kill " + name + " ended with " + status);
      }
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
