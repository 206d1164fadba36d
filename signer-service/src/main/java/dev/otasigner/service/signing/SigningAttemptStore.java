package dev.otasigner.service.signing;

import java.util.List;
import java.util.UUID;
import org.springframework.data.jpa.repository.JpaRepository;

/** Attempts in the database. */
interface SigningAttemptStore extends JpaRepository<SigningAttempt, SigningAttempt.Key> {
  List<SigningAttempt> findByKeyRequestOrderByKeyNumber(UUID request);
}
