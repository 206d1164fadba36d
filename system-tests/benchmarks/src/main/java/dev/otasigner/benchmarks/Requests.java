package dev.otasigner.benchmarks;

import dev.otasigner.verifier.RejectedException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** Whole signing requests over HTTP: policy, intent, signatures, judgement, audit log, build. */
final class Requests {
  private static final Duration WARM_UP = Duration.ofSeconds(20);
  private static final Duration MEASURED = Duration.ofSeconds(20);

  private Requests() {}

  static void measure(Path launcher, PrintStream out) throws IOException, RejectedException {
    out.println("\n| signing requests, 8 clients | a second | CPU of the service, ms | goal |");
    out.println("|---|---|---|---|");
    Path desk = Files.createTempDirectory("benchmark-");
    try (ServiceLoad service =
        ServiceLoad.start(
            launcher, desk.resolve("data"), Map.of(), "ecdsa-p256-sha256", "software")) {
      service.measure(WARM_UP);
      ServiceLoad.Figure figure = service.measure(MEASURED);
      out.println(
          String.format(
              Locale.ROOT,
              "| P-256 image and manifest keys in software | %.0f | %.1f | 500 |",
              figure.perSecond(),
              figure.cpuMillis()));
    } finally {
      try (Stream<Path> files = Files.walk(desk)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }
}
