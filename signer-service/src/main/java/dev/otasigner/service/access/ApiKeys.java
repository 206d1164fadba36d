package dev.otasigner.service.access;

import java.util.Optional;
import java.util.UUID;
import org.springframework.data.repository.ListCrudRepository;

interface ApiKeys extends ListCrudRepository<ApiKey, UUID> {
  Optional<ApiKey> findBySecretSha256(String secretSha256);

  boolean existsByName(String name);
}
