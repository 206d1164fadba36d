package dev.otasigner.system.fates;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.system.fates.FleetPlan.Kind;
import dev.otasigner.system.fates.Prediction.Repair;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Random small fleets live through what the service has predicted: see
 * docs/explanation/predictions.md. By command more of them, from another seed on: {@code
 * -Dfates.seeds=300 -Dfates.first=1000}.
 */
class FatesIT {
  private static final Logger log = LoggerFactory.getLogger(FatesIT.class);
  private static final int SEEDS = 50;

  /** So many fleets at one service: it asks all it ever had about each listener that closes. */
  private static final int AT_ONE_SERVICE = 13;

  @Test
  void everyDeviceMeetsTheFateThatWasPredicted() throws Exception {
    int seeds = Integer.getInteger("fates.seeds", SEEDS);
    long first = Long.getLong("fates.first", 1);
    Map<String, Integer> tally = new TreeMap<>();
    List<String> differences = new ArrayList<>();
    for (long from = first; from < first + seeds; from += AT_ONE_SERVICE) {
      List<FleetPlan> plans = new ArrayList<>();
      for (long seed = from; seed < Math.min(from + AT_ONE_SERVICE, first + seeds); seed++) {
        plans.add(Drawing.of(seed));
      }
      try (MovedService service = MovedService.start()) {
        Fates fates = new Fates(service, log::info);
        fates.live(plans);
        fates.tally().forEach((what, count) -> tally.merge(what, count, Integer::sum));
        differences.addAll(fates.differences());
      }
    }
    log.info("{} seeds from {} on: {}", seeds, first, tally);
    assertThat(differences).isEmpty();
    if (seeds >= SEEDS) {
      requireManifold(tally);
    }
  }

  /** Fleets that are all cut off, or all served, would say nothing. */
  private static void requireManifold(Map<String, Integer> tally) {
    for (Kind kind : Kind.values()) {
      assertThat(tally).as("%s", tally).hasEntrySatisfying("change " + kind, atLeast(5));
    }
    assertThat(tally)
        .as("%s", tally)
        .hasEntrySatisfying("served", atLeast(50))
        .hasEntrySatisfying("stranded", atLeast(30))
        .hasEntrySatisfying("agreed", atLeast(5))
        .hasEntrySatisfying("refused", atLeast(5))
        .hasEntrySatisfying("saved by " + Repair.WAIT, atLeast(2))
        .hasEntrySatisfying("saved by " + Repair.PUBLISH, atLeast(2))
        .hasEntrySatisfying("saved by " + Repair.KEEP_KEY, atLeast(2))
        .hasEntrySatisfying("saved by " + Repair.KEEP_LISTENER, atLeast(2));
  }

  private static Consumer<Integer> atLeast(int least) {
    return count -> assertThat(count).isGreaterThanOrEqualTo(least);
  }
}
