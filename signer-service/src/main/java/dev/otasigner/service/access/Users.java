package dev.otasigner.service.access;

import jakarta.persistence.LockModeType;
import java.util.Optional;
import org.springframework.data.jpa.repository.Lock;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.ListCrudRepository;

interface Users extends ListCrudRepository<User, String> {
  /**
   * The user as it is now, whom nobody else changes until the transaction under way ends. Comes
   * before the sessions of the user are touched.
   */
  @Lock(LockModeType.PESSIMISTIC_WRITE)
  @Query("select u from User u where u.name = ?1")
  Optional<User> hold(String name);
}
