package dev.otasigner.cli.fleet;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.verifier.json.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Named lines of releases. */
@Command(name = "channels", description = "Named lines of releases, such as stable.")
public final class ChannelsCommand {
  private final Cli cli;

  public ChannelsCommand(Cli cli) {
    this.cli = cli;
  }

  @Command(description = "List a product's channels.")
  int list(@Option(names = "--product", required = true) String product) {
    cli.report().list(cli.service().get(path("products", product, "channels")), "name");
    return 0;
  }

  @Command(description = "Add a channel to a product.")
  int add(
      @Parameters(paramLabel = "NAME") String name,
      @Option(names = "--product", required = true) String product) {
    cli.report()
        .item(
            cli.service()
                .post(
                    path("products", product, "channels"),
                    Json.object().put("name", name).build()));
    return 0;
  }
}
