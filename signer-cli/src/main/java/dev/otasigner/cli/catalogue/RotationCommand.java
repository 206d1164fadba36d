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
import picocli.CommandLine.Parameters;

/** Who would be cut off by a change, and how one key takes another's place without that. */
@Command(name = "rotation", description = "Change keys and ciphers without stranding a device.")
public final class RotationCommand {
  private static final String KEY = "KEY";
  private static final String OLD = "Name or identifier of the key to be replaced.";
  private static final String NEW = "Of the key that takes its place.";

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

  @Command(
      description = {
        "Show the steps by which one key would take another's place, as of now. Changes nothing."
      })
  int plan(
      @Option(names = "--product", required = true) String product,
      @Option(names = "--old", required = true, paramLabel = KEY, description = OLD) String oldKey,
      @Option(names = "--new", required = true, paramLabel = KEY, description = NEW)
          String newKey) {
    return new KeyRotationSteps(cli, product).plan(oldKey, newKey);
  }

  @Command(
      description = {
        "Begin to replace an image or manifest key. Changes nothing yet: advance does the steps."
      })
  int start(
      @Option(names = "--product", required = true) String product,
      @Option(names = "--old", required = true, paramLabel = KEY, description = OLD) String oldKey,
      @Option(names = "--new", required = true, paramLabel = KEY, description = NEW)
          String newKey) {
    return new KeyRotationSteps(cli, product).start(oldKey, newKey);
  }

  @Command(
      description = {
        "Show where a rotation stands: what is done, what is next, and who is not through yet.",
        "Without an ID: all that are open. With one, exit code 4 while a build or devices are"
            + " waited for."
      })
  int status(
      @Parameters(paramLabel = "ID", arity = "0..1", description = "Of one rotation.")
          @Nullable Long id,
      @Option(names = "--product", required = true) String product) {
    KeyRotationSteps steps = new KeyRotationSteps(cli, product);
    return id == null ? steps.status() : steps.status(id);
  }

  @Command(
      description = {
        "Show the next step of a rotation and whom it concerns, and do it after a yes.",
        "Exit code 4 when a build is to be signed, or devices are to take one, first."
      })
  int advance(
      @Parameters(paramLabel = "ID") long id,
      @Option(names = "--product", required = true) String product,
      @Option(names = "--yes", description = "Do not ask; for a program that has looked itself.")
          boolean yes) {
    return new KeyRotationSteps(cli, product).advance(id, yes);
  }

  @Command(
      description = {
        "Give a rotation up. An old key that is suspended signs again; all else stays.",
        "Refused once the old key is deactivated."
      })
  int abort(
      @Parameters(paramLabel = "ID") long id,
      @Option(names = "--product", required = true) String product,
      @Option(names = "--reason", required = true, description = "Kept with it.") String reason) {
    return new KeyRotationSteps(cli, product).abort(id, reason);
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
