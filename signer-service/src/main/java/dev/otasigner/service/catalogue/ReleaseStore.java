package dev.otasigner.service.catalogue;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.domain.Limit;
import org.springframework.data.jpa.repository.JpaRepository;
import org.springframework.data.jpa.repository.Query;

/** Releases in the database. */
interface ReleaseStore extends JpaRepository<Release, UUID> {
  /** A product's releases in one of these states, the oldest first. */
  @Query(
      "select r from Release r where r.product = :product and r.state in :states"
          + " order by r.created, r.id")
  List<Release> listed(String product, Collection<ReleaseState> states);

  /** A product's releases, oldest first, from this one on. */
  @Query(
      "select r from Release r where r.product = :product"
          + " and (r.created > :created or r.created = :created and r.id >= :id)"
          + " order by r.created, r.id")
  List<Release> oldest(String product, Instant created, UUID id, Limit limit);

  /** Wherever a build was released. */
  List<Release> findByProductAndVersion(String product, String version);

  List<Release> findByState(ReleaseState state);

  /** Those that the service has ended by itself and nobody has listed since. */
  List<Release> findByHaltedIsNotNull();

  long countByState(ReleaseState state);

  long countByHaltedIsNotNull();

  List<Release> findByProductAndPendingTrue(String product);

  @Query("select distinct r.product from Release r where r.pending = true order by r.product")
  List<String> pendingProducts();

  Optional<Release> findByProductAndChannelAndHardwareAndVersion(
      String product, String channel, String hardware, String version);
}
