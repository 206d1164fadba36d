package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.verifier.crypto.SignatureSuite;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** Processes that are no worker, or not one any more: whatever they do ends them. */
@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
class WorkerProcessTests {
  private static final WorkerPatience SHORT =
      new WorkerPatience(
          Duration.ofSeconds(20),
          Duration.ofSeconds(20),
          Duration.ofMillis(300),
          Duration.ofSeconds(60),
          Duration.ofSeconds(60));

  private @Nullable RemoteWorker worker;

  @AfterEach
  void close() {
    if (worker != null) {
      worker.close();
    }
  }

  private void assertAnswers(String why, String... command) {
    RemoteWorker started =
        RemoteWorker.start(new WorkerLaunch(List.of(command), Set.of()), SHORT, news -> {});
    worker = started;
    assertThatThrownBy(() -> started.find("field"))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining(why);
  }

  private void assertSays(String why, String octal) {
    assertAnswers(why, "sh", "-c", "printf '" + octal + "'; exec cat >/dev/null");
  }

  @Test
  void garbageInAFrameEndsTheProcess() {
    assertSays("it said what is no answer", "\\000\\000\\000\\002\\000\\000\\000\\000{]");
  }

  @Test
  void aFrameOverTheLimitEndsTheProcessBeforeMemoryIsTakenForIt() {
    assertSays("a frame of 4294967295 bytes", "\\377\\377\\377\\377\\000\\000\\000\\000");
  }

  @Test
  void aFrameThatEndsTooEarlyEndsTheProcess() {
    assertSays("the stream ends within a frame", "\\000\\000\\000\\011\\000\\000\\000\\000{}");
  }

  @Test
  void anAnswerThatNobodyAskedForEndsTheProcess() {
    assertSays("an answer to no call", "\\000\\000\\000\\002\\000\\000\\000\\007{}");
  }

  @Test
  void newsThatNoWorkerHasEndTheProcess() {
    assertSays("state", "\\000\\000\\000\\014\\000\\000\\000\\000{\"state\":\"\"}");
  }

  @Test
  void whatAnOperatorShouldKnowIsPassedOn() throws Exception {
    CompletableFuture<String> told = new CompletableFuture<>();
    String news =
        "\\000\\000\\000\\043\\000\\000\\000\\000{\"state\":\"notice\",\"message\":\"left\"}";
    WorkerLaunch launch =
        new WorkerLaunch(
            List.of("sh", "-c", "printf '" + news + "'; exec cat >/dev/null"), Set.of());
    worker = RemoteWorker.start(launch, SHORT, told::complete);
    assertThat(told.get(20, TimeUnit.SECONDS)).isEqualTo("left");
  }

  @Test
  void aProcessThatNeverSaysItHasItsTokenIsKilled() {
    assertAnswers("it did not say in time that it has its token", "sleep", "100");
  }

  @Test
  void aProgramThatIsNotThereIsSaidToBeMissing() {
    assertAnswers("it can not be started", "/nowhere/worker");
  }

  /** Says that it is active, and nothing ever again. */
  private RemoteWorker mute(Duration answer, Duration making) {
    String active =
        "\\000\\000\\000\\073\\000\\000\\000\\000"
            + "{\"state\":\"active\",\"intents\":0,\"interrupted\":0,\"cutBytes\":0}";
    RemoteWorker started =
        RemoteWorker.start(
            new WorkerLaunch(
                List.of("sh", "-c", "printf '" + active + "'; exec cat >/dev/null"), Set.of()),
            new WorkerPatience(
                answer,
                making,
                Duration.ofSeconds(20),
                Duration.ofSeconds(60),
                Duration.ofSeconds(60)),
            news -> {});
    worker = started;
    return started;
  }

  @Test
  void anAnswerThatDoesNotComeInTimeIsNotWaitedFor() {
    RemoteWorker mute = mute(Duration.ofSeconds(2), Duration.ofSeconds(50));
    assertThatThrownBy(() -> mute.find("field"))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("it gave no answer in 2000 ms");
  }

  @Test
  void aKeyThatIsMadeHasItsOwnTime() {
    RemoteWorker mute = mute(Duration.ofSeconds(50), Duration.ofSeconds(2));
    KeySpec spec = new KeySpec("field", SignatureSuite.ECDSA_P256_SHA256, KeyPurpose.IMAGE);
    assertThatThrownBy(() -> mute.create(spec))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("it gave no answer in 2000 ms");
  }

  @Test
  void aWorkerUsuallyHasTenSecondsForAnAnswerAndTwoMinutesForAKey() {
    assertThat(WorkerPatience.USUAL.answer()).isEqualTo(Duration.ofSeconds(10));
    assertThat(WorkerPatience.USUAL.making()).isEqualTo(Duration.ofMinutes(2));
  }

  /** A process that reads nothing and says nothing, whose own number is in this file. */
  private RemoteWorker asleep(Path pid, String streams) throws Exception {
    String script = "echo $$ >'" + pid + "'; exec sleep 200 " + streams;
    RemoteWorker started =
        RemoteWorker.start(
            new WorkerLaunch(List.of("sh", "-c", script), Set.of()),
            new WorkerPatience(
                Duration.ofSeconds(40),
                Duration.ofSeconds(40),
                Duration.ofSeconds(100),
                Duration.ofSeconds(60),
                Duration.ofSeconds(60)),
            news -> {});
    worker = started;
    Patiently.await("its number", () -> !read(pid).isEmpty());
    return started;
  }

  private static String read(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file).strip() : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void awaitEnd(Path pid) {
    long number = Long.parseLong(read(pid));
    Patiently.await(
        "its end", () -> ProcessHandle.of(number).filter(ProcessHandle::isAlive).isEmpty());
  }

  @Test
  void aProcessThatClosesItsStreamAndDoesNotEndIsKilled(@TempDir Path directory) throws Exception {
    Path pid = directory.resolve("pid");
    // What it reads from stays open: a call that finds it closed has a reason of its own.
    RemoteWorker started = asleep(pid, ">&-");
    assertThatThrownBy(() -> started.find("field"))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("it closed its streams and did not end");
    awaitEnd(pid);
  }

  @Test
  void aProcessThatDoesNotEndWithItsServiceIsKilled(@TempDir Path directory) throws Exception {
    Path pid = directory.resolve("pid");
    asleep(pid, "").close();
    awaitEnd(pid);
  }

  @Test
  void aProcessThatEndsAtOnceIsToldWithItsCode() {
    assertAnswers("its process ended with code 7", "sh", "-c", "exit 7");
  }
}
