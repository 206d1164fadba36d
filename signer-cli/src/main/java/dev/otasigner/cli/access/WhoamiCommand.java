package dev.otasigner.cli.access;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Who the service takes us for. */
@Command(name = "whoami", description = "Show who is signed in, and as what.")
public final class WhoamiCommand implements Callable<Integer> {
  private final Cli cli;

  public WhoamiCommand(Cli cli) {
    this.cli = cli;
  }

  @Override
  public Integer call() {
    cli.report().item(cli.service().get(path("whoami")));
    return 0;
  }
}
