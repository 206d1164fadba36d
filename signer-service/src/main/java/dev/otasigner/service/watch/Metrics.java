package dev.otasigner.service.watch;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/** Counts what happens, and collects what the features read when Prometheus asks. */
@Component
public class Metrics {
  private static final Logger log = LoggerFactory.getLogger(Metrics.class);
  private static final String TOTAL = "_total";

  /** One line of what Prometheus gets. */
  private record Series(Metric metric, List<String> values) {
    Series {
      values = List.copyOf(values);
      if (values.size() != metric.labels().size()) {
        throw new IllegalArgumentException(metric + " has other labels than " + values);
      }
    }

    Labels labels() {
      return Labels.of(metric.labels(), values);
    }
  }

  private final Map<Series, LongAdder> counters = new ConcurrentHashMap<>();
  private final Map<Series, Timing> timings = new ConcurrentHashMap<>();
  private final ObjectProvider<MetricSource> sources;

  Metrics(ObjectProvider<MetricSource> sources) {
    this.sources = sources;
  }

  public void count(Metric metric, String... labels) {
    counters
        .computeIfAbsent(new Series(metric, List.of(labels)), series -> new LongAdder())
        .increment();
  }

  public void took(Metric metric, Duration time, String... labels) {
    timings.computeIfAbsent(new Series(metric, List.of(labels)), series -> new Timing()).took(time);
  }

  MetricSnapshots scrape() {
    Map<Metric, GaugeSnapshot.Builder> gauges = new EnumMap<>(Metric.class);
    sources.forEach(source -> read(source, gauges));
    Map<Metric, CounterSnapshot.Builder> counts = new EnumMap<>(Metric.class);
    counters.forEach(
        (series, sum) ->
            counts
                .computeIfAbsent(series.metric(), Metrics::counter)
                .dataPoint(
                    CounterDataPointSnapshot.builder()
                        .value(sum.doubleValue())
                        .labels(series.labels())
                        .build()));
    Map<Metric, HistogramSnapshot.Builder> histograms = new EnumMap<>(Metric.class);
    timings.forEach(
        (series, timing) ->
            histograms
                .computeIfAbsent(
                    series.metric(),
                    metric -> HistogramSnapshot.builder().name(metric.code()).help(metric.help()))
                .dataPoint(timing.snapshot(series.labels())));
    List<MetricSnapshot> all = new ArrayList<>();
    gauges.values().forEach(gauge -> all.add(gauge.build()));
    counts.values().forEach(counter -> all.add(counter.build()));
    histograms.values().forEach(histogram -> all.add(histogram.build()));
    return new MetricSnapshots(all);
  }

  private static CounterSnapshot.Builder counter(Metric metric) {
    String code = metric.code();
    String name = code.substring(0, code.length() - TOTAL.length());
    return CounterSnapshot.builder().name(name).help(metric.help());
  }

  /** What can not be read is left out, and shown by its absence. */
  private static void read(MetricSource source, Map<Metric, GaugeSnapshot.Builder> gauges) {
    List<Reading> readings;
    try {
      readings = source.readings();
    } catch (RuntimeException e) {
      log.warn("{} has nothing to tell: {}", source.getClass().getSimpleName(), e.getMessage());
      return;
    }
    for (Reading reading : readings) {
      Metric metric = reading.metric();
      gauges
          .computeIfAbsent(metric, m -> GaugeSnapshot.builder().name(m.code()).help(m.help()))
          .dataPoint(
              GaugeDataPointSnapshot.builder()
                  .value(reading.value())
                  .labels(Labels.of(metric.labels(), reading.labels()))
                  .build());
    }
  }
}
