package dev.otasigner.cli.catalogue;

import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.verifier.json.Json;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a list of devices changes. */
final class DeviceOptions {
  @Option(
      names = "--set",
      paramLabel = "ID,ID",
      split = ",",
      arity = "0..1",
      fallbackValue = "",
      description = "Exactly these from now on; none when no id follows.")
  @Nullable List<String> set;

  @Option(names = "--add", paramLabel = "ID,ID", split = ",", description = "These as well.")
  List<String> add = new ArrayList<>();

  @Option(
      names = "--remove",
      paramLabel = "ID,ID",
      split = ",",
      description = "Not these any more.")
  List<String> remove = new ArrayList<>();

  Json.Builder body() {
    if (set == null && add.isEmpty() && remove.isEmpty()) {
      throw CommandFailedException.usage("--set, --add or --remove is expected");
    }
    Json.Builder body = Json.object();
    if (set != null) {
      body.put("set", Json.strings(set.stream().filter(id -> !id.isEmpty()).toList()));
    }
    if (!add.isEmpty()) {
      body.put("add", Json.strings(add));
    }
    if (!remove.isEmpty()) {
      body.put("remove", Json.strings(remove));
    }
    return body;
  }
}
