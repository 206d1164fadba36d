package dev.otasigner.service.rotation;

import dev.otasigner.service.report.Retention;
import dev.otasigner.service.report.RetentionSource;
import java.util.List;
import org.springframework.stereotype.Component;

/** How long alarms and rotations are kept. */
@Component
class RotationRetention implements RetentionSource {
  @Override
  public List<Retention> retentions() {
    return List.of(
        new Retention(
            "alarms of ends that strand nobody any more", "until the end has come, then 10 min"),
        Retention.forEver("rotations of keys: which, and who started or aborted them"));
  }
}
