package dev.otasigner.service.signing;

import dev.otasigner.keys.approval.Approval;
import dev.otasigner.service.report.Ending;
import dev.otasigner.service.report.EndingSource;
import java.util.List;
import org.springframework.stereotype.Component;

/** A request that nobody approves lapses. */
@Component
class WaitingRequestEndings implements EndingSource {
  private final SigningRequestStore requests;

  WaitingRequestEndings(SigningRequestStore requests) {
    this.requests = requests;
  }

  @Override
  public List<Ending> endings() {
    return requests.findByStateInOrderByCreated(List.of(RequestState.AWAITING_APPROVAL)).stream()
        .map(
            request ->
                new Ending(
                    "waiting request " + request.id(), request.created().plus(Approval.LONGEST)))
        .toList();
  }
}
