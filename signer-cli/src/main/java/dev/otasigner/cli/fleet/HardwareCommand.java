package dev.otasigner.cli.fleet;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.verifier.json.Json;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What a product is made of. */
@Command(name = "hardware", description = "Hardware and its revisions.")
public final class HardwareCommand {
  private final Cli cli;

  public HardwareCommand(Cli cli) {
    this.cli = cli;
  }

  @Command(description = "List a product's hardware.")
  int list(@Option(names = "--product", required = true) String product) {
    cli.report().list(cli.service().get(path("products", product, "hardware")), "id", "revisions");
    return 0;
  }

  @Command(description = "Add hardware to a product.")
  int add(
      @Parameters(paramLabel = "ID") String id,
      @Option(names = "--product", required = true) String product,
      @Option(names = "--revision", required = true, split = ",") List<String> revisions) {
    cli.report()
        .item(
            cli.service()
                .post(
                    path("products", product, "hardware"),
                    Json.object().put("id", id).put("revisions", Json.strings(revisions)).build()));
    return 0;
  }
}
