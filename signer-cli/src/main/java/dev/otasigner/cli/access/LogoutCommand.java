package dev.otasigner.cli.access;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.ExitCode;
import dev.otasigner.verifier.json.Json;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Ends the session, at the service and here. */
@Command(name = "logout", description = "End the session.")
public final class LogoutCommand implements Callable<Integer> {
  private final Cli cli;

  public LogoutCommand(Cli cli) {
    this.cli = cli;
  }

  @Override
  public Integer call() throws java.io.IOException {
    try {
      cli.service().delete(path("sessions", "current"));
    } catch (CommandFailedException e) {
      if (e.code() != ExitCode.NOT_ALLOWED) {
        throw e;
      }
      // The session has ended by itself: all that is left is the file.
    }
    cli.session().delete();
    cli.report().result(Json.object().put("signedIn", false).build(), "signed out");
    return 0;
  }
}
