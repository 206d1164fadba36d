package dev.otasigner.device.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.otasigner.device.flash.PowerSupply.Power;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FaultsTests {
  private static final FaultRates HALF = new FaultRates(0.5, 0.5, 0.5, 0.5);

  @Test
  void seedDeviceAndTurnDecide() {
    List<Power> first = cuts(1, "a", 1);
    assertThat(cuts(1, "a", 1)).isEqualTo(first);
    assertThat(cuts(2, "a", 1)).isNotEqualTo(first);
    assertThat(cuts(1, "b", 1)).isNotEqualTo(first);
    assertThat(cuts(1, "a", 2)).isNotEqualTo(first);
  }

  @Test
  void everyKindOfCutComes() {
    Set<Power> seen = new HashSet<>(cuts(1, "a", 1));
    assertThat(seen).containsExactlyInAnyOrder(Power.values());
  }

  @Test
  void whatHappensIsAsOftenAsTheRateSays() {
    Tally tally = new Tally();
    int requests = 100_000;
    Faults faults = new Faults(new FaultRates(0, 0.02, 0, 0), 1, "a", 1, tally);
    for (int i = 0; i < requests; i++) {
      faults.resets();
    }
    assertThat(tally.counts().getOrDefault("reset", 0L) / (double) requests)
        .isCloseTo(0.02, within(0.002));
  }

  @Test
  void nothingHappensAtRateZeroAndAlwaysAtOne() {
    Tally tally = new Tally();
    Faults none = new Faults(FaultRates.NONE, 1, "a", 1, tally);
    Faults all = new Faults(new FaultRates(1, 1, 1, 1), 1, "a", 1, new Tally());
    for (int i = 0; i < 1000; i++) {
      assertThat(none.next()).isEqualTo(Power.STEADY);
      assertThat(none.resets() || none.refuses()).isFalse();
      assertThat(none.slowMillis()).isZero();
      assertThat(all.next()).isNotEqualTo(Power.STEADY);
      assertThat(all.resets() && all.refuses()).isTrue();
      assertThat(all.slowMillis()).isBetween(1, Faults.MAX_SLOW_MILLIS);
    }
    assertThat(tally.counts()).isEmpty();
  }

  @Test
  void ratesAreSetByName() {
    assertThat(FaultRates.of(Map.of("cut", 0.1, "refuse", 0.2), FaultRates.NONE))
        .isEqualTo(new FaultRates(0.1, 0, 0, 0.2));
    assertThatThrownBy(() -> FaultRates.of(Map.of("flood", 0.1), FaultRates.NONE))
        .hasMessageContaining("flood: cut, reset, slow or refuse");
    assertThatThrownBy(() -> FaultRates.of(Map.of("cut", 1.1), FaultRates.NONE))
        .hasMessageContaining("from 0 to 1");
    assertThatThrownBy(() -> FaultRates.of(Map.of("cut", Double.NaN), FaultRates.NONE))
        .hasMessageContaining("from 0 to 1");
  }

  private static List<Power> cuts(long seed, String device, int turn) {
    Faults faults = new Faults(HALF, seed, device, turn, new Tally());
    List<Power> cuts = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      cuts.add(faults.next());
    }
    return cuts;
  }
}
