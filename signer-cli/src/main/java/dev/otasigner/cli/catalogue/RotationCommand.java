package dev.otasigner.cli.catalogue;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.ExitCode;
import dev.otasigner.verifier.json.Json;
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
        "Show who would be cut off by a change, by the check that would fail, and what saves them.",
        "Without a change: who is cut off as things are.",
        "Exit code 1 when somebody is."
      })
  int impact(
      @Option(names = "--product", required = true) String product, @Mixin ChangeOptions change) {
    Json impact =
        cli.service().post(path("products", product, "rotation", "impact"), change.toJson());
    boolean allowed =
        impact instanceof Json.Obj object
            && object.members().get("allowed") instanceof Json.Bool answer
            && answer.value();
    Impact.show(cli.report(), impact, allowed);
    return (allowed ? ExitCode.DONE : ExitCode.REFUSED).status();
  }
}
