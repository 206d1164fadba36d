package dev.otasigner.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Every file under {@code transcripts} is a session that must go exactly as it is written. */
class TranscriptTests {
  private static final Path TRANSCRIPTS = Path.of("src/test/resources/transcripts");
  private static final Path VECTORS =
      Path.of(System.getProperty("vectors.dir", "../../shared/vectors"));

  @TempDir Path scratch = Path.of("");

  @TestFactory
  List<DynamicTest> sessionGoesAsWritten() throws IOException {
    try (Stream<Path> files = Files.list(TRANSCRIPTS)) {
      return files
          .sorted()
          .map(f -> DynamicTest.dynamicTest(String.valueOf(f.getFileName()), () -> play(f)))
          .toList();
    }
  }

  private void play(Path file) throws IOException {
    Transcript transcript = Transcript.read(Files.readString(file));
    assertThat(transcript.steps()).as("commands in " + file).isNotEmpty();
    Path directory = Files.createTempDirectory(scratch, "session");
    for (Map.Entry<String, String> entry : transcript.files().entrySet()) {
      Path written = directory.resolve(entry.getKey());
      Files.createDirectories(written.resolveSibling("."));
      Files.writeString(written, entry.getValue());
    }
    for (String copy : transcript.copies()) {
      String[] names = copy.split(" ", 2);
      Path vector = VECTORS.resolve(names[0]);
      assumeTrue(Files.exists(vector), () -> "no vectors at " + VECTORS);
      Files.copy(vector, directory.resolve(names[1]));
    }
    try (FakeService service = new FakeService()) {
      for (Transcript.Step step : transcript.steps()) {
        run(step, directory, service);
      }
    }
  }

  private static void run(Transcript.Step step, Path directory, FakeService service) {
    service.expect(step.exchanges());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Terminal terminal =
        new Terminal(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            directory,
            Map.of(
                "SIGNER_HOME",
                "home",
                "SIGNER_SERVICE",
                service.address(),
                "KEY_PASSPHRASE",
                "open sesame"),
            question -> null);
    int code = CommandLines.run(terminal, step.arguments().toArray(String[]::new));

    String command = "signer " + String.join(" ", step.arguments());
    assertThat(service.mistakes()).as(command).isEmpty();
    assertLines(command + ": standard output", step.out(), out, service);
    assertLines(command + ": standard error", step.err(), err, service);
    assertThat(code).as(command + ": exit code").isEqualTo(step.exitCode());
  }

  private static void assertLines(
      String what, List<String> expected, ByteArrayOutputStream printed, FakeService service) {
    List<String> lines =
        printed
            .toString(StandardCharsets.UTF_8)
            .replace(service.address(), "http://SERVICE")
            .lines()
            .filter(line -> !line.isEmpty())
            .toList();
    boolean same = expected.size() == lines.size();
    for (int i = 0; same && i < lines.size(); i++) {
      same = Transcript.matches(expected.get(i), lines.get(i));
    }
    if (!same) {
      assertThat(lines).as(what).isEqualTo(expected);
    }
  }
}
