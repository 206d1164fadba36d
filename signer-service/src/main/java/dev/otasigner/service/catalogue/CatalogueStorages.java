package dev.otasigner.service.catalogue;

import dev.otasigner.service.Milestones;
import dev.otasigner.service.ServiceDirectories;
import dev.otasigner.service.catalogue.storage.FileStorage;
import dev.otasigner.service.catalogue.storage.RepositoryStorage;
import java.nio.file.Path;
import org.springframework.stereotype.Component;

/** Where repositories are kept: each in a directory of its own that web servers can serve. */
@Component
final class CatalogueStorages {
  private final Path catalogue;
  private final Milestones milestones;

  CatalogueStorages(ServiceDirectories directories, Milestones milestones) {
    this.catalogue = directories.catalogue();
    this.milestones = milestones;
  }

  /** The storage of a repository, whether or not there is one. */
  RepositoryStorage of(LineageKey lineage) {
    return new FileStorage(
        catalogue.resolve(lineage.product()).resolve(lineage.name()),
        RepositoryFiles.TIMESTAMP,
        FileStorage.LEASE,
        milestones,
        System::nanoTime);
  }
}
