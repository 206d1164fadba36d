package dev.otasigner.service.signing;

import dev.otasigner.keys.approval.Approval;
import dev.otasigner.service.report.Ending;
import dev.otasigner.service.report.EndingSource;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.springframework.stereotype.Component;

/**
 * A request that nobody approves lapses, and so does an approval before the others it waits for.
 */
@Component
class WaitingRequestEndings implements EndingSource {
  private final SigningRequestStore requests;
  private final RequestApprovalStore approvals;
  private final Clock clock;

  WaitingRequestEndings(SigningRequestStore requests, RequestApprovalStore approvals, Clock clock) {
    this.requests = requests;
    this.approvals = approvals;
    this.clock = clock;
  }

  @Override
  public List<Ending> endings() {
    Instant now = clock.instant();
    List<Ending> endings = new ArrayList<>();
    for (SigningRequest request :
        requests.findByStateInOrderByCreated(List.of(RequestState.AWAITING_APPROVAL))) {
      endings.add(
          new Ending("waiting request " + request.id(), request.created().plus(Approval.LONGEST)));
      approvals.findByRequestOrderByReceived(request.id()).stream()
          .filter(approval -> approval.stands(now))
          .map(RequestApproval::lapse)
          .forEach(endings::add);
    }
    return endings;
  }
}
