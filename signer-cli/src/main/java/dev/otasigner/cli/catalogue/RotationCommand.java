package dev.otasigner.cli.catalogue;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.ExitCode;
import dev.otasigner.cli.NewFile;
import dev.otasigner.cli.Report;
import dev.otasigner.cli.graph.GraphSvg;
import dev.otasigner.cli.graph.GraphText;
import dev.otasigner.cli.graph.UpgradeGraph;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Who would be cut off by a change. */
@Command(name = "rotation", description = "Change keys and ciphers without stranding a device.")
public final class RotationCommand {
  private final Cli cli;

  public RotationCommand(Cli cli) {
    this.cli = cli;
  }

  @Command(
      description = {
        "Draw the upgrade graph of a product: which devices go where, and who goes nowhere.",
        "With a change: as it would be. Exit code 1 when somebody is cut off."
      })
  int graph(
      @Option(names = "--product", required = true) String product,
      @Option(names = "--svg", paramLabel = "FILE", description = "As a picture, to this file.")
          @Nullable Path svg,
      @Mixin ChangeOptions change)
      throws IOException {
    Json impact = ask(product, change);
    UpgradeGraph graph;
    try {
      graph = UpgradeGraph.of(impact);
    } catch (RejectedException e) {
      throw CommandFailedException.of(
          ExitCode.REFUSED, "the service's answer is not understood: " + e.getMessage());
    }
    if (svg != null) {
      String picture = GraphSvg.of(graph, "Upgrades of " + product);
      NewFile.write(svg, picture.getBytes(StandardCharsets.UTF_8));
      cli.report().note("written: " + svg);
    } else if (cli.report().json()) {
      cli.report().result(impact, "");
    } else {
      GraphText.of(graph).forEach(cli.report()::line);
      if (graph.lines().isEmpty()) {
        cli.report().note("no device is on record");
      }
    }
    return (isAllowed(impact) ? ExitCode.DONE : ExitCode.REFUSED).status();
  }

  @Command(
      description = {
        "Show who would be cut off by a change, by the check that would fail, and what saves them.",
        "Without a change: who is cut off as things are.",
        "Exit code 1 when somebody is."
      })
  int impact(
      @Option(names = "--product", required = true) String product, @Mixin ChangeOptions change) {
    Json impact = ask(product, change);
    boolean allowed = isAllowed(impact);
    Impact.show(cli.report(), impact, allowed);
    return (allowed ? ExitCode.DONE : ExitCode.REFUSED).status();
  }

  @Command(
      description = {
        "Show what ends by itself within a year and would strand devices, and what saves them:",
        "roots, keys, authorities, and certificates that devices have not renewed."
      })
  int alarms(@Option(names = "--product", required = true) String product) {
    Json alarms = cli.service().get(path("products", product, "rotation", "alarms"));
    cli.report().list(alarms, "stage", "ends", "devices", "what", "why", "remedy");
    return ExitCode.DONE.status();
  }

  @Command(
      description = {
        "Show what came of real TLS handshakes at the addresses where devices dial, by profile.",
        "Exit code 1 when one failed where a listener is to answer."
      })
  int handshakes(
      @Option(names = "--product", required = true) String product,
      @Option(names = "--now", description = "Try them now; a minute at most.") boolean now) {
    String path = path("products", product, "rotation", "handshakes");
    Json results = now ? cli.service().post(path, Json.object().build()) : cli.service().get(path);
    cli.report()
        .list(
            results, "host", "port", "profile", "expected", "reached", "reason", "tried", "detail");
    boolean failed =
        Report.items(results).stream().anyMatch(r -> is(r, "expected") && !is(r, "reached"));
    return (failed ? ExitCode.REFUSED : ExitCode.DONE).status();
  }

  private static boolean is(Json.Obj item, String member) {
    return item.members().get(member) instanceof Json.Bool answer && answer.value();
  }

  private Json ask(String product, ChangeOptions change) {
    return cli.service().post(path("products", product, "rotation", "impact"), change.toJson());
  }

  private static boolean isAllowed(Json impact) {
    return impact instanceof Json.Obj object
        && object.members().get("allowed") instanceof Json.Bool answer
        && answer.value();
  }
}
