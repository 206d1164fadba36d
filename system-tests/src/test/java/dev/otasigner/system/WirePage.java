package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.RejectedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The examples of one source in docs/reference/wire-contracts.md: code blocks that are marked with
 * the source's word and a name. With {@code -Dwire.write=true} they are rewritten.
 */
record WirePage(String source) {
  private static final Path PAGE = Repository.root().resolve("docs/reference/wire-contracts.md");

  private Pattern marked() {
    return Pattern.compile(
        "<!-- " + source + ": ([a-z-]+) -->\n```(json|text)\n(.*?)```", Pattern.DOTALL);
  }

  /** What the page shows, by name. */
  Map<String, Example> shown() throws IOException, RejectedException {
    Map<String, Example> shown = new LinkedHashMap<>();
    Matcher m = marked().matcher(Files.readString(PAGE));
    while (m.find()) {
      assertThat(shown.put(m.group(1), Example.read(m.group(2), m.group(3))))
          .as("second example " + m.group(1))
          .isNull();
    }
    return shown;
  }

  /** The page shows these and no others of this source, each in the shape that was made. */
  void requireShows(Map<String, Example> made) throws IOException, RejectedException {
    if (Boolean.getBoolean("wire.write")) {
      write(made);
    }
    Map<String, Example> shown = shown();
    assertThat(shown.keySet()).isEqualTo(made.keySet());
    made.forEach(
        (name, example) ->
            assertThat(Objects.requireNonNull(shown.get(name)).shape())
                .as(name)
                .isEqualTo(example.shape()));
  }

  private void write(Map<String, Example> made) throws IOException {
    Matcher m = marked().matcher(Files.readString(PAGE));
    StringBuilder out = new StringBuilder();
    while (m.find()) {
      Example example = made.get(m.group(1));
      String block =
          example == null
              ? m.group()
              : "<!-- "
                  + source
                  + ": "
                  + m.group(1)
                  + " -->\n```"
                  + example.language()
                  + "\n"
                  + example.text()
                  + "```";
      m.appendReplacement(out, Matcher.quoteReplacement(block));
    }
    Files.writeString(PAGE, m.appendTail(out).toString());
  }
}
