package dev.otasigner.service.keyring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.watch.Reading;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KeyringMetricsTests {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  @Test
  void onlyTheKeysThatEndFirstAreSeriesOfTheirOwn() {
    Map<String, Instant> ends = new HashMap<>();
    for (int i = 0; i < KeyringMetrics.MOST_KEYS + 50; i++) {
      ends.put("key-" + i, NOW.plusSeconds(1000 - i));
    }
    List<Reading> readings = KeyringMetrics.soonest(ends, NOW);
    assertThat(readings).hasSize(KeyringMetrics.MOST_KEYS);
    assertThat(readings.get(0).labels()).containsExactly("key-149");
    assertThat(readings.get(0).value()).isEqualTo(851);
  }

  @Test
  void anEndThatHasPassedIsBelowZero() {
    assertThat(KeyringMetrics.soonest(Map.of("old", NOW.minusSeconds(5)), NOW))
        .extracting(Reading::value)
        .containsExactly(-5.0);
  }
}
