package dev.otasigner.service.signing;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.domain.Limit;
import org.springframework.data.jpa.repository.JpaRepository;
import org.springframework.data.jpa.repository.Query;

/** Requests in the database. */
interface SigningRequestStore extends JpaRepository<SigningRequest, UUID> {
  Optional<SigningRequest> findByProductAndRequesterAndIdempotencyKey(
      String product, String requester, String idempotencyKey);

  /** A product's requests, newest first, from this one on. */
  @Query(
      "select r from SigningRequest r where r.product = :product and r.state in :states"
          + " and (r.created < :created or r.created = :created and r.id <= :id)"
          + " order by r.created desc, r.id desc")
  List<SigningRequest> newest(
      String product, Collection<RequestState> states, Instant created, UUID id, Limit limit);

  /** Requests of all products, oldest first, from this one on. */
  @Query(
      "select r from SigningRequest r where r.state in :states"
          + " and (r.created > :created or r.created = :created and r.id >= :id)"
          + " order by r.created, r.id")
  List<SigningRequest> oldest(
      Collection<RequestState> states, Instant created, UUID id, Limit limit);

  /** The same of these products only. */
  @Query(
      "select r from SigningRequest r where r.product in :products and r.state in :states"
          + " and (r.created > :created or r.created = :created and r.id >= :id)"
          + " order by r.created, r.id")
  List<SigningRequest> oldestOf(
      Collection<String> products,
      Collection<RequestState> states,
      Instant created,
      UUID id,
      Limit limit);

  List<SigningRequest> findByStateInOrderByCreated(Collection<RequestState> states);

  @Query("select r.id from SigningRequest r where r.state in :states order by r.created, r.id")
  List<UUID> idsIn(Collection<RequestState> states);
}
