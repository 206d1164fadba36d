package dev.otasigner.service.fleet;

import dev.otasigner.service.report.Retention;
import dev.otasigner.service.report.RetentionSource;
import java.util.List;
import org.springframework.stereotype.Component;

/** How long devices are kept. */
@Component
class FleetRetention implements RetentionSource {
  @Override
  public List<Retention> retentions() {
    return List.of(
        Retention.forEver("products, profiles, devices"),
        new Retention(
            "what a device reported: versions, time, network address", "until its next check-in"));
  }
}
