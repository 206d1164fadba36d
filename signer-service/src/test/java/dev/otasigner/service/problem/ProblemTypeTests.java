package dev.otasigner.service.problem;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ProblemTypeTests {
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| `([a-z-]+)` \\| (\\d{3}) \\| (.+) \\|$");

  @Test
  void everyTypeIsDocumentedWithItsStatusAndNoOtherIs() throws Exception {
    Map<String, String> documented = new TreeMap<>();
    Matcher row = ROW.matcher(Files.readString(Path.of("..", "docs", "reference", "problems.md")));
    while (row.find()) {
      documented.put(row.group(1), row.group(2));
    }
    Map<String, String> types = new TreeMap<>();
    Arrays.stream(ProblemType.values())
        .forEach(type -> types.put(type.code(), Integer.toString(type.status().value())));
    assertThat(documented).isEqualTo(types);
  }

  @Test
  void everyTypeHasASectionWithAnExampleOfIt() throws Exception {
    String page = Files.readString(Path.of("..", "docs", "reference", "problems.md"));
    for (ProblemType type : ProblemType.values()) {
      String section = page.replaceFirst("(?s).*\n### " + type.code() + "\n", "");
      assertThat(section).as(type.code()).isNotEqualTo(page);
      String own = section.replaceFirst("(?s)\n### .*", "");
      assertThat(own)
          .contains(type.title() + ".")
          .contains("\"status\":" + type.status().value())
          .contains("\"type\":\"" + type.uri() + "\"");
    }
  }
}
