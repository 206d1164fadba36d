package dev.otasigner.cli.catalogue;

import dev.otasigner.cli.Report;
import dev.otasigner.verifier.json.Json;

/** An impact for people: a table of cohorts, then the verdict. */
final class Impact {
  private Impact() {}

  static void show(Report report, Json impact, boolean allowed) {
    report.list(
        impact,
        "cohort",
        "count",
        "writtenOff",
        "devices",
        "version",
        "served",
        "strandedBefore",
        "check",
        "reason",
        "repairs",
        "detail");
    report.line(allowed ? "nobody would be cut off" : "devices would be cut off: not allowed");
  }
}
