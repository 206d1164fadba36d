package dev.otasigner.cli.catalogue;

import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.Report;
import dev.otasigner.cli.Versions;
import dev.otasigner.verifier.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/** Devices that somebody knows to be cut off by what is asked. */
final class StrandedOptions {
  @Option(
      names = "--accept-stranded",
      paramLabel = "VERSION=COUNT",
      description = {
        "Cut off so many devices that run this build; repeatable.",
        "It must be exactly those that a refusal has named."
      })
  List<String> stranded = new ArrayList<>();

  /**
   * Asks the service, and tells whoever is refused because devices would be cut off how to say that
   * they may be.
   */
  static Json ask(Supplier<Json> question) {
    try {
      return question.get();
    } catch (CommandFailedException e) {
      String options = e.document() == null ? "" : options(e.document());
      throw options.isEmpty() ? e : e.hint("when they may be cut off, say:" + options);
    }
  }

  private static String options(Json.Obj problem) {
    Map<String, Long> devices = new TreeMap<>();
    if (problem.members().get("acceptable") instanceof Json.Bool acceptable
        && acceptable.value()
        && problem.members().get("impact") instanceof Json.Obj impact) {
      for (Json.Obj cohort : Report.items(impact)) {
        if (cohort.members().get("served") instanceof Json.Bool served
            && !served.value()
            && !cohort.members().containsKey("strandedBefore")
            && cohort.members().get("version") instanceof Json.Str version
            && cohort.members().get("count") instanceof Json.Num count) {
          devices.merge(version.value(), count.value(), Long::sum);
        }
      }
    }
    StringBuilder options = new StringBuilder();
    devices.forEach(
        (version, count) ->
            options.append(" --accept-stranded ").append(version).append('=').append(count));
    return options.toString();
  }

  void describe(Json.Builder body) {
    if (stranded.isEmpty()) {
      return;
    }
    List<Json> items = new ArrayList<>();
    for (String each : stranded) {
      String[] parts = each.split("=", -1);
      if (parts.length != 2 || !parts[1].matches("[1-9][0-9]{0,8}")) {
        throw CommandFailedException.usage(
            "--accept-stranded " + each + ": VERSION=COUNT is expected");
      }
      items.add(
          Json.object()
              .put("version", Versions.exact(parts[0]))
              .put("count", Long.parseLong(parts[1]))
              .build());
    }
    body.put("stranded", items);
  }
}
