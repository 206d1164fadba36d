package dev.otasigner.verifier;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.policy.Check;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The page of reasons says what the code says, and each reason is proved by a test. */
class ReasonsPageTests {
  private static final Pattern ROW =
      Pattern.compile("\\| `([a-z-]+)` \\| ([^|]{20,}) \\| `(\\w+)\\.(\\w+)` \\|");
  private static final Pattern CHECKS = Pattern.compile("Checks? `([a-z-]+)`(?: and `([a-z-]+)`)?");

  private record Row(Set<String> checks, String testClass, String testMethod) {}

  private static Path root() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.isDirectory(folder.resolve(".mvn"))) {
      folder = Objects.requireNonNull(folder.getParent(), "no root of the repository");
    }
    return folder;
  }

  private static Map<String, Row> rows() throws IOException {
    Map<String, Row> rows = new LinkedHashMap<>();
    Set<String> checks = Set.of();
    for (String line : Files.readAllLines(root().resolve("docs/reference/reasons.md"))) {
      Matcher check = CHECKS.matcher(line);
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        Row read = new Row(checks, row.group(3), row.group(4));
        assertThat(rows.put(row.group(1), read)).as(row.group(1) + " stands twice").isNull();
      } else if (check.find()) {
        String first = check.group(1);
        checks = check.group(2) == null ? Set.of(first) : Set.of(first, check.group(2));
      } else {
        assertThat(line).as("a row of another form").doesNotStartWith("| `");
      }
    }
    return rows;
  }

  @Test
  void thePageListsEveryReasonOnceInTheOrderOfTheCode() throws Exception {
    List<String> codes = Arrays.stream(Reason.values()).map(Reason::code).toList();
    assertThat(rows().keySet()).hasSameElementsAs(codes);
    // Where a check refuses for two reasons their order is free; that of the checks is not.
    List<Check> checks = new ArrayList<>();
    for (String code : rows().keySet()) {
      checks.add(Check.of(reason(code)));
    }
    assertThat(checks).isSorted();
  }

  @Test
  void everyReasonStandsUnderItsCheck() throws Exception {
    rows().forEach((code, row) -> assertThat(row.checks()).contains(Check.of(reason(code)).code()));
  }

  @Test
  void everyReasonIsProvedByATestThatNamesIt() throws Exception {
    List<Path> sources = testSources();
    for (Map.Entry<String, Row> entry : rows().entrySet()) {
      Reason reason = reason(entry.getKey());
      Row row = entry.getValue();
      boolean proved = false;
      for (Path source : sources) {
        if (source.endsWith(row.testClass() + ".java")) {
          String text = Files.readString(source);
          proved |= method(text, row.testMethod()).contains("Reason." + reason.name());
        }
      }
      assertThat(proved).as(reason + ": " + row).isTrue();
    }
  }

  /** The method with the annotations before it, which may hold its cases; empty when not there. */
  private static String method(String source, String name) {
    int declared = source.indexOf("void " + name + "(");
    if (declared < 0) {
      return "";
    }
    int begin = source.lastIndexOf("\n\n", declared);
    int end = source.indexOf("\n  }\n", declared);
    return source.substring(begin, end);
  }

  private static Reason reason(String code) {
    Reason reason = Reason.ofCode(code);
    assertThat(reason).as(code).isNotNull();
    return Objects.requireNonNull(reason);
  }

  private static List<Path> testSources() throws IOException {
    List<Path> sources = new ArrayList<>();
    try (Stream<Path> modules = Files.list(root())) {
      for (Path module : modules.filter(m -> Files.isDirectory(m.resolve("src/test"))).toList()) {
        try (Stream<Path> files = Files.walk(module.resolve("src/test/java"))) {
          sources.addAll(files.filter(f -> f.toString().endsWith(".java")).toList());
        }
      }
    }
    return sources;
  }
}
