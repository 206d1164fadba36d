package dev.otasigner.service.signing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The steps of docs/explanation/signing-cycle.md are those of the code. */
class SigningCycleDocumentTests {
  private static final Pattern IN_DOCUMENT = Pattern.compile("(?m)^(\\d)\\. \\*\\*");
  private static final Pattern IN_CODE = Pattern.compile("Steps? (\\d)(?: and (\\d))?:");

  @ParameterizedTest
  @CsvSource({
    "## Signing, ## Publishing, signing/SigningCycle.java signing/BuildAttempts.java, 7",
    "## Publishing, '', catalogue/Publisher.java, 9"
  })
  void documentAndCodeCountTheSameSteps(String from, String to, String files, int steps)
      throws IOException {
    Path root = root();
    String document = Files.readString(root.resolve("docs/explanation/signing-cycle.md"));
    int start = document.indexOf(from);
    int end = to.isEmpty() ? document.length() : document.indexOf(to);
    Path sources = root.resolve("signer-service/src/main/java/dev/otasigner/service");
    StringBuilder code = new StringBuilder();
    for (String file : files.split(" ", -1)) {
      code.append(Files.readString(sources.resolve(file)));
    }
    Set<String> documented = numbers(IN_DOCUMENT, document.substring(start, end));
    assertThat(documented).hasSize(steps).isEqualTo(numbers(IN_CODE, code.toString()));
  }

  private static Set<String> numbers(Pattern pattern, String text) {
    Set<String> numbers = new TreeSet<>();
    Matcher matcher = pattern.matcher(text);
    while (matcher.find()) {
      for (int group = 1; group <= matcher.groupCount(); group++) {
        if (matcher.group(group) != null) {
          numbers.add(matcher.group(group));
        }
      }
    }
    return numbers;
  }

  private static Path root() {
    Path here = Path.of("").toAbsolutePath();
    return Files.exists(here.resolve("docs")) ? here : here.resolveSibling("");
  }
}
