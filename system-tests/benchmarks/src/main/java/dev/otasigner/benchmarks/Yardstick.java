package dev.otasigner.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Other programs, and how long they take. */
final class Yardstick {
  private static final double MEGA = 1e6;

  private Yardstick() {}

  /**
   * What one run of a program took.
   *
   * @param peakKilobytes the most memory that was resident, as far as it was looked at
   */
  record Run(double seconds, long peakKilobytes) {}

  /** MB of this digest that openssl makes in a second, on one thread and blocks of 16 MiB. */
  static double opensslMegabytesPerSecond(String digest) throws IOException {
    String said =
        output(
            List.of(
                "openssl", "speed", "-mr", "-seconds", "2", "-bytes", "16777216", "-evp", digest));
    for (String line : said.split("\n", -1)) {
      if (line.startsWith("+F:")) {
        return Double.parseDouble(line.substring(line.lastIndexOf(':') + 1).strip()) / MEGA;
      }
    }
    throw new IOException("openssl speed says nothing of its speed:\n" + said);
  }

  /** Runs a program that must succeed, and watches its memory. */
  static Run run(List<String> command, Map<String, String> environment) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD);
    builder.environment().putAll(environment);
    long start = System.nanoTime();
    Process process = builder.start();
    long peak = 0;
    try {
      while (!process.waitFor(2, java.util.concurrent.TimeUnit.MILLISECONDS)) {
        peak = Math.max(peak, highWater(process.pid()));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    if (process.exitValue() != 0) {
      throw new IOException(command + " exited with " + process.exitValue());
    }
    return new Run(seconds, peak);
  }

  /** As the kernel keeps it, so that nothing between two looks is lost but the last moment. */
  static long highWater(long pid) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
        if (line.startsWith("VmHWM:")) {
          return Long.parseLong(line.replaceAll("[^0-9]", ""));
        }
      }
    } catch (IOException e) {
      // It has ended between two looks.
    }
    return 0;
  }

  static String output(List<String> command) throws IOException {
    return output(command, Map.of());
  }

  static String output(List<String> command, Map<String, String> environment) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (process.waitFor() != 0) {
        throw new IOException(command + " exited with " + process.exitValue() + ":\n" + said);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    return said;
  }

  /** Seconds of two programs that take turns, so that what disturbs one disturbs the other. */
  record Pair(List<Run> ours, List<Run> theirs) {
    double ratio() {
      return median(ours) / median(theirs);
    }

    long peakMegabytes() {
      return ours.stream().mapToLong(Run::peakKilobytes).max().orElse(0) / 1024;
    }

    String row(String what, String goal) {
      return String.format(
          Locale.ROOT,
          "| %s | %.3f s (%.3f to %.3f) | %.3f s (%.3f to %.3f) | %.2f | %s | %d MB |",
          what,
          median(ours),
          least(ours),
          most(ours),
          median(theirs),
          least(theirs),
          most(theirs),
          ratio(),
          goal,
          peakMegabytes());
    }
  }

  static Pair inTurns(
      int rounds, List<String> ours, List<String> theirs, Map<String, String> environment)
      throws IOException {
    run(ours, environment);
    run(theirs, environment);
    List<Run> our = new ArrayList<>();
    List<Run> their = new ArrayList<>();
    for (int i = 0; i < rounds; i++) {
      our.add(run(ours, environment));
      their.add(run(theirs, environment));
    }
    return new Pair(our, their);
  }

  static double median(List<Run> runs) {
    double[] sorted = runs.stream().mapToDouble(Run::seconds).sorted().toArray();
    return sorted[sorted.length / 2];
  }

  private static double least(List<Run> runs) {
    return Arrays.stream(runs.stream().mapToDouble(Run::seconds).toArray()).min().orElse(0);
  }

  private static double most(List<Run> runs) {
    return Arrays.stream(runs.stream().mapToDouble(Run::seconds).toArray()).max().orElse(0);
  }
}
