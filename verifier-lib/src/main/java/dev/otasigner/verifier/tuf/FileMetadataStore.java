package dev.otasigner.verifier.tuf;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/**
 * One file a role in one directory, {@code ROLE.json} with the role name percent-encoded. A write
 * goes to a file beside, is forced to the disk, and is then renamed; the directory is forced too.
 */
public final class FileMetadataStore implements MetadataStore {
  private final Path directory;

  /** The directory must exist. */
  public FileMetadataStore(Path directory) {
    this.directory = directory;
  }

  @Override
  public Optional<byte[]> load(String role) throws IOException {
    try {
      return Optional.of(Files.readAllBytes(file(role)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  @Override
  public void store(String role, byte[] bytes) throws IOException {
    Path file = file(role);
    // Not a .json file: whoever lists the directory must not take it for trusted metadata.
    Path beside = directory.resolve("." + RoleFiles.encode(role) + ".new");
    try (FileChannel channel = FileChannel.open(beside, CREATE, TRUNCATE_EXISTING, WRITE)) {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(true);
    }
    Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    forceDirectory();
  }

  @Override
  public void delete(String role) throws IOException {
    if (Files.deleteIfExists(file(role))) {
      forceDirectory();
    }
  }

  private Path file(String role) {
    return directory.resolve(RoleFiles.unversioned(role));
  }

  private void forceDirectory() throws IOException {
    try (FileChannel channel = FileChannel.open(directory, READ)) {
      channel.force(true);
    } catch (AccessDeniedException e) {
      // Windows does not open directories; its renames are journalled.
      if (!Files.isDirectory(directory)) {
        throw e;
      }
    }
  }
}
