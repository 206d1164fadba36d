package dev.otasigner.service.watch;

import java.util.List;

/**
 * One number of a gauge.
 *
 * @param labels values in the order of the metric's labels
 */
public record Reading(Metric metric, double value, List<String> labels) {
  public Reading {
    labels = List.copyOf(labels);
    if (metric.kind() != Metric.Kind.GAUGE || labels.size() != metric.labels().size()) {
      throw new IllegalArgumentException(metric + " is not read with " + labels);
    }
  }

  public static Reading of(Metric metric, double value, String... labels) {
    return new Reading(metric, value, List.of(labels));
  }

  public static Reading of(Metric metric, long value, String... labels) {
    return new Reading(metric, (double) value, List.of(labels));
  }
}
