package dev.otasigner.service.catalogue.storage;

/** The model of an object store keeps the contract; so the contract is one that those can keep. */
class MemoryStorageTests extends StorageContract {
  private final MemoryStorage.Objects objects = new MemoryStorage.Objects();

  @Override
  RepositoryStorage storage() {
    return new MemoryStorage(objects, POINTER, LEASE, this::look);
  }
}
