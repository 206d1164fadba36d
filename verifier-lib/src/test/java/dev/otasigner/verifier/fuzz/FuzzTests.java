package dev.otasigner.verifier.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The short run of the build: every target, from the same beginning each time. */
class FuzzTests {
  private static final int RUNS = 8_000;

  @TempDir Path directory;

  static List<FuzzTarget> targets() {
    return FuzzTarget.ALL;
  }

  @ParameterizedTest
  @MethodSource("targets")
  void everySeedIsAnswered(FuzzTarget target) throws IOException {
    assertThat(target.seeds()).isNotEmpty();
    for (byte[] seed : target.seeds()) {
      target.claim().holdsFor(seed);
    }
  }

  @Test
  void noInputCausesAnythingButARefusal() throws IOException, InterruptedException {
    Jazzer jazzer =
        new Jazzer(FuzzDriver.class, directory).brief().option("runs", RUNS).option("seed", 1);
    for (FuzzTarget target : FuzzTarget.ALL) {
      target.seeds().forEach(seed -> jazzer.seed(target.addressed(seed)));
    }
    Jazzer.Outcome outcome = jazzer.run();
    assertThat(outcome.exitCode()).as(outcome.output()).isZero();
    assertThat(outcome.output()).contains("Done " + RUNS + " runs");
  }

  /** Proves that the run above could fail: the same machinery, and a reader with a hole. */
  @Test
  void anUncheckedIndexWouldBeFound() throws IOException, InterruptedException {
    Jazzer jazzer = new Jazzer(HoleyReader.class, directory).brief().option("runs", 200_000);
    byte[] sound = "[1,2,3]".getBytes(StandardCharsets.UTF_8);
    Jazzer.Outcome outcome = jazzer.option("seed", 1).seed(sound).run();
    assertThat(outcome.foundSomething()).as(outcome.output()).isTrue();
    assertThat(outcome.output()).contains("ArrayIndexOutOfBoundsException");
  }
}
