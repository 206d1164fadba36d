package dev.otasigner.cli.tuf;

import dev.otasigner.cli.NewFile;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.tuf.TargetFile;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Verified targets, each in a file named by its encoded path. A download goes elsewhere first: what
 * is not verified is never in the directory, not even under a temporary name.
 */
final class TargetDirectory {
  private final Path directory;

  TargetDirectory(Path directory) {
    this.directory = directory;
  }

  /** Brings a target, and fails unless it is the one that was listed. */
  interface Download {
    void to(OutputStream out) throws IOException, RejectedException;
  }

  /** Whether exactly this target is there already. */
  boolean holds(TargetFile target) throws IOException {
    Path file = file(target);
    if (!Files.isRegularFile(file) || Files.size(file) != target.lengthBytes()) {
      return false;
    }
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      target.verify(in);
      return true;
    } catch (RejectedException e) {
      return false;
    }
  }

  void take(TargetFile target, Download download) throws IOException, RejectedException {
    Path elsewhere = Files.createTempFile("signer-tuf-", ".target");
    try {
      try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(elsewhere))) {
        download.to(out);
      }
      NewFile.write(file(target), out -> Files.copy(elsewhere, out));
    } finally {
      Files.deleteIfExists(elsewhere);
    }
  }

  /** No separator survives the encoding; nor does a first dot, so none of our names is special. */
  private Path file(TargetFile target) {
    String name = URLEncoder.encode(target.path(), StandardCharsets.UTF_8);
    return directory.resolve(name.startsWith(".") ? "%2E" + name.substring(1) : name);
  }
}
