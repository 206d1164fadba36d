package dev.otasigner.cli.audit;

import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.ExitCode;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.audit.AuditKey;
import dev.otasigner.verifier.audit.Checkpoint;
import dev.otasigner.verifier.audit.LogCheck;
import dev.otasigner.verifier.audit.LogDamage;
import dev.otasigner.verifier.audit.LogDamage.Kind;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An exported log beside what was kept of it elsewhere: checkpoints, and perhaps an older export.
 */
final class ExportCheck {
  private final List<Checkpoint> kept = new ArrayList<>();
  private final Optional<AuditKey> key;

  ExportCheck(Optional<AuditKey> key) {
    this.key = key;
  }

  /** The key in this file. */
  static AuditKey key(Path file) throws IOException, RejectedException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] pem = in.readNBytes(AuditKey.MAX_PEM_CHARS + 1);
      return AuditKey.ofPem(new String(pem, java.nio.charset.StandardCharsets.UTF_8));
    } catch (RejectedException e) {
      throw e.in(String.valueOf(file.getFileName()));
    }
  }

  boolean hasKey() {
    return key.isPresent();
  }

  /** Reads a checkpoint, whose signature must hold if there is a key. */
  Checkpoint read(byte[] note) throws RejectedException {
    return key.isPresent() ? Checkpoint.read(note, key.get()) : Checkpoint.readUnverified(note);
  }

  /** Compares with the checkpoint in this file too. */
  void keep(Path file) throws IOException, RejectedException {
    try (InputStream in = Files.newInputStream(file)) {
      kept.add(read(in.readNBytes(Checkpoint.MAX_BYTES + 1)));
    } catch (RejectedException e) {
      throw e.in(String.valueOf(file.getFileName()));
    }
  }

  void keep(Checkpoint checkpoint) {
    kept.add(checkpoint);
  }

  /** What was found out. */
  record Whole(long records, long vouchedFor, int checkpoints) {}

  /**
   * Reads the export.
   *
   * @param old an export of earlier, with which this one has to begin
   * @throws CommandFailedException REFUSED with the first record that is not what it was
   */
  Whole run(Path export, @Nullable Path old) throws IOException, RejectedException {
    LogCheck check = new LogCheck(kept);
    try (ExportLines lines = ExportLines.open(export)) {
      for (byte[] record = lines.next(); record != null; record = lines.next()) {
        check.add(record);
      }
    }
    Optional<LogDamage> damage = check.damage();
    if (old != null) {
      // Names the record exactly, where checkpoints may only know between which it is.
      damage = against(export, old).or(check::damage);
    }
    if (damage.isPresent()) {
      throw damaged(damage.get(), check);
    }
    return new Whole(check.records(), check.vouchedFor(), kept.size());
  }

  private static Optional<LogDamage> against(Path export, Path old)
      throws IOException, RejectedException {
    try (ExportLines now = ExportLines.open(export);
        ExportLines before = ExportLines.open(old)) {
      long number = 0;
      while (true) {
        byte[] was = before.next();
        if (was == null) {
          return Optional.empty();
        }
        byte[] is = now.next();
        if (is == null) {
          return Optional.of(
              new LogDamage(Kind.CUT_OFF, number, number, "the older export goes on"));
        }
        if (!Arrays.equals(was, is)) {
          byte[] then = before.next();
          byte[] next = now.next();
          boolean movedUp = then != null && Arrays.equals(then, is);
          boolean swapped = movedUp && next != null && Arrays.equals(next, was);
          Kind kind = swapped ? Kind.REORDERED : movedUp ? Kind.REMOVED : Kind.CHANGED;
          return Optional.of(
              new LogDamage(kind, number, number, "the older export has it as it was"));
        }
        number++;
      }
    }
  }

  private static CommandFailedException damaged(LogDamage damage, LogCheck check) {
    Json.Obj found =
        Json.object()
            .put("kind", damage.kind().words())
            .put("first", damage.first())
            .put("last", damage.last())
            .put("how", damage.how())
            .build();
    return CommandFailedException.of(
            ExitCode.REFUSED, "the log is not what it was: " + damage.sentence())
        .document(
            Json.object()
                .put("verified", false)
                .put("records", check.records())
                .put("vouchedFor", check.vouchedFor())
                .put("damage", found)
                .build());
  }
}
