package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo when something goes wrong; {@link ReadmeIT} runs it to its good end. */
class DemoIT {
  private static final Path TEMPORARY = Path.of(System.getProperty("java.io.tmpdir"));
  private static final int TIMEOUT_SECONDS = 120;

  @TempDir static Path scratch = Path.of("");

  @BeforeAll
  static void layOutPrograms() throws IOException, InterruptedException {
    Programs.layOut(Files.createDirectory(scratch.resolve("programs")));
  }

  /** If the service's data did not matter, the demo would prove nothing. */
  @Test
  void withoutTheServicesDataTheNextDeviceStepFails() throws IOException, InterruptedException {
    List<String> said = withoutDataFrom("it is released to channel stable");
    String failure = said.stream().filter(l -> l.startsWith("FAILED")).findFirst().orElseThrow();
    assertThat(failure).contains("device-1");
  }

  @Test
  void withoutTheServicesDataTheNextRefusalIsNoneOfTheExpectedOnes()
      throws IOException, InterruptedException {
    List<String> said = withoutDataFrom("appended bytes on the wire");
    assertThat(said).filteredOn(l -> l.startsWith("FAILED")).hasSize(1);
  }

  /** Deletes it once the demo has said this; what it has said when it ended, with status 1. */
  private static List<String> withoutDataFrom(String words)
      throws IOException, InterruptedException {
    Set<Path> before = stages();
    Process demo = start();
    List<String> said = new ArrayList<>();
    try (BufferedReader out = reader(demo)) {
      readUntil(out, said, words);
      for (Path stage : newStages(before)) {
        deleteAll(stage.resolve("service/data"));
      }
      readUntil(out, said, "demo: ");
    }
    assertThat(demo.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(demo.exitValue()).isEqualTo(1);
    assertThat(newStages(before)).isEmpty();
    return said;
  }

  @Test
  void anEndedDemoLeavesNoProcessAndNoDirectory() throws IOException, InterruptedException {
    Set<Path> before = stages();
    Process demo = start();
    List<ProcessHandle> started;
    List<String> said = new ArrayList<>();
    try (BufferedReader out = reader(demo)) {
      readUntil(out, said, "the service starts");
      started = demo.descendants().toList();
      assertThat(newStages(before)).hasSize(1);
      assertThat(started).isNotEmpty();
      new ProcessBuilder("kill", "-TERM", Long.toString(demo.pid())).start().waitFor();
      while (out.readLine() != null) {
        // To its end: it may be in the middle of a line.
      }
    }
    assertThat(demo.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(demo.exitValue()).isNotZero();
    assertThat(started).noneMatch(ProcessHandle::isAlive);
    assertThat(newStages(before)).isEmpty();
  }

  private static Process start() throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(Repository.root().resolve("signer").toString(), "demo")
            .directory(scratch.toFile())
            .redirectErrorStream(true);
    builder.environment().put("SIGNER_PROGRAMS", scratch.resolve("programs").toString());
    builder.environment().put("SIGNER_CACHE", scratch.resolve("cache").toString());
    Process demo = builder.start();
    demo.getOutputStream().close();
    return demo;
  }

  private static BufferedReader reader(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  private static void readUntil(BufferedReader out, List<String> said, String words)
      throws IOException {
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      said.add(line);
      if (line.contains(words)) {
        return;
      }
    }
    throw new IOException("the demo ended before '" + words + "':\n" + String.join("\n", said));
  }

  private static Set<Path> stages() throws IOException {
    try (Stream<Path> files = Files.list(TEMPORARY)) {
      return new HashSet<>(
          files.filter(f -> String.valueOf(f.getFileName()).startsWith("signer-demo-")).toList());
    }
  }

  private static Set<Path> newStages(Set<Path> before) throws IOException {
    Set<Path> now = stages();
    now.removeAll(before);
    return now;
  }

  private static void deleteAll(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
