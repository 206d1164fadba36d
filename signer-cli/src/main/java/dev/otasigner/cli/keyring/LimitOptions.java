package dev.otasigner.cli.keyring;

import dev.otasigner.verifier.json.Json;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** When and how often a key signs; the service's worker takes only what narrows its own rule. */
final class LimitOptions {
  @Option(
      names = "--not-before",
      paramLabel = "TIME",
      description = "No signature before it, such as 2027-01-01T00:00:00Z.")
  private @Nullable String notBefore;

  @Option(names = "--not-after", paramLabel = "TIME", description = "No signature from then on.")
  private @Nullable String notAfter;

  @Option(names = "--quota", paramLabel = "N", description = "Most signatures in any 24 hours.")
  private @Nullable Long quota;

  void writeTo(Json.Builder spec) {
    spec.put("notBefore", notBefore).put("notAfter", notAfter);
    if (quota != null) {
      spec.put("quota", quota);
    }
  }
}
