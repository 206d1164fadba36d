package dev.otasigner.service.catalogue;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.jpa.repository.JpaRepository;

/** Releases in the database. */
interface ReleaseStore extends JpaRepository<Release, UUID> {
  List<Release> findByProductOrderByCreated(String product);

  Optional<Release> findByProductAndChannelAndHardwareAndVersion(
      String product, String channel, String hardware, String version);
}
