package dev.otasigner.service.listeners;

import dev.otasigner.service.watch.Metric;
import dev.otasigner.service.watch.Metrics;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLEngine;
import org.springframework.stereotype.Component;

/** How the TLS handshakes of each listener ended, and what was agreed in those that were done. */
@Component
class Handshakes {
  static final String MANAGEMENT = "management";
  private static final String NOTHING = "-";

  /** How one ended. */
  enum Result {
    DONE("done"),
    /** One side refused the other: its versions, suites, certificate or bytes. */
    FAILED("failed"),
    /** The connection was closed before the end, as by a probe of the port. */
    BROKEN_OFF("broken-off");

    private final String code;

    Result(String code) {
      this.code = code;
    }
  }

  private record Agreed(String listener, String version, String suite) {}

  private final Metrics metrics;
  private final Map<Agreed, Long> agreed = new ConcurrentHashMap<>();

  Handshakes(Metrics metrics) {
    this.metrics = metrics;
  }

  SSLEngine counted(String listener, SSLEngine engine) {
    return new CountedEngine(engine, result -> ended(listener, result, engine));
  }

  private void ended(String listener, Result result, SSLEngine engine) {
    boolean done = result == Result.DONE;
    String version = done ? engine.getSession().getProtocol() : NOTHING;
    String suite = done ? engine.getSession().getCipherSuite() : NOTHING;
    if (done) {
      agreed.merge(new Agreed(listener, version, suite), 1L, Long::sum);
    }
    metrics.count(Metric.HANDSHAKES, listener, result.code, version, suite);
  }

  /** Version, suite and how often since the start, for the listener. */
  List<List<String>> agreedOn(String listener) {
    Map<String, List<String>> rows = new TreeMap<>();
    agreed.forEach(
        (key, count) -> {
          if (key.listener().equals(listener)) {
            rows.put(
                key.version() + key.suite(),
                List.of(key.version(), key.suite(), Long.toString(count)));
          }
        });
    return List.copyOf(rows.values());
  }
}
