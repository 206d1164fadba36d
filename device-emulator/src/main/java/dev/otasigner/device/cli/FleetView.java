package dev.otasigner.device.cli;

import dev.otasigner.device.fleet.FleetReport;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Shows who runs what while a fleet is on: a table that is drawn over again on a terminal, lines
 * that tell what has changed elsewhere.
 */
final class FleetView {
  private static final Duration ON_TERMINAL = Duration.ofSeconds(1);
  private static final Duration IN_LINES = Duration.ofSeconds(5);
  private static final int MAX_VERSIONS = 4;

  private final Supplier<FleetReport> fleet;
  private final PrintWriter out;
  private final boolean terminal;
  private final CountDownLatch over = new CountDownLatch(1);
  private final Thread thread;
  private int drawn;
  private List<String> before = List.of();

  FleetView(Supplier<FleetReport> fleet, PrintWriter out, boolean terminal) {
    this.fleet = fleet;
    this.out = out;
    this.terminal = terminal;
    this.thread = new Thread(this::show, "fleet-view");
    thread.setDaemon(true);
  }

  FleetView start() {
    thread.start();
    return this;
  }

  private void show() {
    Duration every = terminal ? ON_TERMINAL : IN_LINES;
    try {
      while (!over.await(every.toMillis(), TimeUnit.MILLISECONDS)) {
        draw(fleet.get());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  void draw(FleetReport report) {
    List<String> lines = lines(report);
    if (terminal) {
      // CSI n A: up to where the table began; CSI 2 K: what stood in the line goes.
      out.print(drawn == 0 ? "" : "\u001b[" + drawn + "A");
      lines.forEach(line -> out.print("\u001b[2K" + line + "\n"));
      drawn = lines.size();
    } else {
      for (String line : lines) {
        if (!before.contains(line)) {
          out.println(line);
        }
      }
      before = lines;
    }
    out.flush();
  }

  /** A line for each cohort, and one for all. */
  static List<String> lines(FleetReport report) {
    List<String> lines = new ArrayList<>();
    for (FleetReport.Cohort cohort : report.cohorts()) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%-16s %s; %d at head, %d on%s",
              cohort.name(),
              versions(cohort),
              cohort.with("at-head"),
              cohort.inFlight(),
              cohort.reasons().isEmpty() ? "" : "; held up: " + counts(cohort.reasons())));
    }
    double seconds = report.running().toMillis() / 1000.0;
    lines.add(
        String.format(
            Locale.ROOT,
            "%-16s %d of %d at head, %.1f devices/s, %d handshakes",
            "fleet",
            report.atHead(),
            report.devices(),
            seconds == 0 ? 0 : report.atHead() / seconds,
            report.handshakes()));
    return lines;
  }

  private static String versions(FleetReport.Cohort cohort) {
    String shown =
        cohort.versions().entrySet().stream()
            .sorted((a, b) -> b.getValue() - a.getValue())
            .limit(MAX_VERSIONS)
            .map(e -> e.getValue() + " on " + e.getKey())
            .collect(Collectors.joining(", "));
    int more = cohort.versions().size() - MAX_VERSIONS;
    return more > 0 ? shown + ", and " + more + " more versions" : shown;
  }

  private static String counts(java.util.Map<String, Integer> counts) {
    return counts.entrySet().stream()
        .sorted((a, b) -> b.getValue() - a.getValue())
        .limit(MAX_VERSIONS)
        .map(e -> e.getKey() + " " + e.getValue())
        .collect(Collectors.joining(", "));
  }

  /** Shows how it ended. */
  void close() {
    over.countDown();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    draw(fleet.get());
  }
}
