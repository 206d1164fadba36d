package dev.otasigner.service.signing;

import dev.otasigner.keys.approval.Approval;
import dev.otasigner.service.report.Retention;
import dev.otasigner.service.report.RetentionSource;
import java.util.List;
import org.springframework.stereotype.Component;

/** How long requests, approvals and payloads are kept. */
@Component
class SigningRetention implements RetentionSource {
  @Override
  public List<Retention> retentions() {
    return List.of(
        Retention.forEver("signing requests, approvals, builds"),
        Retention.forEver("payloads and signed images"),
        Retention.of(
            "requests that wait for approvals, as such", Approval.LONGEST, "then they fail"),
        Retention.of("unfinished uploads", PartialUploads.KEPT, "after the last byte"));
  }
}
