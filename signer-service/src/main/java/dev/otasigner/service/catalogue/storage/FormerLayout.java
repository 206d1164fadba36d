package dev.otasigner.service.catalogue.storage;

import dev.otasigner.service.signing.DurableFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What publishers before the fence have left in a directory: their number, their lock file, and
 * unfinished files beside finished ones.
 */
final class FormerLayout {
  private final Path directory;
  private final Path numberFile;

  FormerLayout(Path directory) {
    this.directory = directory;
    this.numberFile = directory.resolve(".publisher");
  }

  /** The number of the last publisher, 0 when there was none. */
  long number() throws IOException {
    if (!Files.isRegularFile(numberFile)) {
      return 0;
    }
    try {
      return Long.parseLong(Files.readString(numberFile, StandardCharsets.US_ASCII).strip());
    } catch (NumberFormatException e) {
      throw new IOException(numberFile + " is damaged: a number is expected", e);
    }
  }

  /** Clears it away, once. */
  void remove() throws IOException {
    if (!Files.isRegularFile(numberFile)) {
      return;
    }
    try (Stream<Path> walk = Files.walk(directory)) {
      for (Path file : walk.filter(FormerLayout::isUnfinished).toList()) {
        Files.deleteIfExists(file);
      }
    }
    Files.deleteIfExists(directory.resolve(".publisher.lock"));
    Files.delete(numberFile);
  }

  private static boolean isUnfinished(Path file) {
    return String.valueOf(file.getFileName()).endsWith(DurableFiles.PART);
  }
}
