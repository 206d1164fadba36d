package dev.otasigner.cli.catalogue;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.ExitCode;
import dev.otasigner.verifier.json.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
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
        "Show who would be cut off by a change, by the check that would fail, and what saves them.",
        "Exit code 1 when somebody would."
      })
  int impact(
      @Option(names = "--product", required = true) String product,
      @Option(names = "--retire-key", split = ",", paramLabel = "KEY") @Nullable List<String> keys,
      @Option(names = "--close-listener", paramLabel = "NAME") @Nullable String listener) {
    if ((keys == null) == (listener == null)) {
      throw CommandFailedException.usage("one of --retire-key and --close-listener is expected");
    }
    Json.Builder change = Json.object().put("closeListener", listener);
    if (keys != null) {
      change.put("retireKeys", Json.strings(keys));
    }
    Json impact =
        cli.service().post(path("products", product, "rotation", "impact"), change.build());
    boolean allowed =
        impact instanceof Json.Obj object
            && object.members().get("allowed") instanceof Json.Bool answer
            && answer.value();
    Impact.show(cli.report(), impact, allowed);
    return (allowed ? ExitCode.DONE : ExitCode.REFUSED).status();
  }
}
