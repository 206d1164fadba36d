package dev.otasigner.service.keyring;

import jakarta.persistence.LockModeType;
import java.util.List;
import java.util.Optional;
import org.springframework.data.jpa.repository.JpaRepository;
import org.springframework.data.jpa.repository.Lock;
import org.springframework.data.jpa.repository.Query;

interface KeyRows extends JpaRepository<KeyRow, String> {
  Optional<KeyRow> findByName(String name);

  @Query("select k from KeyRow k order by k.name")
  List<KeyRow> allByName();

  @Query("select k from KeyRow k where k.ruleEndOwed = true order by k.name")
  List<KeyRow> owingRuleEnd();

  @Lock(LockModeType.PESSIMISTIC_WRITE)
  @Query("select k from KeyRow k where k.keyId = :keyId")
  Optional<KeyRow> lock(String keyId);

  /** Waits until nobody else judges whether a key is needed, and keeps others waiting. */
  @Query(value = "select id from keyring_retiring where id = 1 for update", nativeQuery = true)
  int lockRetiring();
}
