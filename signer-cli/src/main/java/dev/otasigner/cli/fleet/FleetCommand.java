package dev.otasigner.cli.fleet;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
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
