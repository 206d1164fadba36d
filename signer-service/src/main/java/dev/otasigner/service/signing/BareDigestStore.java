package dev.otasigner.service.signing;

import java.util.Optional;
import java.util.UUID;
import org.springframework.data.jpa.repository.JpaRepository;

/** Bare digests in the database. */
interface BareDigestStore extends JpaRepository<BareDigest, UUID> {
  Optional<BareDigest> findByProductAndRequesterAndIdempotencyKey(
      String product, String requester, String idempotencyKey);
}
