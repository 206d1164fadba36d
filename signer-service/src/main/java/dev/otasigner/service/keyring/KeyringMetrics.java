package dev.otasigner.service.keyring;

import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.watch.Metric;
import dev.otasigner.service.watch.MetricSource;
import dev.otasigner.service.watch.Reading;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.springframework.stereotype.Component;

/** Keys, and whether their tokens sign. */
@Component
class KeyringMetrics implements MetricSource {
  private final Keyring keyring;

  KeyringMetrics(Keyring keyring) {
    this.keyring = keyring;
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

  private boolean signs(TokenName token) {
    try {
      keyring.probe(token);
      return true;
    } catch (SignerException e) {
      return false;
    }
  }
}
