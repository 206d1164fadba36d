package dev.otasigner.cli.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.JsonReader;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** The upgrade graph, read from an answer, told in lines and drawn. */
class GraphTests {
  private static UpgradeGraph graph(String cohorts) throws RejectedException {
    byte[] json =
        ("{'cohorts':[" + cohorts + "]}").replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    return UpgradeGraph.of(JsonReader.readObject(json, json.length).json());
  }

  private static String cohort(int count, String version, String more) {
    return "{'channel':'stable','hardware':'gw','bootloader':'boot1','count':"
        + count
        + ",'version':'"
        + version
        + "',"
        + more
        + "}";
  }

  private static String served(int count, String version, String way) {
    return cohort(count, version, "'served':true,'repairs':[],'way':[" + way + "]");
  }

  private static String stranded(int count, String version, String detail, String repairs) {
    return cohort(
        count,
        version,
        "'served':false,'check':'manifest','reason':'manifest-rule-not-met','detail':'"
            + detail
            + "','way':[],'repairs':["
            + repairs
            + "]");
  }

  private static Document drawn(UpgradeGraph graph) throws Exception {
    byte[] svg = GraphSvg.of(graph, "Upgrades of a<b").getBytes(StandardCharsets.UTF_8);
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
    return factory.newDocumentBuilder().parse(new ByteArrayInputStream(svg));
  }

  private static List<Element> elements(Document document, String name) {
    NodeList found = document.getElementsByTagName(name);
    return java.util.stream.IntStream.range(0, found.getLength())
        .mapToObj(i -> (Element) found.item(i))
        .toList();
  }

  private static List<String> texts(Document document) {
    return elements(document, "text").stream().map(Element::getTextContent).toList();
  }

  private static final String STORY =
      served(300, "34.11.0+0", "'36.14.0+0','36.15.0+0'")
          + ","
          + served(1200, "36.15.0+0", "")
          + ","
          + stranded(
              7, "34.10.0+0", "no rule is met", "{'kind':'keep-key','what':'manifest-2019'}");

  @Test
  void linesTellWhoGoesWhereAndWhyNot() throws Exception {
    assertThat(GraphText.of(graph(STORY)))
        .containsExactly(
            "stable/gw: 1507 devices, 7 stranded",
            "  X 34.10.0+0    boot1      #                           7  -> nowhere",
            "      stranded by manifest (manifest-rule-not-met): no rule is met",
            "      saved by keep-key manifest-2019",
            "    34.11.0+0    boot1      #####                     300  -> 36.14.0+0 -> 36.15.0+0",
            "    36.15.0+0    boot1      ####################     1200  at the head");
    assertThat(GraphText.of(graph(stranded(1, "1.0.0+0", "why", ""))))
        .contains("      nothing is known that saves them");
  }

  @Test
  void aLongWayIsToldByItsEnds() throws Exception {
    StringBuilder way = new StringBuilder();
    for (int i = 2; i < 10; i++) {
      way.append(i == 2 ? "'1." : ",'1.").append(i).append(".0+0'");
    }
    assertThat(GraphText.of(graph(served(1, "1.1.0+0", way.toString()))).get(1))
        .endsWith("-> 1.2.0+0 -> 1.3.0+0 -> (4 more) -> 1.8.0+0 -> 1.9.0+0");
  }

  @Test
  void buildsAreDiscsAndWaysAreArcs() throws Exception {
    Document svg = drawn(graph(STORY));
    List<Element> discs = elements(svg, "circle");
    assertThat(discs).hasSize(4);
    double few = Double.parseDouble(discs.get(0).getAttribute("r"));
    double none = Double.parseDouble(discs.get(2).getAttribute("r"));
    double most = Double.parseDouble(discs.get(3).getAttribute("r"));
    assertThat(most).isGreaterThan(few).isLessThanOrEqualTo(26);
    assertThat(none).isLessThan(few);
    assertThat(elements(svg, "path").stream().filter(path -> path.hasAttribute("marker-end")))
        .hasSize(2);
    assertThat(texts(svg))
        .contains("stable/gw: 1507 devices, 7 stranded", "36.15.0+0", "1200")
        .anyMatch(text -> text.startsWith("7 with boot1: manifest (manifest-rule-not-met)"))
        .contains("saved by keep-key manifest-2019");
    assertThat(svg.getDocumentElement().getElementsByTagName("script").getLength()).isZero();
  }

  @Test
  void whatCameOverTheWireIsTextAndNothingElse() throws Exception {
    Document svg =
        drawn(graph(stranded(1, "1.0.0+0", "<script>alert(1)</script>&amp;\\u202e\\u0007", "")));
    assertThat(elements(svg, "script")).isEmpty();
    assertThat(texts(svg))
        .anyMatch(text -> text.contains("<script>alert(1)</script>&amp;\uFFFD\uFFFD"));
  }

  /** Everything has a place of its own, whatever the history. */
  @Test
  void twoHundredBuildsStayReadable() throws Exception {
    StringBuilder cohorts = new StringBuilder();
    for (int i = 0; i < 200; i++) {
      String version = "1." + i + ".0+0";
      cohorts.append(i == 0 ? "" : ",");
      cohorts.append(
          i % 50 == 3
              ? stranded(i + 1, version, "why", "")
              : served(i + 1, version, i == 199 ? "" : "'1.199.0+0'"));
    }
    Document svg = drawn(graph(cohorts.toString()));
    List<Element> discs = elements(svg, "circle");
    assertThat(discs).hasSize(200);
    int width = Integer.parseInt(svg.getDocumentElement().getAttribute("width"));
    int height = Integer.parseInt(svg.getDocumentElement().getAttribute("height"));
    int before = 0;
    for (Element disc : discs) {
      int x = Integer.parseInt(disc.getAttribute("cx"));
      assertThat(x - before).isGreaterThan(52);
      before = x;
    }
    assertThat(before).isLessThan(width);
    List<String> red =
        elements(svg, "text").stream()
            .filter(text -> text.getAttribute("fill").equals("#c0392b"))
            .map(text -> text.getAttribute("y"))
            .toList();
    assertThat(red).hasSize(4).doesNotHaveDuplicates();
    assertThat(red).allMatch(y -> Integer.parseInt(y) < height);
  }

  @Test
  void eachChannelAndHardwareHasItsOwnGround() throws Exception {
    String beta = served(1, "1.0.0+0", "").replace("'stable'", "'beta'").toLowerCase(Locale.ROOT);
    UpgradeGraph both = graph(served(1, "1.0.0+0", "") + "," + beta);
    assertThat(both.lines())
        .extracting(UpgradeGraph.Line::name)
        .containsExactly("beta/gw", "stable/gw");
    List<Element> discs = elements(drawn(both), "circle");
    assertThat(discs.get(0).getAttribute("cy")).isNotEqualTo(discs.get(1).getAttribute("cy"));
    assertThat(graph("").lines()).isEmpty();
    assertThat(elements(drawn(graph("")), "circle")).isEmpty();
  }

  @Test
  void anAnswerWithoutAWayIsNotUnderstood() {
    assertThatThrownBy(() -> graph(cohort(1, "1.0.0+0", "'served':true")))
        .isInstanceOf(RejectedException.class);
  }
}
