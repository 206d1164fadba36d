package dev.otasigner.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is told of an upload that is under way. */
class ProgressTests {
  private static final Path DIRECTORY = Path.of("/release");
  private static final long LENGTH = 10L << 20;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private String upload(boolean watched, long lengthBytes) {
    Terminal.PasswordPrompt prompt =
        new Terminal.PasswordPrompt() {
          @Override
          public char[] read(String question) {
            throw new AssertionError(question);
          }

          @Override
          public boolean isWatched() {
            return watched;
          }
        };
    Terminal terminal =
        new Terminal(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            DIRECTORY,
            Map.of(),
            prompt);
    Progress progress =
        new Progress(terminal, new Signer(), DIRECTORY.resolve("image\u001b.bin"), lengthBytes);
    for (long at = 0; at <= lengthBytes; at += lengthBytes / 1000) {
      progress.at(at);
    }
    progress.at(lengthBytes);
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void aTerminalSeesEachPercentOnOneLine() {
    String shown = upload(true, LENGTH);
    assertThat(shown).startsWith("\rimage\uFFFD.bin: 0 %\rimage").contains(": 50 %");
    assertThat(shown.lines()).last().asString().endsWith("100 %");
    assertThat(shown.chars().filter(c -> c == '\r').count()).isLessThan(103);
    assertThat(out.size()).as("results are elsewhere").isZero();
  }

  @Test
  void wherePeopleDoNotWatchNothingIsTold() {
    assertThat(upload(false, LENGTH)).isEmpty();
  }

  @Test
  void aSmallFileIsNotWorthALine() {
    assertThat(upload(true, 100_000)).isEmpty();
  }
}
