package dev.otasigner.service.fleet;

import dev.otasigner.verifier.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What became of the rows of a list. */
final class ImportTally {
  /** So many of the rows that were refused are named. */
  static final int MAX_ERRORS = 100;

  private static final int MAX_REASON = 240;

  private final List<Refused> errors = new ArrayList<>();
  private long added;
  private long unchanged;
  private long updated;
  private long refused;

  /** A row that was not taken. */
  private record Refused(long line, String reason) {
    Json.Obj toJson() {
      return Json.object().put("line", line).put("reason", reason).build();
    }
  }

  void add() {
    added++;
  }

  void keep() {
    unchanged++;
  }

  void update() {
    updated++;
  }

  void refuse(long line, String reason) {
    refused++;
    if (errors.size() < MAX_ERRORS) {
      boolean isLong = reason.length() > MAX_REASON;
      errors.add(new Refused(line, isLong ? reason.substring(0, MAX_REASON) + "..." : reason));
    }
  }

  /** Takes in those of a batch. */
  void add(ImportTally batch) {
    added += batch.added;
    unchanged += batch.unchanged;
    updated += batch.updated;
    refused += batch.refused;
    batch.errors.stream().limit(MAX_ERRORS - errors.size()).forEach(errors::add);
  }

  long rows() {
    return added + unchanged + updated + refused;
  }

  Map<String, String> details() {
    return Map.of(
        "added", Long.toString(added),
        "unchanged", Long.toString(unchanged),
        "updated", Long.toString(updated),
        "refused", Long.toString(refused));
  }

  Json.Builder toJson() {
    return Json.object()
        .put("rows", rows())
        .put("added", added)
        .put("unchanged", unchanged)
        .put("updated", updated)
        .put("refused", refused)
        .put("errors", errors.stream().map(Refused::toJson).toList());
  }
}
