package dev.otasigner.service.watch;

import dev.otasigner.service.problem.RequestRefused;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/** Counts every no: failed sign-ins, limits, policies, and failures of the service itself. */
@Component
class RefusalMetrics {
  private final Metrics metrics;

  RefusalMetrics(Metrics metrics) {
    this.metrics = metrics;
  }

  @EventListener
  void on(RequestRefused refused) {
    metrics.count(Metric.REFUSALS, refused.type().code());
  }
}
