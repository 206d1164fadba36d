package dev.otasigner.cli.access;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.SessionFile;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Signs in and keeps the session for the commands that follow. */
@Command(name = "login", description = "Sign in at the service.")
public final class LoginCommand implements Callable<Integer> {
  private final Cli cli;

  @Option(names = "--user", required = true, paramLabel = "NAME", description = "Who signs in.")
  private String user = "";

  @Option(
      names = "--password-file",
      paramLabel = "FILE",
      description = "Read the password from the first line of this file instead of asking.")
  private @Nullable Path passwordFile;

  @Option(
      names = "--new-password-file",
      paramLabel = "FILE",
      description = "Replace a one-time password by the one in this file.")
  private @Nullable Path newPasswordFile;

  public LoginCommand(Cli cli) {
    this.cli = cli;
  }

  @Override
  public Integer call() throws IOException, RejectedException {
    String service = cli.service().service();
    String password = cli.secret(passwordFile, "Password of " + user + ": ");
    Fields session = signIn(service, password);
    if (newPasswordFile != null) {
      String fresh = cli.secret(newPasswordFile);
      changePassword(password, fresh);
      session = signIn(service, fresh); // a changed password has ended every session
    }
    cli.report()
        .result(
            Json.object()
                .put("service", service)
                .put("user", user)
                .put("expires", session.string("expires"))
                .build(),
            "signed in at " + service + " as " + user + " until " + session.string("expires"));
    if (session.has("passwordChangeDue") && session.bool("passwordChangeDue")) {
      cli.report()
          .note(
              "this password was handed out and is good for changing it only:"
                  + " signer users password "
                  + user);
    }
    return 0;
  }

  private Fields signIn(String service, String password) throws IOException, RejectedException {
    Json answer =
        cli.service().signIn(Json.object().put("user", user).put("password", password).build());
    Fields session = new Fields((Json.Obj) answer, "session");
    cli.session().write(new SessionFile.Session(service, user, session.string("token")));
    return session;
  }

  private void changePassword(String current, String fresh) {
    cli.service()
        .put(
            path("users", user, "password"),
            Json.object().put("current", current).put("password", fresh).build());
  }
}
