package dev.otasigner.keys.backup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.worker.TokenWorker;
import dev.otasigner.verifier.crypto.SignatureSuite;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** SIGKILL at any moment leaves the whole directory, or none that a service would start in. */
@SuppressWarnings("NullAway.Init")
@Timeout(120)
class KilledRestoreTests {
  private static final int KEYS = 40;

  @TempDir Path directory;

  @Test
  void aRestoreKilledHalfWayLeavesNothingInItsPlace() throws Exception {
    Path backup = directory.resolve("keys.backup");
    Machine old =
        new Machine(
            directory.resolve("old"),
            Clock.fixed(Instant.parse("2026-11-22T09:30:00Z"), ZoneOffset.UTC));
    try (TokenWorker worker = old.start()) {
      for (int i = 0; i < KEYS; i++) {
        Machine.key(worker, "k" + i, SignatureSuite.ED25519, KeyPurpose.TIMESTAMP);
      }
    }
    old.backUp(backup);
    int unfinished = 0;
    for (int files = 0; files <= KEYS; files += 8) {
      Path room = Files.createDirectory(directory.resolve("room" + files));
      Path data = room.resolve("data");
      Process process = start(backup, data);
      while (process.isAlive() && sealed(room) < files) {
        Thread.onSpinWait();
      }
      process.destroyForcibly().waitFor();
      if (Files.exists(data)) {
        try (TokenWorker worker = new Machine(data, old.clock).start()) {
          assertThat(worker.find("k" + (KEYS - 1))).isPresent();
        }
      } else {
        unfinished++;
        assertThat(room.toFile().list())
            .allSatisfy(name -> assertThat(name).startsWith(".restoring-"));
      }
    }
    assertThat(unfinished).as("kills that came in time").isPositive();
  }

  private Process start(Path backup, Path data) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            RestoreProgram.class.getName(),
            backup.toString(),
            data.toString())
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("out.log").toFile())
        .start();
  }

  private static long sealed(Path room) {
    try (Stream<Path> files = Files.walk(room)) {
      return files.filter(path -> path.toString().endsWith(".seal")).count();
    } catch (IOException | UncheckedIOException e) {
      return 0; // a directory that was renamed while it was counted
    }
  }
}
