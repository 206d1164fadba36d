package dev.otasigner.service.catalogue;

import dev.otasigner.verifier.tuf.TargetFile;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A file that a role shall list, and where its content is: a small document in memory, or a file
 * that never changes.
 */
record WantedFile(TargetFile target, Optional<byte[]> content, Optional<Path> stored) {

  static WantedFile of(String path, byte[] content) {
    return new WantedFile(
        TargetFile.of(path, content), Optional.of(content.clone()), Optional.empty());
  }

  static WantedFile of(TargetFile target, Path stored) {
    return new WantedFile(target, Optional.empty(), Optional.of(stored));
  }
}
