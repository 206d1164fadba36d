package dev.otasigner.cli.graph;

import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Where the devices of each channel and hardware go, as an impact tells it.
 *
 * @param lines one for each channel and hardware, by name
 */
public record UpgradeGraph(List<Line> lines) {
  private static final int MAX_COHORTS = 100_000;
  private static final int MAX_STOPS = 64;
  private static final int MAX_REPAIRS = 64;

  public UpgradeGraph {
    lines = List.copyOf(lines);
  }

  /**
   * One channel and hardware.
   *
   * @param builds that somebody runs or comes to, oldest first
   * @param cohorts largest first within a build
   */
  public record Line(String name, List<ImageVersion> builds, List<Cohort> cohorts) {
    public Line {
      builds = List.copyOf(builds);
      cohorts = List.copyOf(cohorts);
    }

    /** Where the longest way of anybody ends. */
    Optional<ImageVersion> newest() {
      return builds.isEmpty() ? Optional.empty() : Optional.of(builds.get(builds.size() - 1));
    }

    long devicesOn(ImageVersion build) {
      return cohorts.stream()
          .filter(cohort -> cohort.version().equals(build))
          .mapToLong(Cohort::count)
          .sum();
    }

    long devices() {
      return cohorts.stream().mapToLong(Cohort::count).sum();
    }

    long stranded() {
      return cohorts.stream().filter(Cohort::isStranded).mapToLong(Cohort::count).sum();
    }
  }

  /**
   * Devices in one state.
   *
   * @param way the builds they take, in this order
   * @param stranded why they go no further, or empty when they are served
   * @param repairs what would serve them
   */
  public record Cohort(
      long count,
      ImageVersion version,
      String bootloader,
      List<ImageVersion> way,
      Optional<String> stranded,
      List<String> repairs) {
    public Cohort {
      way = List.copyOf(way);
      repairs = List.copyOf(repairs);
    }

    boolean isStranded() {
      return stranded.isPresent();
    }

    /** The last build of its way, or the one it runs. */
    ImageVersion end() {
      return way.isEmpty() ? version : way.get(way.size() - 1);
    }
  }

  /**
   * Reads the answer to a question about an impact.
   *
   * @throws RejectedException when it is no such answer
   */
  public static UpgradeGraph of(Json impact) throws RejectedException {
    if (!(impact instanceof Json.Obj object)) {
      return new UpgradeGraph(List.of());
    }
    Map<String, List<Cohort>> lines = new TreeMap<>();
    for (Fields cohort : new Fields(object, "").objects("cohorts", MAX_COHORTS)) {
      String line = cohort.string("channel") + "/" + cohort.string("hardware");
      lines.computeIfAbsent(line, l -> new ArrayList<>()).add(read(cohort));
    }
    return new UpgradeGraph(
        lines.entrySet().stream().map(e -> line(e.getKey(), e.getValue())).toList());
  }

  private static Line line(String name, List<Cohort> cohorts) {
    TreeSet<ImageVersion> builds = new TreeSet<>();
    for (Cohort cohort : cohorts) {
      builds.add(cohort.version());
      builds.addAll(cohort.way());
    }
    List<Cohort> sorted =
        cohorts.stream()
            .sorted(
                (a, b) ->
                    a.version().equals(b.version())
                        ? Long.compare(b.count(), a.count())
                        : a.version().compareTo(b.version()))
            .toList();
    return new Line(name, List.copyOf(builds), sorted);
  }

  private static Cohort read(Fields cohort) throws RejectedException {
    List<ImageVersion> way = new ArrayList<>();
    for (String version : cohort.strings("way", MAX_STOPS)) {
      way.add(ImageVersion.parse(version));
    }
    Optional<String> stranded = Optional.empty();
    if (!cohort.bool("served")) {
      stranded =
          Optional.of(
              cohort.string("check")
                  + " ("
                  + cohort.string("reason")
                  + "): "
                  + cohort.string("detail"));
    }
    List<String> repairs = new ArrayList<>();
    for (Fields repair : cohort.objects("repairs", MAX_REPAIRS)) {
      repairs.add(repair.string("kind") + " " + repair.string("what"));
    }
    return new Cohort(
        cohort.integer("count", 0, Long.MAX_VALUE),
        cohort.version("version"),
        cohort.string("bootloader"),
        way,
        stranded,
        repairs);
  }
}
