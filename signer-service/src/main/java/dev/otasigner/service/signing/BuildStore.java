package dev.otasigner.service.signing;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.jpa.repository.JpaRepository;

/** Builds in the database. */
interface BuildStore extends JpaRepository<Build, UUID> {
  List<Build> findByProductOrderByCreated(String product);

  Optional<Build> findByProductAndVersion(String product, String version);
}
