package dev.otasigner.benchmarks;

import dev.otasigner.verifier.RejectedException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** What a release and a round of re-signing cost in an {@link Installation}. */
final class Publishing {
  private static final int WARM_UP = 120;
  private static final int MEASURED = 60;
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private final Path data;
  private final Installation installation;
  private final PrintStream out;

  private Publishing(Path data, Installation installation, PrintStream out) {
    this.data = data;
    this.installation = installation;
    this.out = out;
  }

  static void measure(Path launcher, PrintStream out) throws IOException, RejectedException {
    Path desk = Files.createTempDirectory("benchmark-");
    try {
      Path data = desk.resolve("data");
      Installation installation = Installation.make(launcher, data, false);
      try (RunningService service = RunningService.again(launcher, data, Installation.SETTINGS)) {
        Publishing publishing = new Publishing(data, installation, out);
        publishing.releases(service);
        publishing.resigning(service);
      }
    } finally {
      try (Stream<Path> files = Files.walk(desk)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private void releases(RunningService service) throws IOException, RejectedException {
    out.println(
        "\n| one release among "
            + Installation.PRODUCTS
            + " products of "
            + Installation.BUILDS
            + " builds | measured | goal |");
    out.println("|---|---|---|");
    try (RunningService.Connection connection = service.connect()) {
      for (int i = 0; i < WARM_UP + MEASURED; i++) {
        installation.request(connection, i % Installation.PRODUCTS, "2.0.0");
      }
      for (int i = 0; i < WARM_UP; i++) {
        Installation.release(connection, i, "stable", "2.0.0");
      }
      Map<Path, Look> before = look();
      long begun = System.nanoTime();
      Duration cpu = service.cpu();
      for (int i = 0; i < MEASURED; i++) {
        Installation.release(connection, WARM_UP + i, "stable", "2.0.0");
      }
      double seconds = (System.nanoTime() - begun) / 1e9;
      double cpuMillis = service.cpu().minus(cpu).toNanos() / 1e6 / MEASURED;
      long images = 0;
      long metadata = 0;
      for (Map.Entry<Path, Look> file : look().entrySet()) {
        if (!file.getValue().equals(before.get(file.getKey()))) {
          if (file.getKey().toString().endsWith(".img")) {
            images += file.getValue().bytes();
          } else {
            metadata += file.getValue().bytes();
          }
        }
      }
      out.println(
          String.format(
              Locale.ROOT,
              "| written beyond the images (%.1f kB) | %.1f kB | 100 kB |",
              images / 1e3 / MEASURED,
              metadata / 1e3 / MEASURED));
      out.println(String.format(Locale.ROOT, "| processor time | %.1f ms | 50 ms |", cpuMillis));
      out.println(
          String.format(Locale.ROOT, "| answer after | %.1f ms | |", seconds * 1e3 / MEASURED));
    }
  }

  /** A longer lifetime makes every timestamp due at once; the next round signs them. */
  private void resigning(RunningService service) throws IOException, RejectedException {
    Map<Path, Look> before = timestamps();
    try (RunningService.Connection connection = service.connect()) {
      for (int i = 0; i < Installation.PRODUCTS; i++) {
        connection.put(
            "/api/v1/products/" + Installation.name(i) + "/policy", "{'timestampDays':60}");
      }
    }
    Duration cpu = service.cpu();
    long end = System.nanoTime() + PATIENCE.toNanos();
    Instant first = Instant.MAX;
    Instant last = Instant.MIN;
    int signed = 0;
    while (signed < Installation.PRODUCTS) {
      if (System.nanoTime() > end) {
        throw new IOException("only " + signed + " timestamps were signed anew");
      }
      pause();
      signed = 0;
      for (Map.Entry<Path, Look> file : timestamps().entrySet()) {
        if (!file.getValue().equals(before.get(file.getKey()))) {
          signed++;
          first = file.getValue().written().isBefore(first) ? file.getValue().written() : first;
          last = file.getValue().written().isAfter(last) ? file.getValue().written() : last;
        }
      }
    }
    out.println(
        String.format(
            Locale.ROOT,
            "| all %d timestamps signed anew | %.1f s, %.1f s of the processors | 5 s |",
            signed,
            Duration.between(first, last).toMillis() / 1e3,
            service.cpu().minus(cpu).toMillis() / 1e3));
  }

  private static void pause() {
    try {
      Thread.sleep(1000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private record Look(long bytes, Instant written) {}

  private Map<Path, Look> timestamps() throws IOException {
    Map<Path, Look> found = new HashMap<>();
    for (int i = 0; i < Installation.PRODUCTS; i++) {
      Path file = installation.repository(i).resolve("metadata").resolve("timestamp.json");
      found.put(file, new Look(Files.size(file), Files.getLastModifiedTime(file).toInstant()));
    }
    return found;
  }

  /** Every file of the catalogue. */
  private Map<Path, Look> look() throws IOException {
    Map<Path, Look> found = new HashMap<>();
    Files.walkFileTree(
        data.resolve("catalogue"),
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes at) {
            found.put(file, new Look(at.size(), at.lastModifiedTime().toInstant()));
            return FileVisitResult.CONTINUE;
          }
        });
    return found;
  }
}
