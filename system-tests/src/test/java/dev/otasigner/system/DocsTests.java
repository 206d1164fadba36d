package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The documentation speaks of files and tests that exist. */
class DocsTests {
  private static final Path ROOT = Repository.root();
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#\\s]+)(?:#[^)]*)?\\)");
  private static final Pattern TEST =
      Pattern.compile("`([A-Z][A-Za-z0-9]*(?:Tests|IT))(?:[#.]([a-z][A-Za-z0-9]*))?`");

  @Test
  void everyRelativeLinkLeadsToAFile() {
    List<String> broken = new ArrayList<>();
    int links = 0;
    for (Path page : pages()) {
      Matcher m = LINK.matcher(read(page));
      while (m.find()) {
        String target = m.group(1);
        if (target.contains("://") || target.startsWith("mailto:")) {
          continue;
        }
        links++;
        if (!Files.exists(page.resolveSibling(target).normalize())) {
          broken.add(ROOT.relativize(page) + " -> " + target);
        }
      }
    }
    assertThat(links).isPositive();
    assertThat(broken).isEmpty();
  }

  @Test
  void everyTestThatAPageNamesExists() {
    List<Path> sources = testSources();
    List<String> missing = new ArrayList<>();
    int named = 0;
    for (Path page : pages()) {
      Matcher m = TEST.matcher(read(page));
      while (m.find()) {
        named++;
        String file = m.group(1) + ".java";
        String method = m.group(2);
        boolean found =
            sources.stream()
                .filter(source -> source.getFileName().toString().equals(file))
                .anyMatch(source -> method == null || read(source).contains(" " + method + "("));
        if (!found) {
          missing.add(ROOT.relativize(page) + ": " + m.group());
        }
      }
    }
    assertThat(named).isPositive();
    assertThat(missing).isEmpty();
  }

  @Test
  void everyDecisionIsListedAndShort() throws IOException {
    String index = read(ROOT.resolve("docs/adr/README.md"));
    try (Stream<Path> files = Files.list(ROOT.resolve("docs/adr"))) {
      List<Path> records =
          files.filter(f -> f.getFileName().toString().matches("\\d{4}-.*\\.md")).toList();
      assertThat(records).isNotEmpty();
      for (Path adr : records) {
        assertThat(index).contains(adr.getFileName().toString());
        assertThat(read(adr).lines().count()).as(adr.toString()).isLessThanOrEqualTo(60);
      }
    }
  }

  private static List<Path> pages() {
    return walk(".md");
  }

  private static List<Path> testSources() {
    return walk(".java").stream().filter(p -> p.toString().contains("/src/test/")).toList();
  }

  private static List<Path> walk(String ending) {
    try (Stream<Path> files = Files.walk(ROOT)) {
      return files
          .filter(f -> f.toString().endsWith(ending))
          .filter(f -> !ROOT.relativize(f).toString().matches("(.*/)?(target|\\.git)/.*"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
