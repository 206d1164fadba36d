package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The page of threats leaves out no name of the standards, and stands on classes that exist. */
class ThreatsPageTests {
  private static final Path ROOT = Repository.root();

  /** RFC 9124 sections 4.2.1 to 4.2.18. */
  private static final List<String> RFC_9124 =
      Stream.of(
              "IMG.EXPIRED",
              "IMG.EXPIRED.OFFLINE",
              "IMG.INCOMPATIBLE",
              "IMG.FORMAT",
              "IMG.LOCATION",
              "NET.REDIRECT",
              "NET.ONPATH",
              "IMG.REPLACE",
              "IMG.NON_AUTH",
              "UPD.WRONG_PRECURSOR",
              "UPD.UNAPPROVED",
              "IMG.DISCLOSURE",
              "MFST.OVERRIDE",
              "MFST.EXPOSURE",
              "IMG.EXTRA",
              "KEY.EXPOSURE",
              "MFST.MODIFICATION",
              "MFST.TOCTOU")
          .map(name -> "`THREAT." + name + "`")
          .toList();

  /** TUF specification 1.0.34 section 1.5.2, and slow retrieval of the security notes. */
  private static final List<String> TUF =
      List.of(
          "arbitrary installation",
          "endless data",
          "extraneous dependencies",
          "fast-forward",
          "indefinite freeze",
          "malicious mirrors",
          "mix-and-match",
          "rollback",
          "slow retrieval",
          "vulnerability to key compromises",
          "wrong software installation");

  private static final Pattern CLASS = Pattern.compile("`([A-Z][A-Za-z0-9]+)`");
  private static final Pattern TEST = Pattern.compile("`[A-Z][A-Za-z0-9]+\\.[a-z][A-Za-z0-9]+`");

  private record Row(String control, String tests) {}

  private static Map<String, Row> rows() throws IOException {
    Map<String, Row> rows = new LinkedHashMap<>();
    for (String line : Files.readAllLines(ROOT.resolve("docs/reference/threats.md"))) {
      String[] cells = line.split("\\|", -1);
      if (cells.length == 6 && !cells[1].isBlank()) {
        rows.put(cells[1].strip(), new Row(cells[3], cells[4]));
      }
    }
    rows.keySet().removeAll(Set.of("threat", "attack", "---"));
    return rows;
  }

  @Test
  void everyThreatAndAttackIsOnThePageAndNoOther() throws IOException {
    List<String> all = new ArrayList<>(RFC_9124);
    all.addAll(TUF);
    assertThat(rows().keySet()).containsExactlyElementsOf(all);
  }

  @Test
  void everyControlIsAClassOfTheProgramAndIsProvedByATest() throws IOException {
    Set<String> classes = mainClasses();
    rows()
        .forEach(
            (threat, row) -> {
              List<String> controls =
                  CLASS.matcher(row.control()).results().map(m -> m.group(1)).toList();
              assertThat(controls).as(threat).isNotEmpty();
              assertThat(classes).as(threat).containsAll(controls);
              assertThat(TEST.matcher(row.tests()).results().map(MatchResult::group))
                  .as(threat)
                  .isNotEmpty();
            });
  }

  private static Set<String> mainClasses() throws IOException {
    try (Stream<Path> files = Files.walk(ROOT)) {
      return files
          .filter(file -> file.toString().matches(".*/src/main/java/.*\\.java"))
          .map(file -> file.getFileName().toString().replace(".java", ""))
          .collect(Collectors.toSet());
    }
  }
}
