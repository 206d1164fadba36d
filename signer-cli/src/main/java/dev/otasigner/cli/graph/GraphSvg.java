package dev.otasigner.cli.graph;

import dev.otasigner.cli.Report;
import dev.otasigner.verifier.ImageVersion;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The upgrade graph as a picture: builds stand from left to right, oldest first, with a disc for
 * the devices that run them; arcs lead where devices go, as thick as they are many; who is stranded
 * hangs below the build in red, with the reason. A build that nobody runs, comes to or needs is not
 * drawn, so that a long history stays readable.
 */
public final class GraphSvg {
  private static final int LEFT = 40;
  private static final int STEP = 110;
  private static final int SKY = 130;
  private static final int ROW = 34;
  private static final int HEADING = 34;
  private static final int SMALLEST = 5;
  private static final int LARGEST = 26;
  private static final int CHARACTERS = 90;
  private static final int CHARACTER_WIDTH = 7;

  private final StringBuilder svg = new StringBuilder();
  private int top;
  private int width = 480;

  private GraphSvg() {}

  /** A whole document, without scripts and without anything from elsewhere. */
  public static String of(UpgradeGraph graph, String title) {
    GraphSvg picture = new GraphSvg();
    for (UpgradeGraph.Line line : graph.lines()) {
      picture.line(line);
    }
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\""
        + picture.width
        + "\" height=\""
        + (picture.top + HEADING)
        + "\" viewBox=\"0 0 "
        + picture.width
        + " "
        + (picture.top + HEADING)
        + "\" font-family=\"sans-serif\" font-size=\"12\">\n"
        + "<title>"
        + text(title)
        + "</title>\n"
        + "<defs><marker id=\"to\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\""
        + " markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">"
        + "<path d=\"M0 0 8 4 0 8z\" fill=\"#3b6ea5\"/></marker></defs>\n"
        + "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
        + picture.svg
        + "</svg>\n";
  }

  private void line(UpgradeGraph.Line line) {
    int ground = top + HEADING + SKY;
    text(
        LEFT,
        top + 22,
        "start",
        "#111",
        line.name()
            + ": "
            + line.devices()
            + (line.devices() == 1 ? " device" : " devices")
            + (line.stranded() == 0 ? "" : ", " + line.stranded() + " stranded"));
    Map<ImageVersion, Integer> places = new HashMap<>();
    for (ImageVersion build : line.builds()) {
      places.put(build, LEFT + STEP / 2 + places.size() * STEP);
    }
    arcs(line, places, ground);
    discs(line, places, ground);
    int below = stranded(line, places, ground);
    width = Math.max(width, 2 * LEFT + Math.max(1, line.builds().size()) * STEP);
    top = below;
  }

  /** One arc for all who go from one build to the next, whatever way they are on. */
  private void arcs(UpgradeGraph.Line line, Map<ImageVersion, Integer> places, int ground) {
    Map<List<ImageVersion>, Long> going = new HashMap<>();
    for (UpgradeGraph.Cohort cohort : line.cohorts()) {
      ImageVersion from = cohort.version();
      for (ImageVersion to : cohort.way()) {
        going.merge(List.of(from, to), cohort.count(), Long::sum);
        from = to;
      }
    }
    List<List<ImageVersion>> edges = new ArrayList<>(going.keySet());
    edges.sort((a, b) -> Integer.compare(at(places, a.get(0)), at(places, b.get(0))));
    for (List<ImageVersion> edge : edges) {
      int from = at(places, edge.get(0));
      int to = at(places, edge.get(1));
      int height = Math.min(SKY - 20, 36 + (to - from) / 4);
      long count = going.getOrDefault(edge, 0L);
      svg.append(
          String.format(
              Locale.ROOT,
              "<path d=\"M%d %d C%d %d %d %d %d %d\" fill=\"none\" stroke=\"#3b6ea5\""
                  + " stroke-width=\"%.1f\" stroke-opacity=\"0.7\" marker-end=\"url(#to)\">"
                  + "<title>%d from %s to %s</title></path>%n",
              from,
              ground - 4,
              from,
              ground - height,
              to,
              ground - height,
              to,
              ground - (int) Math.round(radius(line, edge.get(1))) - 1,
              1 + 5 * share(count, line.devices()),
              count,
              text(edge.get(0).toString()),
              text(edge.get(1).toString())));
    }
  }

  private void discs(UpgradeGraph.Line line, Map<ImageVersion, Integer> places, int ground) {
    for (ImageVersion build : line.builds()) {
      long devices = line.devicesOn(build);
      boolean head = line.newest().filter(build::equals).isPresent();
      int x = at(places, build);
      svg.append(
          String.format(
              Locale.ROOT,
              "<circle cx=\"%d\" cy=\"%d\" r=\"%.1f\" fill=\"%s\" stroke=\"%s\""
                  + " stroke-width=\"%d\"/>%n",
              x,
              ground,
              radius(line, build),
              devices == 0 ? "#fff" : "#9fc1e4",
              head ? "#1d7a3e" : "#3b6ea5",
              head ? 3 : 1));
      text(x, ground + LARGEST + 14, "middle", "#111", build.toString());
      if (devices > 0) {
        text(x, ground + LARGEST + 28, "middle", "#555", Long.toString(devices));
      }
    }
  }

  /** So that the area of a disc tells how many devices run a build. */
  private static double radius(UpgradeGraph.Line line, ImageVersion build) {
    long devices = line.devicesOn(build);
    return devices == 0
        ? SMALLEST
        : SMALLEST + (LARGEST - SMALLEST) * Math.sqrt(share(devices, line.devices()));
  }

  /** Those who go no further, each below the build at which they stop; returns what is below. */
  private int stranded(UpgradeGraph.Line line, Map<ImageVersion, Integer> places, int ground) {
    int y = ground + LARGEST + 30;
    // From right to left, so that no line crosses a text.
    List<UpgradeGraph.Cohort> cohorts =
        line.cohorts().stream()
            .filter(UpgradeGraph.Cohort::isStranded)
            .sorted((a, b) -> Integer.compare(at(places, b.end()), at(places, a.end())))
            .toList();
    for (UpgradeGraph.Cohort cohort : cohorts) {
      y += ROW;
      int x = at(places, cohort.end());
      svg.append(
          String.format(
              Locale.ROOT,
              "<path d=\"M%d %d V%d\" stroke=\"#c0392b\" stroke-dasharray=\"4 3\" fill=\"none\"/>"
                  + "<path d=\"M%d %d l8 8 m0 -8 l-8 8\" stroke=\"#c0392b\" stroke-width=\"2\"/>%n",
              x,
              ground + LARGEST + 32,
              y - 10,
              x - 4,
              y - 8));
      String why = cohort.stranded().orElse("");
      String told = cohort.count() + " with " + cohort.bootloader() + ": " + why;
      String saved =
          cohort.repairs().isEmpty()
              ? "nothing is known that saves them"
              : "saved by " + String.join(", or ", cohort.repairs());
      text(x + 12, y, "start", "#c0392b", cut(told));
      text(x + 12, y + 14, "start", "#555", cut(saved));
      width =
          Math.max(
              width,
              x + LEFT + CHARACTER_WIDTH * Math.max(cut(told).length(), cut(saved).length()));
    }
    return y + ROW;
  }

  private static int at(Map<ImageVersion, Integer> places, ImageVersion build) {
    return places.getOrDefault(build, LEFT);
  }

  private static double share(long part, long all) {
    return all == 0 ? 0 : (double) part / all;
  }

  private static String cut(String whole) {
    return whole.length() > CHARACTERS ? whole.substring(0, CHARACTERS - 3) + "..." : whole;
  }

  private void text(int x, int y, String anchor, String colour, String content) {
    svg.append("<text x=\"")
        .append(x)
        .append("\" y=\"")
        .append(y)
        .append("\" text-anchor=\"")
        .append(anchor)
        .append("\" fill=\"")
        .append(colour)
        .append("\">")
        .append(text(content))
        .append("</text>\n");
  }

  /** What came over the wire is text here, and nothing else. */
  private static String text(String content) {
    return Report.printable(content)
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
