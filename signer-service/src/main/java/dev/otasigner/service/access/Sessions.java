package dev.otasigner.service.access;

import java.time.Instant;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.CrudRepository;

interface Sessions extends CrudRepository<Session, String> {
  @Modifying
  @Query("delete from Session s where s.userName = ?1")
  void closeAllOf(String userName);

  @Modifying
  @Query("delete from Session s where s.expires <= ?1")
  void deleteExpired(Instant now);
}
