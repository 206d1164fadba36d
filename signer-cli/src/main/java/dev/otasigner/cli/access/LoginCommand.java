package dev.otasigner.cli.access;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.SessionFile;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
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
  public Integer call() throws Exception {
    String service = cli.service().service();
    String password = cli.secret(passwordFile, "Password of " + user + ": ");
    Fields session = signIn(password);
    cli.session().write(new SessionFile.Session(service, user, session.string("token")));
    if (newPasswordFile != null) {
      changePassword(password, cli.secret(newPasswordFile));
    }
    cli.report()
        .result(
            Json.object()
                .put("service", service)
                .put("user", user)
                .put("expires", session.string("expires"))
                .build(),
            "signed in at " + service + " as " + user + " until " + session.string("expires"));
    return 0;
  }

  private Fields signIn(String password) {
    Json answer =
        cli.service().signIn(Json.object().put("user", user).put("password", password).build());
    return new Fields((Json.Obj) answer, "session");
  }

  private void changePassword(String current, String fresh) {
    cli.service()
        .put(
            dev.otasigner.cli.ServiceClient.path("users", user, "password"),
            Json.object().put("current", current).put("password", fresh).build());
  }
}
