package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Processes that are no worker, or not one any more: whatever they do ends them. */
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

  @Test
  void aProcessThatEndsAtOnceIsToldWithItsCode() {
    assertAnswers("its process ended with code 7", "sh", "-c", "exit 7");
  }
}
