package dev.otasigner.service.catalogue;

import dev.otasigner.service.catalogue.storage.Content;
import dev.otasigner.verifier.tuf.TargetFile;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A file that a role shall list.
 *
 * @param content empty when it is listed already, and only listed on
 */
record WantedFile(TargetFile target, Optional<Content> content) {

  static WantedFile of(String path, byte[] content) {
    return of(TargetFile.of(path, content), Content.of(content));
  }

  static WantedFile of(TargetFile target, Path stored) {
    return of(target, Content.of(stored));
  }

  static WantedFile of(TargetFile target, Content content) {
    return new WantedFile(target, Optional.of(content));
  }

  static WantedFile listed(TargetFile target) {
    return new WantedFile(target, Optional.empty());
  }
}
