package dev.otasigner.cli.fleet;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What the update agent of a build trusts and speaks. */
@Command(name = "profiles", description = "What a build's update agent trusts and speaks.")
public final class ProfilesCommand {
  private final Cli cli;

  public ProfilesCommand(Cli cli) {
    this.cli = cli;
  }

  @Command(description = "Register a profile; anchors may be names of the service's keys.")
  int add(
      @Parameters(paramLabel = "FILE", description = "The profile as JSON.") Path file,
      @Option(names = "--product", required = true) String product)
      throws IOException, RejectedException {
    cli.report()
        .item(
            cli.service()
                .post(
                    path("products", product, "profiles"),
                    JsonReader.readObject(Files.readAllBytes(file), Profile.MAX_BYTES).json()));
    return 0;
  }

  @Command(description = "Print a registered profile, byte for byte.")
  int show(
      @Parameters(paramLabel = "DIGEST") String digest,
      @Option(names = "--product", required = true) String product)
      throws IOException {
    cli.terminal().out().write(cli.service().bytes(path("products", product, "profiles", digest)));
    return 0;
  }
}
