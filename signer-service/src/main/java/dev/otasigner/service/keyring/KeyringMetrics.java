package dev.otasigner.service.keyring;

import dev.otasigner.keys.KeyState;
import dev.otasigner.keys.worker.Rule;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.watch.Metric;
import dev.otasigner.service.watch.MetricSource;
import dev.otasigner.service.watch.Reading;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.springframework.stereotype.Component;

/** Keys, and whether their tokens sign. */
@Component
class KeyringMetrics implements MetricSource {
  /** Each is a series of its own. */
  static final int MOST_KEYS = 100;

  private final Keyring keyring;
  private final Clock clock;

  KeyringMetrics(Keyring keyring, Clock clock) {
    this.keyring = keyring;
    this.clock = clock;
  }

  @Override
  public List<Reading> readings() {
    List<Reading> readings = new ArrayList<>();
    Map<List<String>, Integer> keys = new TreeMap<>(Comparator.comparing(List::toString));
    for (KeyEntry key : keyring.list()) {
      keys.merge(
          List.of(key.purpose().code(), key.state().code(), key.token().code()), 1, Integer::sum);
    }
    keys.forEach((labels, count) -> readings.add(new Reading(Metric.KEYS, count, labels)));
    for (TokenName token : keyring.tokens()) {
      boolean signs = signs(token);
      readings.add(Reading.of(Metric.TOKEN_UP, signs ? 1 : 0, token.code()));
      if (signs) {
        readings.addAll(ends(token));
        int wrong = keyring.outOfService(token).size();
        readings.add(Reading.of(Metric.KEYS_OUT_OF_SERVICE, wrong, token.code()));
      }
      keyring
          .standing(token)
          .ifPresent(
              standing -> {
                readings.add(
                    Reading.of(Metric.WORKER_SPARE, standing.spare() ? 1 : 0, token.code()));
                readings.add(Reading.of(Metric.WORKER_ENDED, standing.ended(), token.code()));
              });
    }
    return readings;
  }

  private List<Reading> ends(TokenName token) {
    Map<String, Instant> ends = new TreeMap<>();
    for (KeyEntry key : keyring.list()) {
      if (key.state() == KeyState.ACTIVE && key.token() == token) {
        keyring
            .allowance(key)
            .map(Keyring.Allowance::rule)
            .flatMap(Rule::notAfter)
            .ifPresent(end -> ends.put(key.name(), end));
      }
    }
    return soonest(ends, clock.instant());
  }

  static List<Reading> soonest(Map<String, Instant> ends, Instant now) {
    return ends.entrySet().stream()
        .sorted(Map.Entry.comparingByValue())
        .limit(MOST_KEYS)
        .map(
            end ->
                Reading.of(
                    Metric.KEY_EXPIRY,
                    Duration.between(now, end.getValue()).toSeconds(),
                    end.getKey()))
        .toList();
  }

  private boolean signs(TokenName token) {
    try {
      keyring.probe(token);
      return true;
    } catch (SignerException e) {
      return false;
    }
  }
}
