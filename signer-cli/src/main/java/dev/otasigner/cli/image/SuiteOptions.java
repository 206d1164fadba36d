package dev.otasigner.cli.image;

import dev.otasigner.cli.Report;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SuiteConcern;
import dev.otasigner.verifier.json.Json;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** By which time and strength suites are looked at. They warn; nothing is refused by them. */
final class SuiteOptions {
  @Option(
      names = "--at",
      paramLabel = "TIME",
      description =
          "Warn of suites that are over at this time, such as 2031-01-01T00:00:00Z (now).")
  private @Nullable Instant at;

  @Option(
      names = "--min-strength",
      paramLabel = "BITS",
      defaultValue = "" + SuiteConcern.LEAST_STRENGTH_BITS,
      description = "Warn of suites with fewer bits of strength (default 112: none).")
  private int minStrengthBits = SuiteConcern.LEAST_STRENGTH_BITS;

  private List<SuiteConcern> concerns(Collection<SignatureSuite> suites) {
    return SuiteConcern.of(suites, at == null ? Instant.now() : at, minStrengthBits);
  }

  /** The document with its member {@code warnings}, when there are any. */
  Json.Obj with(Json.Obj document, Collection<SignatureSuite> suites) {
    List<Json.Obj> warnings = concerns(suites).stream().map(SuiteConcern::toJson).toList();
    if (warnings.isEmpty()) {
      return document;
    }
    Map<String, Json> members = new LinkedHashMap<>(document.members());
    members.put("warnings", new Json.Arr(List.copyOf(warnings)));
    return new Json.Obj(members);
  }

  /** A line on standard error for each. */
  void warn(Report report, Collection<SignatureSuite> suites) {
    concerns(suites).forEach(concern -> report.note("warning: " + concern.text()));
  }
}
