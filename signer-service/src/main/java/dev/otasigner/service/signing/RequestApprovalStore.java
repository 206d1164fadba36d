package dev.otasigner.service.signing;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.springframework.data.jpa.repository.JpaRepository;

/** Approvals in the database. */
interface RequestApprovalStore extends JpaRepository<RequestApproval, String> {
  List<RequestApproval> findByRequestOrderByReceived(UUID request);

  /** Those that were taken back and would hold still. */
  List<RequestApproval> findByTakenBackIsNotNullAndNotAfterAfter(Instant now);
}
