package dev.otasigner.device.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * Somebody else's program as a peer of the device; where it is not installed, a test is skipped.
 */
public final class Peer implements Closeable {
  private final Process process;
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private final List<String> seen = new ArrayList<>();

  private Peer(Process process) {
    this.process = process;
    Thread reader = new Thread(this::read, "output of a peer");
    reader.setDaemon(true);
    reader.start();
  }

  /** Where the program is; otherwise the test that asks is skipped, by the program's name. */
  public static String installed(String program) {
    Optional<String> found =
        List.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)).stream()
            .map(directory -> Path.of(directory, program))
            .filter(Files::isExecutable)
            .map(Path::toString)
            .findFirst();
    assumeTrue(found.isPresent(), program + " is not installed");
    return found.orElseThrow();
  }

  public static Peer start(List<String> command) throws IOException {
    return new Peer(new ProcessBuilder(command).redirectErrorStream(true).start());
  }

  private void read() {
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      in.lines().forEach(lines::add);
    } catch (IOException | UncheckedIOException e) {
      lines.add("closed");
    }
  }

  /** Waits for a line of its output. */
  public void awaitLine(Predicate<String> wanted) throws InterruptedException {
    for (String line = lines.poll(20, TimeUnit.SECONDS);
        line != null;
        line = lines.poll(20, TimeUnit.SECONDS)) {
      seen.add(line);
      if (wanted.test(line)) {
        return;
      }
    }
    assertThat(seen).as("output of %s", process.info().command()).anyMatch(wanted);
  }

  /** All output up to what was awaited last. */
  public List<String> seen() {
    return seen;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
