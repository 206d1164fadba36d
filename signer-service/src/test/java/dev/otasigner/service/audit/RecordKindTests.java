package dev.otasigner.service.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.keys.KeyState;
import dev.otasigner.service.ServiceTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/** The page docs/reference/audit.md tells of every kind of record, and of every change's. */
@ServiceTest
class RecordKindTests {
  private static final Pattern KIND = Pattern.compile("(?m)^\\| `([a-z.-]+)` \\| ");
  private static final Pattern CHANGE =
      Pattern.compile("(?m)^\\| (PUT|POST|DELETE|PATCH) \\| (/\\S+) \\| (.*?) \\|$");
  private static final Pattern QUOTED = Pattern.compile("`([a-z.*-]+)`");

  /** Whatever looks like a kind, but milestones and properties of the JVM, which do too. */
  private static final Pattern RECORDED =
      Pattern.compile("(?<!passed\\(|getProperty\\()\"([a-z-]+)\\.([a-z-]+)\"");

  @Autowired
  @Qualifier("requestMappingHandlerMapping")
  private RequestMappingHandlerMapping mapping;

  private static String page() throws IOException {
    return Files.readString(Path.of("../docs/reference/audit.md"));
  }

  private static Set<String> codes() {
    Set<String> codes = new TreeSet<>();
    Arrays.stream(RecordKind.values()).map(RecordKind::code).forEach(codes::add);
    return codes;
  }

  @Test
  void thePageExplainsEveryKindAndNoOther() throws IOException {
    Set<String> explained = new TreeSet<>();
    Matcher row = KIND.matcher(page());
    while (row.find()) {
      assertThat(explained.add(row.group(1))).as(row.group(1)).isTrue();
    }
    assertThat(explained).isEqualTo(codes());
  }

  @Test
  void everyStateOfAKeyHasItsKind() {
    for (KeyState state : KeyState.values()) {
      if (state != KeyState.PRE_ACTIVATION) { // the one that a key is made in
        assertThat(codes()).contains("key." + state.code());
      }
    }
  }

  @Test
  void whatTheCodeRecordsIsOnTheList() throws IOException {
    List<String> unknown = new ArrayList<>();
    Set<String> known = codes();
    try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
        Matcher call = RECORDED.matcher(Files.readString(file));
        while (call.find()) {
          String kind = call.group(1) + "." + call.group(2);
          boolean looksLikeOne = known.stream().anyMatch(k -> k.startsWith(call.group(1) + "."));
          if (looksLikeOne && !known.contains(kind)) {
            unknown.add(file.getFileName() + ": " + kind);
          }
        }
      }
    }
    assertThat(unknown).isEmpty();
  }

  /** Every endpoint that changes something stands on the page with what it records. */
  @Test
  void everyEndpointThatChangesSomethingSaysWhatItRecords() throws IOException {
    Map<String, String> said = new TreeMap<>();
    Matcher row = CHANGE.matcher(page());
    while (row.find()) {
      said.put(row.group(1) + " " + row.group(2), row.group(3));
    }
    Set<String> mapped = new TreeSet<>();
    mapping
        .getHandlerMethods()
        .forEach(
            (info, method) -> {
              for (RequestMethod verb : info.getMethodsCondition().getMethods()) {
                if (verb != RequestMethod.GET && verb != RequestMethod.HEAD) {
                  info.getPatternValues().forEach(path -> mapped.add(verb.name() + " " + path));
                }
              }
            });
    assertThat(said.keySet()).isEqualTo(mapped);
    said.forEach(
        (endpoint, kinds) -> {
          Matcher kind = QUOTED.matcher(kinds);
          boolean any = false;
          while (kind.find()) {
            any = true;
            assertThat(codes()).as(endpoint).contains(kind.group(1));
          }
          assertThat(any || kinds.startsWith("nothing: ")).as(endpoint).isTrue();
        });
  }
}
