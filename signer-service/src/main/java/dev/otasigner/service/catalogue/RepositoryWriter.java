package dev.otasigner.service.catalogue;

import dev.otasigner.service.catalogue.storage.Content;
import dev.otasigner.service.catalogue.storage.Lease;
import dev.otasigner.service.catalogue.storage.Pointer;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.TargetFile;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;

/** Writes a repository's files for as long as the lease is held. */
final class RepositoryWriter implements AutoCloseable {
  private final Lease lease;

  RepositoryWriter(Lease lease) {
    this.lease = lease;
  }

  /** Shows a sign of life, where there is a while between two writes. */
  void alive() throws IOException {
    lease.alive();
  }

  /**
   * Writes a role's metadata under a version that was never written before.
   *
   * @throws FileAlreadyExistsException when it was: a client may hold the other one
   */
  void writeVersioned(long version, String role, byte[] bytes) throws IOException {
    String name = RepositoryFiles.nameOf(version, role);
    lease.create(name, bytes);
    pack(name, bytes);
  }

  /** Replaces a first root that no lineage came of: nobody was told of it. */
  void replaceFirstRoot(byte[] bytes) throws IOException {
    String name = RepositoryFiles.nameOf(1, Metadata.ROOT);
    lease.remove(name + Packed.SUFFIX);
    lease.put(name, Content.of(bytes));
    pack(name, bytes);
  }

  private void pack(String name, byte[] bytes) throws IOException {
    Optional<byte[]> packed = Packed.of(bytes);
    if (packed.isPresent()) {
      lease.put(name + Packed.SUFFIX, Content.of(packed.get()));
    }
  }

  /** The one file that is replaced, if it still is the one that was read. */
  void replaceTimestamp(Optional<Pointer> read, byte[] bytes) throws IOException {
    lease.replacePointer(read.map(Pointer::tag), bytes);
  }

  /** Puts a listed file's content in its place; its name carries its digest. */
  void addTarget(WantedFile file) throws IOException {
    Content content =
        file.content().orElseThrow(() -> new NoSuchFileException(file.target().path()));
    String name = RepositoryFiles.nameOf(file.target());
    lease.put(name, content);
    if (content instanceof Content.Document document) {
      pack(name, document.bytes().toByteArray());
    }
  }

  /** Removes a file that no role lists any more; nothing when it is gone. */
  void removeTarget(TargetFile target) throws IOException {
    String name = RepositoryFiles.nameOf(target);
    lease.remove(name + Packed.SUFFIX);
    lease.remove(name);
  }

  @Override
  public void close() throws IOException {
    lease.close();
  }
}
