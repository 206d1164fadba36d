package dev.otasigner.cli.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/**
 * Somebody who can write the service's catalogue files, and holds none of its keys. What is put in
 * a file's place lies under its name; the file itself is kept aside and put back.
 */
final class CatalogueThief {
  private final Path catalogue;
  private final Path loot;

  private CatalogueThief(Path catalogue, Path loot) {
    this.catalogue = catalogue;
    this.loot = loot;
  }

  static CatalogueThief of(World world) throws IOException {
    return new CatalogueThief(world.catalogue(), world.stage().directoryOf("thief"));
  }

  /** An attack while it lasts. */
  interface Attack {
    void run() throws IOException, StepFailedException;
  }

  /** Copies the timestamp of today, to be shown again on another day. */
  void keepTimestamp() throws IOException {
    Files.copy(timestamp(), loot.resolve("timestamp.json"), StandardCopyOption.REPLACE_EXISTING);
  }

  /** Puts the kept timestamp back while the attack lasts. */
  void rollBack(Attack attack) throws IOException, StepFailedException {
    replaced(timestamp(), Files.readAllBytes(loot.resolve("timestamp.json")), attack);
  }

  /** Flips a bit in the middle of the build's image. */
  void tamper(String version, Attack attack) throws IOException, StepFailedException {
    Path image = image(version);
    byte[] bytes = Files.readAllBytes(image);
    bytes[bytes.length / 2] ^= 1;
    replaced(image, bytes, attack);
  }

  /** Adds bytes at the end of the build's image. */
  void append(String version, Attack attack) throws IOException, StepFailedException {
    Path image = image(version);
    Path longer = loot.resolve("longer.img");
    Files.copy(image, longer, StandardCopyOption.REPLACE_EXISTING);
    Files.write(longer, new byte[16], StandardOpenOption.APPEND);
    replaced(image, Files.readAllBytes(longer), attack);
  }

  /**
   * The file may share its bytes on disk with other files of the service: it is moved aside whole,
   * never written into.
   */
  private void replaced(Path file, byte[] other, Attack attack)
      throws IOException, StepFailedException {
    Path aside = loot.resolve("aside");
    Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
    try {
      Files.write(file, other);
      attack.run();
    } finally {
      // Gone when somebody deleted the service's data; the attack's own failure is to be told then.
      if (Files.isDirectory(file.resolveSibling("."))) {
        Files.move(aside, file, StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  private Path timestamp() {
    return catalogue.resolve("metadata/timestamp.json");
  }

  private Path image(String version) throws IOException {
    Path folder = catalogue.resolve("targets").resolve(World.CHANNEL).resolve(World.HARDWARE);
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> images =
          files
              .filter(f -> String.valueOf(f.getFileName()).contains("." + version))
              .filter(f -> String.valueOf(f.getFileName()).endsWith(".img"))
              .toList();
      if (images.size() != 1) {
        throw new IOException(folder + ": one image of " + version + " is expected: " + images);
      }
      return images.get(0);
    }
  }
}
