package dev.otasigner.service.catalogue;

import dev.otasigner.service.signing.DurableFiles;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.tuf.TargetFile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The files of one repository, as devices and mirrors see them. Every file but the timestamp is
 * written once; writing asks the publisher's lock each time.
 */
final class RepositoryFiles {
  private static final Pattern VERSIONED = Pattern.compile("([1-9][0-9]{0,17})\\.(.+)\\.json");
  private static final String TIMESTAMP = "timestamp.json";

  private final Path directory;
  private final Path metadata;
  private final Path targets;

  RepositoryFiles(Path directory) throws IOException {
    this.directory = directory;
    this.metadata = DurableFiles.createDirectories(directory.resolve("metadata"));
    this.targets = DurableFiles.createDirectories(directory.resolve("targets"));
  }

  Path directory() {
    return directory;
  }

  Optional<byte[]> timestamp() throws IOException {
    return read(metadata.resolve(TIMESTAMP));
  }

  Optional<byte[]> versioned(long version, String role) throws IOException {
    return read(metadata.resolve(version + "." + role + ".json"));
  }

  /** A metadata file by the name a client asks for. */
  Optional<byte[]> metadata(String name) throws IOException {
    Path file = metadata.resolve(name).normalize();
    return metadata.equals(file.getParent()) ? read(file) : Optional.empty();
  }

  /** The highest version of the role's metadata that was ever written, 0 when there is none. */
  long highestVersion(String role) throws IOException {
    long highest = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(metadata, "*." + role + ".json")) {
      for (Path file : files) {
        Matcher name = VERSIONED.matcher(String.valueOf(file.getFileName()));
        if (name.matches() && name.group(2).equals(role)) {
          highest = Math.max(highest, Long.parseLong(name.group(1)));
        }
      }
    }
    return highest;
  }

  /**
   * Writes a role's metadata under a version that was never written before.
   *
   * @throws FileAlreadyExistsException when it was: a client may hold the other one
   */
  void writeVersioned(PublisherLock.Held lock, long version, String role, byte[] bytes)
      throws IOException {
    Path file = metadata.resolve(version + "." + role + ".json");
    lock.requireHeld();
    if (Files.exists(file)) {
      throw new FileAlreadyExistsException(file.toString());
    }
    DurableFiles.write(file, bytes);
  }

  /** The one file that is replaced. */
  void replaceTimestamp(PublisherLock.Held lock, byte[] bytes) throws IOException {
    lock.requireHeld();
    DurableFiles.write(metadata.resolve(TIMESTAMP), bytes);
  }

  /** Where the content of a listed file lies, whether or not it is there. */
  Path locationOf(TargetFile target) {
    Path file = targets.resolve(target.location(true)).normalize();
    if (!file.startsWith(targets)) {
      throw new IllegalArgumentException("a target outside the repository: " + target.path());
    }
    return file;
  }

  boolean hasTarget(TargetFile target) throws IOException {
    Path file = locationOf(target);
    return Files.isRegularFile(file) && Files.size(file) == target.lengthBytes();
  }

  /** Puts a listed file's content in its place; its name carries its digest. */
  void addTarget(PublisherLock.Held lock, WantedFile file) throws IOException {
    Path place = locationOf(file.target());
    lock.requireHeld();
    DurableFiles.createDirectories(place.resolveSibling(""));
    if (file.content().isPresent()) {
      DurableFiles.write(place, file.content().get());
      return;
    }
    Path source = file.stored().orElseThrow(() -> new NoSuchFileException(file.target().path()));
    Path part = DurableFiles.temporary(place.resolveSibling(""));
    try {
      try {
        // The payload store's file never changes either: one copy on disk serves both.
        Files.createLink(part, source);
      } catch (UnsupportedOperationException | java.nio.file.FileSystemException e) {
        copyForced(source, part);
      }
      DurableFiles.moveInto(part, place);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static void copyForced(Path source, Path part) throws IOException {
    Files.copy(source, part);
    try (var channel =
        java.nio.channels.FileChannel.open(part, java.nio.file.StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  /** Removes what an interrupted write has left. */
  void removeParts(PublisherLock.Held lock) throws IOException {
    lock.requireHeld();
    try (Stream<Path> walk = Files.walk(directory)) {
      for (Path file : walk.filter(RepositoryFiles::isPart).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  private static boolean isPart(Path file) {
    return String.valueOf(file.getFileName()).endsWith(DurableFiles.PART);
  }

  private static Optional<byte[]> read(Path file) throws IOException {
    try {
      return Optional.of(Files.readAllBytes(file));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /** SHA-256 of the first root, what a profile bakes in. */
  Optional<Digest> firstRoot() throws IOException {
    return versioned(1, "root").map(Digest::of);
  }
}
