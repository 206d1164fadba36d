package dev.otasigner.service.webhook;

import dev.otasigner.service.report.Period;
import dev.otasigner.service.report.ReportKind;
import dev.otasigner.service.report.ReportSource;
import dev.otasigner.service.report.Section;
import java.util.List;
import org.springframework.stereotype.Component;

/** Whom the service calls. */
@Component
class WebhookReport implements ReportSource {
  private final Webhooks webhooks;

  WebhookReport(Webhooks webhooks) {
    this.webhooks = webhooks;
  }

  @Override
  public ReportKind kind() {
    return ReportKind.NETWORK;
  }

  @Override
  public int position() {
    return 1;
  }

  @Override
  public List<Section> sections(Period period) {
    return List.of(
        new Section(
            "Webhooks",
            List.of(
                "Receivers that an administrator has named are called with signed JSON; no redirect"
                    + " is followed, and of an answer only its status is looked at."),
            List.of("called"),
            webhooks.hosts().stream().map(List::of).toList()));
  }
}
