package dev.otasigner.service.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two publishers are processes over one directory. One is stopped (SIGSTOP) wherever it can be, for
 * longer than its lease; the other publishes; the first is continued. tuf-js polls all the while.
 */
class FrozenPublisherTests {
  private static final Duration LEASE = Duration.ofMillis(400);
  private static final String NOWHERE = "1000";
  private static final int RANDOM_ROUNDS = 12;

  @TempDir Path directory;

  private Program first;
  private Program second;

  /** A publisher that is told what to do. */
  private static final class Program implements AutoCloseable {
    private final Process process;
    private final BufferedReader said;
    private final Writer in;

    Program(Path directory) throws IOException {
      String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
      Path repository = directory.resolve("repo");
      Path ledger = directory.resolve("ledger");
      String lease = Long.toString(LEASE.toMillis());
      List<String> command =
          List.of(
              java,
              "-XX:TieredStopAtLevel=1",
              "-cp",
              System.getProperty("java.class.path"),
              PublisherProgram.class.getName(),
              repository.toString(),
              ledger.toString(),
              lease);
      this.process =
          new ProcessBuilder(command).redirectError(directory.resolve("errors").toFile()).start();
      this.said = process.inputReader(StandardCharsets.UTF_8);
      this.in = process.outputWriter(StandardCharsets.UTF_8);
    }

    void publish(String halt, String word) throws IOException {
      in.write("publish " + halt + " " + word + "\n");
      in.flush();
    }

    void goOn() throws IOException {
      in.write("\n");
      in.flush();
    }

    String answer() throws IOException {
      String line = said.readLine();
      assertThat(line).as("the publisher lives").isNotNull();
      return line;
    }

    void signal(String name) throws Exception {
      String pid = Long.toString(process.pid());
      Process kill = new ProcessBuilder("kill", "-" + name, pid).inheritIO().start();
      assertThat(kill.waitFor()).isZero();
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }

  @BeforeEach
  void start() throws Exception {
    Files.createFile(directory.resolve("ledger"));
    first = new Program(directory);
    second = new Program(directory);
    first.publish(NOWHERE, "first");
    assertThat(first.answer()).startsWith("published");
  }

  @AfterEach
  void stop() {
    first.close();
    second.close();
  }

  private String announced() throws Exception {
    TestRepository repository = new TestRepository(directory.resolve("repo"), false);
    Path client = Files.createTempDirectory(directory, "client");
    byte[] head =
        repository.client(client).fetch(PublisherProgram.HEAD, Instant.now()).orElseThrow();
    return new String(head, StandardCharsets.UTF_8);
  }

  /** All milestones of a change, in the order in which they are passed first. */
  private int milestones() throws Exception {
    first.publish(NOWHERE, "counted");
    String[] words = first.answer().split(" ", -1);
    return Integer.parseInt(words[1]);
  }

  @Test
  void stoppedAtAnyMilestoneItBringsNothingBackAndTufJsIsServedAllTheWhile() throws Exception {
    Set<String> stoppedAt = new LinkedHashSet<>();
    int milestones = milestones();
    try (ForeignClient client =
        ForeignClient.polling(
            directory.resolve("repo"), PublisherProgram.HEAD, directory.resolve("tuf-js"))) {
      client.awaitPolls();
      for (int halt = 1; halt <= milestones; halt++) {
        first.publish(Integer.toString(halt), "late-" + halt);
        stoppedAt.add(first.answer().substring("at ".length()));
        first.signal("STOP");
        first.goOn();
        second.publish(NOWHERE, "theirs-" + halt);
        assertThat(second.answer()).startsWith("published");
        client.awaitPolls();
        first.signal("CONT");
        String last = first.answer();
        client.awaitPolls();
        assertThat(last).isEqualTo(halt == milestones ? "published " + milestones : "lost");
        assertThat(announced()).isEqualTo("theirs-" + halt);
      }
      client.requireWell();
    }
    assertThat(stoppedAt)
        .containsExactly(
            "catalogue.versions",
            "catalogue.staged",
            "catalogue.fenced",
            "catalogue.file",
            "catalogue.role",
            "catalogue.snapshot",
            "catalogue.accepted",
            "catalogue.timestamp");
  }

  @Test
  void stoppedAnywhereElseItBringsNothingBackEither() throws Exception {
    Random random = new Random(34);
    try (ForeignClient client =
        ForeignClient.polling(
            directory.resolve("repo"), PublisherProgram.HEAD, directory.resolve("tuf-js"))) {
      for (int round = 0; round < RANDOM_ROUNDS; round++) {
        first.publish(NOWHERE, "first-" + round);
        LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(random.nextInt(25_000)));
        first.signal("STOP");
        second.publish(NOWHERE, "second-" + round);
        assertThat(second.answer()).startsWith("published");
        String theirs = announced();
        first.signal("CONT");
        String last = first.answer();
        client.awaitPolls();
        // Stopped before it had the lease, it takes it now, and publishes like anybody.
        if (last.equals("lost")) {
          assertThat(announced()).isEqualTo(theirs).isEqualTo("second-" + round);
        }
      }
      client.requireWell();
    }
  }

  @Test
  void killedHolderIsFollowedAtOnce() throws Exception {
    TestRepository patient =
        new TestRepository(
            directory.resolve("repo"),
            false,
            Duration.ofDays(1),
            Optional.of(directory.resolve("ledger")));
    first.publish("2", "never");
    assertThat(first.answer()).isEqualTo("at catalogue.staged");
    first.process.destroyForcibly().waitFor();
    WantedFile head = WantedFile.of(PublisherProgram.HEAD, "next".getBytes(StandardCharsets.UTF_8));
    Wanted wanted =
        new Wanted(Map.of(new Wanted.ChannelRole("stable", "gw"), List.of(head)), Optional.empty());
    assertThat(patient.publish(wanted, Instant.now())).isTrue();
    assertThat(announced()).isEqualTo("next");
  }
}
