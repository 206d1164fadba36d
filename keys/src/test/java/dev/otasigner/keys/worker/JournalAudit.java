package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Asks the auditor, a program outside the JVM that reads the journal by itself. */
record JournalAudit(long withoutIntent, long intentsLost, long doubleReleases, Fields found) {
  private static final Path PROGRAM = Path.of("src/test/python/audit_journal.py");
  private static final int MAX_BYTES = 16 * 1024 * 1024;

  boolean isClean() throws RejectedException {
    return withoutIntent == 0
        && intentsLost == 0
        && doubleReleases == 0
        && found.strings("problems", 1000).isEmpty();
  }

  /** Skips the test where python3 is missing. */
  static void requireInstalled() throws InterruptedException {
    boolean there = false;
    try {
      there = new ProcessBuilder("python3", "--version").start().waitFor() == 0;
    } catch (IOException e) {
      // not there
    }
    assumeTrue(there, "python3 is not installed");
  }

  /** The auditor's word; its exit code has to agree with it. */
  static JournalAudit of(
      Path journal, Path token, Path client, List<Path> snapshots, List<Digest> guarded)
      throws Exception {
    return of(List.of(journal), token, client, snapshots, guarded);
  }

  /** The same for a journal of several files, in their order. */
  static JournalAudit of(
      List<Path> journal, Path token, Path client, List<Path> snapshots, List<Digest> guarded)
      throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                "python3",
                "-B",
                PROGRAM.toString(),
                journal.get(0).toString(),
                "--token",
                token.toString(),
                "--client",
                client.toString()));
    journal.stream()
        .skip(1)
        .forEach(segment -> command.addAll(List.of("--segment", segment.toString())));
    snapshots.forEach(snapshot -> command.addAll(List.of("--snapshot", snapshot.toString())));
    guarded.forEach(key -> command.addAll(List.of("--guarded", key.hex())));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    Fields found = JsonReader.readObject(process.getInputStream().readAllBytes(), MAX_BYTES);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    JournalAudit audit =
        new JournalAudit(
            found.integer("signaturesWithoutIntent", 0, Long.MAX_VALUE),
            found.integer("intentsLost", 0, Long.MAX_VALUE),
            found.integer("doubleReleases", 0, Long.MAX_VALUE),
            found);
    assertThat(process.exitValue()).isEqualTo(audit.isClean() ? 0 : 1);
    return audit;
  }
}
