package dev.otasigner.cli.fleet;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.ExitCode;
import dev.otasigner.cli.Report;
import dev.otasigner.verifier.json.Json;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The population: who is out there, counted by state. */
@Command(name = "fleet", description = "The devices that are out there, counted by their state.")
public final class FleetCommand {
  private final Cli cli;

  public FleetCommand(Cli cli) {
    this.cli = cli;
  }

  @Command(
      description = {
        "Show the states that a product's devices are in, and how many are in each.",
        "A device never heard of counts as it left the factory."
      })
  int cohorts(
      @Option(names = "--product", required = true) String product,
      @Option(names = "--channel") @Nullable String channel,
      @Option(names = "--hardware") @Nullable String hardware,
      @Option(names = "--bootloader") @Nullable String bootloader,
      @Option(names = "--version", paramLabel = "VERSION", description = "As the list shows it.")
          @Nullable String version,
      @Option(names = "--lineage") @Nullable String lineage,
      @Option(names = "--unseen", description = "Only those with devices never heard of.")
          boolean unseen) {
    Map<String, @Nullable String> filters = new LinkedHashMap<>();
    filters.put("channel", channel);
    filters.put("hardware", hardware);
    filters.put("bootloader", bootloader);
    filters.put("version", version);
    filters.put("lineage", lineage);
    filters.put("unseen", unseen ? "true" : null);
    cli.report()
        .list(
            cli.service().get(path("products", product, "cohorts") + query(filters)),
            "cohort",
            "count",
            "unseen",
            "hardware",
            "channel",
            "version",
            "bootloader",
            "lineage",
            "clientKey",
            "lastSeen");
    return 0;
  }

  @Command(description = "List the devices of one cohort.")
  int devices(
      @Parameters(paramLabel = "COHORT", description = "Its number.") long cohort,
      @Option(names = "--product", required = true) String product) {
    cli.report()
        .list(
            cli.service()
                .list(path("products", product, "cohorts", Long.toString(cohort), "devices")),
            "deviceId");
    return 0;
  }

  @Command(
      name = "import",
      description = {
        "Take a list of devices that were made, or seen, elsewhere: CSV with a line that names the",
        "columns, or JSON, an object on each line or an array of them. The same list again changes",
        "nothing; rows that are refused keep no others out, and exit with 1."
      })
  int importList(
      @Parameters(paramLabel = "FILE", description = "The list; - reads standard input.")
          String file,
      @Option(names = "--product", required = true) String product,
      @Option(
              names = "--format",
              paramLabel = "FORMAT",
              description = "csv or json; otherwise the file's name tells.")
          @Nullable String format,
      @Option(names = "--dry-run", description = "Only judge the rows.") boolean dryRun)
      throws IOException {
    String type = contentType(file, format);
    String path = path("products", product, "devices", "import") + (dryRun ? "?dryRun=true" : "");
    Json answer;
    try (InputStream list =
        file.equals("-")
            ? new FileInputStream(FileDescriptor.in)
            : Files.newInputStream(cli.terminal().directory().resolve(file))) {
      answer = cli.service().send(path, list, type);
    }
    return shown(answer);
  }

  private static String contentType(String file, @Nullable String format) {
    String form = format == null ? file.substring(file.lastIndexOf('.') + 1) : format;
    return switch (form.toLowerCase(Locale.ROOT)) {
      case "csv" -> "text/csv";
      case "json", "jsonl", "ndjson" -> "application/x-ndjson";
      default ->
          throw CommandFailedException.usage(
              format == null
                  ? "the name of " + file + " does not tell its format: add --format csv or json"
                  : "--format " + format + ": csv or json is expected");
    };
  }

  /** The counts on standard output, what is wrong with rows on standard error. */
  private int shown(Json answer) {
    if (!(answer instanceof Json.Obj counts)) {
      return ExitCode.REFUSED.status();
    }
    Map<String, Json> members = new LinkedHashMap<>(counts.members());
    for (Json.Obj error : Report.items(counts)) {
      cli.report().note("line " + text(error, "line") + ": " + text(error, "reason"));
    }
    long refused = members.get("refused") instanceof Json.Num number ? number.value() : 0;
    long named = Report.items(counts).size();
    if (refused > named) {
      cli.report().note("and " + (refused - named) + " more");
    }
    if (!cli.report().json()) {
      members.remove("errors");
    }
    cli.report().item(new Json.Obj(members));
    return (refused == 0 ? ExitCode.DONE : ExitCode.REFUSED).status();
  }

  private static String text(Json.Obj object, String name) {
    Json value = object.members().get(name);
    return value instanceof Json.Str text
        ? text.value()
        : value instanceof Json.Num number ? Long.toString(number.value()) : "";
  }

  /** Whatever was said, in the order of the options. */
  private static String query(Map<String, @Nullable String> filters) {
    StringBuilder query = new StringBuilder();
    filters.forEach(
        (name, value) -> {
          if (value != null) {
            query.append(query.isEmpty() ? '?' : '&').append(name).append('=');
            query.append(URLEncoder.encode(value, StandardCharsets.UTF_8));
          }
        });
    return query.toString();
  }
}
