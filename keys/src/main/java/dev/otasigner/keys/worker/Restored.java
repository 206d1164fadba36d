package dev.otasigner.keys.worker;

import dev.otasigner.keys.DurableFile;
import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.keys.approval.RequestDocument;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/**
 * The note {@code restored.json} in a worker's directory that came back from a backup. Between the
 * backup and then, requests may have been signed that the journal here knows nothing of: a request
 * from before is not signed a second time.
 */
public final class Restored {
  private static final String FILE = "restored.json";
  private static final int MAX_BYTES = 4096;

  private Restored() {}

  /**
   * Makes a directory that holds the configuration and journal of a backup into one that a worker
   * starts in.
   *
   * @param at no request from before is signed by image, manifest, root and targets keys
   * @param leftOut keys of the backup that were not restored
   */
  public static void mark(Path directory, Instant at, Set<Digest> leftOut) throws IOException {
    Path file = directory.resolve(TokenWorker.CONFIGURATION);
    WorkerConfiguration configuration = WorkerConfiguration.read(file);
    for (Digest keyId : leftOut) {
      configuration = configuration.without(keyId);
    }
    configuration.write(file);
    Json.Obj note = Json.object().put("schema", 1).put("at", at).build();
    DurableFile.replace(directory.resolve(FILE), note.textBytes());
  }

  /** When the directory came back from a backup, if it ever did. */
  static Optional<Instant> in(Path directory) {
    Path file = directory.resolve(FILE);
    try {
      if (!Files.exists(file)) {
        return Optional.empty();
      }
      Fields fields = JsonReader.readObject(Files.readAllBytes(file), MAX_BYTES);
      fields.requireSchema(Set.of());
      return Optional.of(fields.time("at"));
    } catch (IOException | RejectedException e) {
      throw new TokenUnavailable(file + ": " + e.getMessage(), e);
    }
  }

  /**
   * A request that is named by its content alone, as a catalogue's role is, is the same whenever it
   * is signed. Any other one has to say in its document that it was made since.
   *
   * @param refused thrown for a request that does not
   */
  static void requireSince(Instant since, WorkerRequest request, Refused refused) {
    Optional<Bytes> canonical = request.document();
    if (canonical.isEmpty()) {
      if (!request.request().equals(Digest.of(request.input().bytes()))) {
        throw refused;
      }
      return;
    }
    try {
      RequestDocument document = RequestDocument.read(canonical.get().toByteArray());
      boolean own = document.digest().equals(request.request());
      if (!own || document.created().filter(at -> !at.isBefore(since)).isEmpty()) {
        throw refused;
      }
    } catch (RejectedException e) {
      throw new Refused(RefusalCode.REQUEST_MISMATCH, "request document: " + e.getMessage());
    }
  }

  static Refused refusal(Instant restored) {
    return new Refused(
        RefusalCode.BEFORE_RESTORE,
        "the token was restored from a backup at "
            + restored
            + ", and whether an older request was signed before is not known; make it again");
  }
}
