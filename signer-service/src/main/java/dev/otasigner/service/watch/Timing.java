package dev.otasigner.service.watch;

import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/** How long something took, by buckets. */
final class Timing {
  private static final double[] BOUNDS = {
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1,
    2.5,
    5,
    10,
    30,
    Double.POSITIVE_INFINITY
  };

  private final AtomicLongArray counts = new AtomicLongArray(BOUNDS.length);
  private final LongAdder nanos = new LongAdder();

  void took(Duration time) {
    double seconds = time.toNanos() / 1e9;
    int bucket = 0;
    while (seconds > BOUNDS[bucket]) {
      bucket++;
    }
    counts.incrementAndGet(bucket);
    nanos.add(time.toNanos());
  }

  HistogramDataPointSnapshot snapshot(Labels labels) {
    long[] now = new long[BOUNDS.length];
    for (int i = 0; i < now.length; i++) {
      now[i] = counts.get(i);
    }
    return HistogramDataPointSnapshot.builder()
        .classicHistogramBuckets(ClassicHistogramBuckets.of(BOUNDS, now))
        .sum(nanos.sum() / 1e9)
        .labels(labels)
        .build();
  }
}
