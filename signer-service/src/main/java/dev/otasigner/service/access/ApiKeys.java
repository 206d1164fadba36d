package dev.otasigner.service.access;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.repository.ListCrudRepository;

interface ApiKeys extends ListCrudRepository<ApiKey, UUID> {
  Optional<ApiKey> findBySecretSha256(String secretSha256);

  Optional<ApiKey> findByName(String name);

  List<ApiKey> findByCreatedBy(String createdBy);
}
