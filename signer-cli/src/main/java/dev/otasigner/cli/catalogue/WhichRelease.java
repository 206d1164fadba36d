package dev.otasigner.cli.catalogue;

import dev.otasigner.cli.ServiceClient;
import dev.otasigner.cli.Versions;
import dev.otasigner.verifier.json.Json;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Names a release. */
final class WhichRelease {
  @Parameters(paramLabel = "VERSION")
  String version = "";

  @Option(names = "--product", required = true)
  String product = "";

  @Option(names = "--channel", required = true)
  String channel = "";

  @Option(names = "--hardware", required = true)
  String hardware = "";

  String exact() {
    return Versions.exact(version);
  }

  /** The release itself, or what is below it. */
  String path(String... more) {
    List<String> parts =
        new ArrayList<>(List.of("products", product, "releases", channel, hardware, exact()));
    parts.addAll(List.of(more));
    return ServiceClient.path(parts.toArray(String[]::new));
  }

  /** Its names, to which more is added. */
  Json.Builder body() {
    return Json.object().put("channel", channel).put("hardware", hardware).put("version", exact());
  }

  @Override
  public String toString() {
    return exact() + " in " + channel + " for " + hardware;
  }
}
