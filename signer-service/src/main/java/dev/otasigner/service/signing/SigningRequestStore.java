package dev.otasigner.service.signing;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.jpa.repository.JpaRepository;

/** Requests in the database. */
interface SigningRequestStore extends JpaRepository<SigningRequest, UUID> {
  Optional<SigningRequest> findByProductAndRequesterAndIdempotencyKey(
      String product, String requester, String idempotencyKey);

  List<SigningRequest> findByProductOrderByCreatedDesc(String product);

  List<SigningRequest> findByStateInOrderByCreated(Collection<RequestState> states);
}
