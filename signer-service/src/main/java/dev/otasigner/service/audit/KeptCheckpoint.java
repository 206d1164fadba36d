package dev.otasigner.service.audit;

import dev.otasigner.service.ServiceDirectories;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.RejectedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/** The newest checkpoint, in a file apart from the database whose log it vouches for. */
@Component
class KeptCheckpoint {
  private final Path file;
  private final AuditStore store;
  private final ObjectProvider<AuditSigner> signer;

  KeptCheckpoint(
      ServiceDirectories directories, AuditStore store, ObjectProvider<AuditSigner> signer) {
    this.file = directories.audit().resolve("checkpoint");
    this.store = store;
    this.signer = signer;
  }

  Path file() {
    return file;
  }

  /** What is wrong with the log as it is now, or nothing. */
  synchronized Optional<String> trouble() {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    Bytes note;
    try {
      note = Bytes.copyOf(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Optional<Checkpoint> kept = Checkpoint.read(note);
    if (kept.isEmpty() || !kept.get().origin().equals(store.origin())) {
      return Optional.of("its last checkpoint is not one of this log");
    }
    try {
      kept.get().verify(note, signer.getObject().key());
    } catch (RejectedException e) {
      return Optional.of("its last checkpoint is not signed by the audit key");
    }
    long size = store.size();
    if (size < kept.get().size()) {
      return Optional.of("records are missing: " + size + " of " + kept.get().size() + " are left");
    }
    return new MerkleTree(store).root(kept.get().size()).equals(kept.get().root())
        ? Optional.empty()
        : Optional.of("records before number " + kept.get().size() + " were changed");
  }

  /** Replaces the file; whole and on disk when this returns. */
  synchronized void replace(byte[] note) {
    Path next = file.resolveSibling("checkpoint.next");
    try {
      Files.write(next, note);
      try (FileChannel channel = FileChannel.open(next, StandardOpenOption.WRITE)) {
        channel.force(true);
      }
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
