package dev.otasigner.service.listeners;

import dev.otasigner.service.watch.Metric;
import dev.otasigner.service.watch.Metrics;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
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

  private record Agreed(String listener, String version, String suite, String group) {}

  private final Metrics metrics;
  private final Map<Agreed, Long> agreed = new ConcurrentHashMap<>();

  Handshakes(Metrics metrics) {
    this.metrics = metrics;
  }

  SSLEngine counted(String listener, SSLEngine engine, CountedEngine.Demands demands) {
    return new CountedEngine(engine, demands, result -> ended(listener, result, engine));
  }

  private void ended(String listener, Result result, SSLEngine engine) {
    boolean done = result == Result.DONE;
    String version = done ? engine.getSession().getProtocol() : NOTHING;
    String suite = done ? engine.getSession().getCipherSuite() : NOTHING;
    String group = done ? group(engine.getSession()) : NOTHING;
    if (done) {
      agreed.merge(new Agreed(listener, version, suite, group), 1L, Long::sum);
    }
    metrics.count(Metric.HANDSHAKES, listener, result.code, version, suite, group);
  }

  private static String group(SSLSession session) {
    return session.getValue(CountedEngine.GROUP) instanceof String group ? group : NOTHING;
  }

  /** Version, suite, group and how often since the start, for the listener. */
  List<List<String>> agreedOn(String listener) {
    Map<String, List<String>> rows = new TreeMap<>();
    agreed.forEach(
        (key, count) -> {
          if (key.listener().equals(listener)) {
            rows.put(
                key.version() + key.suite() + key.group(),
                List.of(key.version(), key.suite(), key.group(), Long.toString(count)));
          }
        });
    return List.copyOf(rows.values());
  }
}
