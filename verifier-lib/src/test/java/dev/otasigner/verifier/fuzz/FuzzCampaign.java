package dev.otasigner.verifier.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The long run, by command only: {@code -Dtest=FuzzCampaign}, with {@code -Dfuzz.target} for one
 * target and {@code -Dfuzz.seconds} for each. The corpus is kept and goes on from where it was.
 */
class FuzzCampaign {

  static List<FuzzTarget> targets() {
    String name = System.getProperty("fuzz.target", "");
    return name.isEmpty() ? FuzzTarget.ALL : List.of(FuzzTarget.named(name));
  }

  @ParameterizedTest
  @MethodSource("targets")
  void nothingIsFound(FuzzTarget target) throws IOException, InterruptedException {
    Jazzer jazzer =
        new Jazzer(FuzzDriver.class, Path.of(".cifuzz-corpus", target.name()))
            .property("fuzz.target", target.name())
            .option("max_total_time", Long.getLong("fuzz.seconds", 60));
    target.seeds().forEach(jazzer::seed);
    Jazzer.Outcome outcome = jazzer.run();
    assertThat(outcome.exitCode()).as(outcome.output()).isZero();
  }
}
