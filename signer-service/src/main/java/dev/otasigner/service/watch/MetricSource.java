package dev.otasigner.service.watch;

import java.util.List;

/** Reads gauges when Prometheus asks; quick, and without an effect. */
public interface MetricSource {
  List<Reading> readings();
}
