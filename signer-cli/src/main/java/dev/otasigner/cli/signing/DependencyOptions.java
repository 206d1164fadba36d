package dev.otasigner.cli.signing;

import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.Versions;
import dev.otasigner.verifier.json.Json;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/**
 * What a build may be taken from, and what a device must have besides; it stands in its manifest.
 */
public final class DependencyOptions {
  @Option(
      names = "--from",
      paramLabel = "MIN..MAX",
      description = "Versions it may be taken from; any when not given. Repeatable.")
  private List<String> from = new ArrayList<>();

  @Option(
      names = "--requires",
      paramLabel = "COMPONENT=MIN",
      description =
          "A component that must be installed in this version or a newer one; repeatable.")
  private List<String> requires = new ArrayList<>();

  public boolean isGiven() {
    return !from.isEmpty() || !requires.isEmpty();
  }

  /** Adds the members {@code from} and {@code requires}. */
  public void describe(Json.Builder request) {
    List<Json> ranges = new ArrayList<>();
    for (String range : from) {
      String[] ends = range.split("\\.\\.", -1);
      if (ends.length != 2) {
        throw CommandFailedException.usage("--from " + range + ": MIN..MAX is expected");
      }
      ranges.add(
          Json.object()
              .put("min", Versions.exact(ends[0]))
              .put("max", Versions.exact(ends[1]))
              .build());
    }
    request.put("from", ranges);
    if (requires.isEmpty()) {
      return;
    }
    List<Json> components = new ArrayList<>();
    for (String component : requires) {
      String[] parts = component.split("=", -1);
      if (parts.length != 2 || parts[0].isEmpty()) {
        throw CommandFailedException.usage(
            "--requires " + component + ": COMPONENT=MIN is expected");
      }
      components.add(
          Json.object().put("component", parts[0]).put("min", Versions.exact(parts[1])).build());
    }
    request.put("requires", components);
  }
}
