package dev.otasigner.service.audit;

import dev.otasigner.keys.DurableFile;
import dev.otasigner.service.ServiceDirectories;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.audit.AuditKey;
import dev.otasigner.verifier.audit.Checkpoint;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
      vouched = vouched();
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

  /**
   * Replaces the file, unless what it vouches for is longer: of two checkpoints made at once either
   * may come first. Whole and on disk when this returns.
   *
   * @throws SignerException CONFLICT when the file is none of the audit key's; it is left alone
   */
  synchronized void replace(Checkpoint checkpoint, byte[] note) {
    try {
      if (Files.exists(file) && vouched().size() > checkpoint.size()) {
        return;
      }
      DurableFile.replace(file, note);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RejectedException e) {
      throw SignerException.conflict(
          "the audit log's last checkpoint is not one of the audit key's: " + e.getMessage());
    }
  }

  private Checkpoint vouched() throws IOException, RejectedException {
    return Checkpoint.read(bounded(), new AuditKey(signer.getObject().key()));
  }
}
