package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.keys.RefusalCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The table in docs/reference/worker.md is the list of refusals, each with a test that is there.
 */
class WorkerDocumentTests {
  private static final Pattern ROW =
      Pattern.compile("\\| `([a-z-]+)` \\| [^|]+ \\| `([A-Za-z]+Tests)\\.([A-Za-z]+)`[^|]* \\|");

  @Test
  void everyRefusalIsInTheTableWithItsTest() throws Exception {
    String document = Files.readString(Path.of("..", "docs", "reference", "worker.md"));
    List<String> codes = new ArrayList<>();
    Matcher row = ROW.matcher(document);
    while (row.find()) {
      codes.add(row.group(1));
      Path test =
          Path.of("src/test/java/dev/otasigner/keys/worker").resolve(row.group(2) + ".java");
      assertThat(Files.readString(test)).contains("void " + row.group(3) + "(");
    }
    assertThat(codes)
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(RefusalCode.values()).map(RefusalCode::code).toList());
  }
}
