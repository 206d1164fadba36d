package dev.otasigner.device.agent;

import dev.otasigner.device.flash.FlashFullException;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.audit.AuditKey;
import dev.otasigner.verifier.audit.Checkpoint;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.tuf.TargetFile;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Keeps the newest checkpoint of the maker's audit log, which the catalogue carries: held by many
 * devices, it shows a log that was changed afterwards. The key it must be signed by is the one that
 * came with the first. What is refused is told and keeps no update away; at most one checkpoint is
 * fetched a day.
 */
final class LogWitness {
  static final String PATH = "audit/checkpoint";
  static final String KEY = "auditKey";
  private static final Duration EVERY = Duration.ofDays(1);

  private final AgentStore store;
  private final Steps steps;

  LogWitness(AgentStore store, Steps steps) {
    this.store = store;
    this.steps = steps;
  }

  /** What of the catalogue is looked at. */
  interface Listing {
    Optional<TargetFile> find(String path) throws IOException, RejectedException;

    byte[] read(String path, int maxBytes) throws IOException, RejectedException;
  }

  /** Takes in the listed checkpoint, if it is another than the one that is held. */
  void look(Listing catalogue, Instant now) throws IOException {
    try {
      if (!isDue(now)) {
        return;
      }
      Optional<TargetFile> listed = catalogue.find(PATH);
      if (listed.isEmpty()) {
        return;
      }
      store.saveLogFetched(now);
      if (isHeld(listed.get())) {
        return;
      }
      byte[] note = catalogue.read(PATH, Checkpoint.MAX_BYTES);
      AuditKey key = key(listed.get());
      Checkpoint newest = Checkpoint.read(note, key);
      requireNewer(newest, key);
      store.saveLog(note, key.key().spki().toByteArray());
      steps.step("audit", "holds a checkpoint of " + newest.size() + " records");
    } catch (RejectedException e) {
      String refused = e.reason().code() + ": " + e.getMessage();
      remember(now + " " + refused);
      steps.step("audit", "checkpoint refused, " + refused);
    } catch (IOException e) {
      // The update goes on without; tomorrow is another day.
      steps.step("audit", "checkpoint not fetched: " + e.getMessage());
    }
  }

  /** No update waits for room in which to note why a checkpoint was refused. */
  private void remember(String refused) throws IOException {
    try {
      store.saveLogRefused(refused);
    } catch (FlashFullException e) {
      steps.step("audit", "not noted, the agent's store is full: " + e.getMessage());
    }
  }

  private boolean isHeld(TargetFile listed) {
    return store
        .logNote()
        .map(note -> TargetFile.of(PATH, note).hashes().equals(listed.hashes()))
        .orElse(false);
  }

  private boolean isDue(Instant now) {
    return store.logFetched().map(at -> !at.plus(EVERY).isAfter(now)).orElse(true);
  }

  /** The key that came first; from then on no other. */
  private AuditKey key(TargetFile listed) throws RejectedException {
    Optional<byte[]> held = store.logKey();
    if (held.isPresent()) {
      return AuditKey.ofSpki(Bytes.copyOf(held.get()));
    }
    if (listed.custom().map(c -> c.members().get(KEY)).orElse(null) instanceof Json.Str spki) {
      return AuditKey.ofSpki(Bytes.ofBase64(spki.value()));
    }
    throw new RejectedException(Reason.UNKNOWN_KEY, "the catalogue names no audit key");
  }

  private void requireNewer(Checkpoint newest, AuditKey key) throws RejectedException {
    Optional<byte[]> note = store.logNote();
    if (note.isEmpty()) {
      return;
    }
    Checkpoint held = Checkpoint.read(note.get(), key);
    if (!held.origin().equals(newest.origin())) {
      throw new RejectedException(
          Reason.MALFORMED, "the checkpoint is of another log", held.origin(), newest.origin());
    }
    if (newest.size() < held.size()) {
      throw new RejectedException(
          Reason.METADATA_ROLLED_BACK,
          "the log is shorter than it was",
          held.size(),
          newest.size());
    }
    if (newest.size() == held.size() && !newest.root().equals(held.root())) {
      throw new RejectedException(
          Reason.METADATA_DIGEST_MISMATCH,
          "the log of " + held.size() + " records was shown in two ways",
          held.root(),
          newest.root());
    }
  }
}
