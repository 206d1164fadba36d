package dev.otasigner.service.webhook;

import dev.otasigner.service.report.Retention;
import dev.otasigner.service.report.RetentionSource;
import java.time.Duration;
import java.util.List;
import org.springframework.stereotype.Component;

/** How long what receivers are to be told is kept. */
@Component
class WebhookRetention implements RetentionSource {
  @Override
  public List<Retention> retentions() {
    Duration pauses = WebhookSender.PAUSES.stream().reduce(Duration.ZERO, Duration::plus);
    return List.of(
        new Retention(
            "what a webhook is still to be told",
            "until it has it; given up after "
                + Retention.words(pauses.multipliedBy(3).dividedBy(2).plusHours(1))
                + " at most"),
        Retention.forEver("which ends and failures were told"));
  }
}
