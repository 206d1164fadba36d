package dev.otasigner.benchmarks;

import dev.otasigner.verifier.RejectedException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Measures and prints tables for docs/reference/performance.md. Arguments: the launcher, then any
 * of {@code images}, {@code catalogue}, {@code keys}, {@code programs}, {@code requests}, {@code
 * upload}, {@code publishing}, {@code wire}, {@code polls}, {@code checkins}, {@code handshakes},
 * {@code fleet}, {@code impact}; none means all.
 */
public final class Figures {
  private static final double MEGA = 1e6;

  private Figures() {}

  public static void main(String[] args) throws IOException, RunnerException, RejectedException {
    PrintStream out =
        new PrintStream(
            new java.io.FileOutputStream(java.io.FileDescriptor.out), true, StandardCharsets.UTF_8);
    Set<String> wanted =
        args.length > 1
            ? Set.copyOf(List.of(args).subList(1, args.length))
            : Set.of(
                "images",
                "catalogue",
                "keys",
                "programs",
                "requests",
                "upload",
                "publishing",
                "wire",
                "polls",
                "checkins",
                "handshakes",
                "fleet",
                "impact");
    String jdk = System.getProperty("java.home");
    out.println(
        "JDK "
            + System.getProperty("java.version")
            + ", "
            + Yardstick.output(List.of("openssl", "version")).strip());
    if (wanted.contains("images")) {
      images(out);
    }
    if (wanted.contains("catalogue")) {
      catalogue(out);
    }
    if (wanted.contains("keys")) {
      keys(out);
    }
    if (wanted.contains("upload")) {
      UploadBenchmark.measure(Path.of(args[0]), out);
    }
    if (wanted.contains("programs")) {
      Programs.measure(Path.of(args[0]), jdk, out);
    }
    if (wanted.contains("requests")) {
      Requests.measure(Path.of(args[0]), out);
    }
    if (wanted.contains("publishing")) {
      Publishing.measure(Path.of(args[0]), out);
    }
    if (wanted.contains("wire")) {
      WireBytes.measure(Path.of(args[0]), out);
    }
    if (wanted.contains("polls")) {
      Serving.measure(Path.of(args[0]), out);
    }
    if (wanted.contains("checkins")) {
      CheckInLoad.measure(Path.of(args[0]), out);
    }
    if (wanted.contains("handshakes")) {
      HandshakeLoad.measure(Path.of(args[0]), out);
    }
    if (wanted.contains("fleet")) {
      FleetLoad.measure(Path.of(args[0]), out);
    }
    if (wanted.contains("impact")) {
      ImpactLoad.measure(Path.of(args[0]), out);
    }
  }

  /** openssl is asked just before each kind, on the machine as it is at that time. */
  private static void images(PrintStream out) throws IOException, RunnerException {
    out.println("\n| image of 16 MiB | hash | judged, MB/s | openssl speed, MB/s | ratio |");
    out.println("|---|---|---|---|---|");
    for (ImageKind kind : ImageKind.values()) {
      double before = Yardstick.opensslMegabytesPerSecond(kind.digest());
      double ours =
          score(ImageBenchmark.class.getSimpleName() + ".judge", Map.of("kind", kind.name()))
              * ImageBenchmark.BYTES
              / MEGA;
      double yardstick = (before + Yardstick.opensslMegabytesPerSecond(kind.digest())) / 2;
      out.println(
          String.format(
              Locale.ROOT,
              "| %s | %s%s | %.0f | %.0f | %.2f |",
              kind,
              kind.digest(),
              kind.pure() ? ", of what the key signs" : "",
              ours,
              yardstick,
              ours / yardstick));
    }
  }

  private static void catalogue(PrintStream out) throws RunnerException {
    out.println("\n| catalogue | CPU, ms | goal |");
    out.println("|---|---|---|");
    String name = CatalogueBenchmark.class.getSimpleName();
    out.println(
        String.format(
            Locale.ROOT,
            "| refresh and select, 120 roles | %.1f | 50 |",
            score(name + ".refreshAndSelect", Map.of())));
    out.println(
        String.format(
            Locale.ROOT,
            "| look-up among 100,000 targets in 1,024 bins | %.1f | 50 |",
            score(name + ".lookUp", Map.of())));
  }

  /** Signatures a second. The worker verifies each; what that costs is shown and taken out. */
  private static void keys(PrintStream out) throws RunnerException {
    out.println(
        "\n| key | under way | bare, /s | through the worker, /s | verification, ms | ratio |"
            + " ratio without verification |");
    out.println("|---|---|---|---|---|---|---|");
    String name = KeyBenchmark.class.getSimpleName();
    for (KeyBenchmark.Row row : KeyBenchmark.rows()) {
      for (int inFlight : new int[] {1, 8}) {
        double verified = score(name + ".verify", row.parameters(), inFlight);
        double bare = score(name + ".bare", row.parameters(), inFlight);
        double ours = score(name + ".throughWorker", row.parameters(), inFlight);
        line(out, row, inFlight == 1 ? "1" : "8 calls", bare, ours, verified);
        if (inFlight == 1) {
          double together = score(name + ".inOneCall", row.parameters());
          line(out, row, KeyBenchmark.IN_ONE_CALL + " in one call", bare, together, verified);
        }
      }
    }
  }

  private static void line(
      PrintStream out,
      KeyBenchmark.Row row,
      String underWay,
      double bare,
      double ours,
      double verified) {
    double signing = 1 / (1 / ours - 1 / verified);
    out.println(
        String.format(
            Locale.ROOT,
            "| %s | %s | %.0f | %.0f | %.2f | %.2f | %.2f |",
            row,
            underWay,
            bare,
            ours,
            1000 / verified,
            ours / bare,
            signing / bare));
  }

  private static double score(String benchmark, Map<String, String> parameters)
      throws RunnerException {
    return score(benchmark, parameters, 1);
  }

  private static double score(String benchmark, Map<String, String> parameters, int threads)
      throws RunnerException {
    OptionsBuilder options = new OptionsBuilder();
    options.include(benchmark.replace(".", "\\.") + "$").verbosity(VerboseMode.SILENT);
    options.shouldFailOnError(true).threads(threads);
    parameters.forEach((name, value) -> options.param(name, value));
    RunResult result = new Runner(options.build()).runSingle();
    return result.getPrimaryResult().getScore();
  }
}
