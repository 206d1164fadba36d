package dev.otasigner.service.access;

import java.time.Instant;
import java.util.UUID;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.ListCrudRepository;

interface Proposals extends ListCrudRepository<Proposal, UUID> {
  @Modifying
  @Query("delete from Proposal p where p.proposedBy = ?1 or p.userName = ?2")
  void dropOf(String person, String userName);

  @Modifying
  @Query("delete from Proposal p where p.expires <= ?1")
  void deleteExpired(Instant now);
}
