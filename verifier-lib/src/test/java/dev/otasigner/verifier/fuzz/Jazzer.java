package dev.otasigner.verifier.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** One run of Jazzer in a process of its own, with everything that it writes in one directory. */
final class Jazzer {
  private static final String PACKAGE = "dev.otasigner.verifier";

  private final Path directory;
  private final List<String> arguments = new ArrayList<>();
  private final List<String> options = new ArrayList<>();
  private final Path corpus;

  /** What came of a run. */
  record Outcome(int exitCode, String output) {
    /** By Jazzer's own exit code: a process that could not start has found nothing. */
    boolean foundSomething() {
      return exitCode == 77;
    }
  }

  /** Fuzzes a class that has {@code fuzzerTestOneInput}; the directory is made. */
  Jazzer(Class<?> driver, Path directory) {
    this.directory = directory.toAbsolutePath();
    this.corpus = this.directory.resolve("corpus");
    arguments.add("--target_class=" + driver.getName());
    // Coverage of what is tested, not of what tests it.
    arguments.add("--instrumentation_includes=" + PACKAGE + ".**");
    arguments.add(
        "--instrumentation_excludes="
            + String.join(
                ":",
                PACKAGE + ".fuzz.**",
                PACKAGE + ".testing.**",
                PACKAGE + ".mcuboot.ImageFuzz**",
                PACKAGE + ".tuf.TufFuzz**",
                PACKAGE + ".tuf.RepositorySimulator**",
                PACKAGE + ".tuf.MemoryStore**"));
    arguments.add("--keep_going=1");
    arguments.add("-rss_limit_mb=0");
    // What takes an input longer than this many seconds has no bound that is of use.
    arguments.add("-timeout=300");
    arguments.add("-max_len=16384");
  }

  Jazzer property(String name, String value) {
    options.add("-D" + name + "=" + value);
    return this;
  }

  /** One compiler does: the other costs more than it saves in seconds. */
  Jazzer brief() {
    options.add("-XX:TieredStopAtLevel=1");
    return this;
  }

  /** An option of libFuzzer's. */
  Jazzer option(String name, long value) {
    arguments.add("-" + name + "=" + value);
    return this;
  }

  /** Adds an input to begin with; the same one twice is one. */
  Jazzer seed(byte[] input) {
    try {
      Files.createDirectories(corpus);
      byte[] name = dev.otasigner.verifier.Digest.sha256().digest(input);
      Files.write(corpus.resolve(HexFormat.of().formatHex(name, 0, 10)), input);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Outcome run() throws IOException, InterruptedException {
    Path findings = Files.createDirectories(directory.resolve("findings"));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx512m", "-XX:+UseSerialGC", "-XX:+EnableDynamicAgentLoading"));
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add("com.code_intelligence.jazzer.Jazzer");
    command.addAll(arguments);
    command.add("--reproducer_path=" + findings);
    command.add("-artifact_prefix=" + findings + "/");
    command.add(Files.createDirectories(corpus).toString());
    Path log = directory.resolve("log.txt");
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      int exitCode = process.waitFor();
      return new Outcome(exitCode, Files.readString(log, StandardCharsets.ISO_8859_1));
    } finally {
      process.destroyForcibly();
    }
  }
}
