package dev.otasigner.service.catalogue;

import java.util.List;
import org.springframework.data.jpa.repository.JpaRepository;

/** Lineages in the database. */
interface LineageStore extends JpaRepository<Lineage, LineageKey> {
  List<Lineage> findByKeyProductOrderByCreated(String product);
}
