package dev.otasigner.cli.graph;

import dev.otasigner.verifier.ImageVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The upgrade graph in a terminal: a line for each cohort, from where it is to where it comes. */
public final class GraphText {
  private static final int WIDEST = 20;
  private static final int WAY_SHOWN = 4;

  private GraphText() {}

  /** Lines for people; the bars of one channel and hardware can be compared. */
  public static List<String> of(UpgradeGraph graph) {
    List<String> lines = new ArrayList<>();
    for (UpgradeGraph.Line line : graph.lines()) {
      lines.add(
          line.name()
              + ": "
              + devices(line.devices())
              + (line.stranded() == 0 ? "" : ", " + line.stranded() + " stranded"));
      long largest = line.cohorts().stream().mapToLong(UpgradeGraph.Cohort::count).max().orElse(1);
      for (UpgradeGraph.Cohort cohort : line.cohorts()) {
        lines.addAll(cohort(cohort, largest));
      }
    }
    return lines;
  }

  private static String devices(long count) {
    return count + (count == 1 ? " device" : " devices");
  }

  private static List<String> cohort(UpgradeGraph.Cohort cohort, long largest) {
    List<String> lines = new ArrayList<>();
    String bar = "#".repeat((int) Math.max(1, cohort.count() * WIDEST / Math.max(1, largest)));
    lines.add(
        String.format(
            Locale.ROOT,
            "  %s %-12s %-10s %-" + WIDEST + "s %8d  %s",
            cohort.isStranded() ? "X" : " ",
            cohort.version(),
            cohort.bootloader(),
            bar,
            cohort.count(),
            way(cohort)));
    cohort
        .stranded()
        .ifPresent(
            why -> {
              lines.add("      stranded by " + why);
              lines.add(
                  cohort.repairs().isEmpty()
                      ? "      nothing is known that saves them"
                      : "      saved by " + String.join(", or ", cohort.repairs()));
            });
    return lines;
  }

  /** The steps of a way; of a long one the first and the last. */
  private static String way(UpgradeGraph.Cohort cohort) {
    List<String> steps =
        new ArrayList<>(cohort.way().stream().map(ImageVersion::toString).toList());
    if (steps.size() > WAY_SHOWN) {
      int left = steps.size() - WAY_SHOWN;
      steps.subList(2, 2 + left).clear();
      steps.add(2, "(" + left + " more)");
    }
    if (steps.isEmpty()) {
      return cohort.isStranded() ? "-> nowhere" : "at the head";
    }
    return "-> " + String.join(" -> ", steps) + (cohort.isStranded() ? " -> nowhere" : "");
  }
}
