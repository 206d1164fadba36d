package dev.otasigner.service.signing;

import dev.otasigner.service.problem.SignerException;
import java.time.Clock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/**
 * Tells the workers once more at the start what was taken back: one that came back from a backup
 * has forgotten what was taken back since, and one that is away is told when it is there.
 */
@Component
class RevocationsRetold {
  private static final Logger log = LoggerFactory.getLogger(RevocationsRetold.class);

  private final RequestApprovalStore store;
  private final RequestApprovals approvals;
  private final RequestLedger ledger;
  private final Clock clock;
  private volatile boolean done;

  RevocationsRetold(
      RequestApprovalStore store, RequestApprovals approvals, RequestLedger ledger, Clock clock) {
    this.store = store;
    this.approvals = approvals;
    this.ledger = ledger;
    this.clock = clock;
  }

  @EventListener(ApplicationReadyEvent.class)
  void onReady() {
    done = false;
    tell();
  }

  /** Until all were told once. */
  @Scheduled(initialDelay = 5_000, fixedDelay = 5_000)
  void tell() {
    if (done) {
      return;
    }
    boolean all = true;
    for (RequestApproval word : store.findByTakenBackIsNotNullAndNotAfterAfter(clock.instant())) {
      try {
        approvals.tellWorkers(ledger.get(word.request()), word.envelope());
      } catch (SignerException e) {
        all = false;
        log.warn("a worker could not be told what was taken back, and will be: {}", e.getMessage());
      }
    }
    done = all;
  }
}
