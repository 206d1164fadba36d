package dev.otasigner.service.signing;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.domain.Limit;
import org.springframework.data.jpa.repository.JpaRepository;
import org.springframework.data.jpa.repository.Query;

/** Builds in the database. */
interface BuildStore extends JpaRepository<Build, UUID> {
  /** A product's builds, newest version first, from this version on. */
  @Query(
      "select b from Build b where b.product = :product and b.sortable <= :from"
          + " order by b.sortable desc")
  List<Build> newest(String product, String from, Limit limit);

  /** What of a product's builds is filed where, in no order. */
  @Query(
      "select new dev.otasigner.service.signing.FiledBuild(b.version, b.manifest, b.component)"
          + " from Build b where b.product = :product")
  List<FiledBuild> filed(String product);

  Optional<Build> findByProductAndVersion(String product, String version);
}
