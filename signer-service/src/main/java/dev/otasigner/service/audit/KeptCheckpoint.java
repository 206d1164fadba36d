package dev.otasigner.service.audit;

import dev.otasigner.service.ServiceDirectories;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.audit.AuditKey;
import dev.otasigner.verifier.audit.Checkpoint;
import java.io.IOException;
import java.io.InputStream;
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
    Checkpoint vouched;
    try {
      vouched = Checkpoint.read(bounded(), new AuditKey(signer.getObject().key()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RejectedException e) {
      return Optional.of("its last checkpoint is not one of the audit key's: " + e.getMessage());
    }
    if (!vouched.origin().equals(store.origin())) {
      return Optional.of("its last checkpoint is not one of this log");
    }
    long size = store.size();
    if (size < vouched.size()) {
      return Optional.of("records are missing: " + size + " of " + vouched.size() + " are left");
    }
    return new MerkleTree(store).root(vouched.size()).equals(vouched.root())
        ? Optional.empty()
        : Optional.of("records before number " + vouched.size() + " were changed");
  }

  private byte[] bounded() throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(Checkpoint.MAX_BYTES + 1);
    }
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
