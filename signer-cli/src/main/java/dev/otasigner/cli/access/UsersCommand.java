package dev.otasigner.cli.access;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.verifier.json.Json;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** People who administer the service. */
@Command(name = "users", description = "People who may sign in.")
public final class UsersCommand {
  private final Cli cli;

  public UsersCommand(Cli cli) {
    this.cli = cli;
  }

  @Command(description = "List users and their roles.")
  int list() {
    cli.report().list(cli.service().get(path("users")), "name", "roles");
    return 0;
  }

  @Command(description = "Add a user; prints a one-time password.")
  int add(
      @Parameters(paramLabel = "NAME") String name,
      @Option(names = "--role", required = true, split = ",", paramLabel = "ROLE")
          List<String> roles) {
    Json added =
        cli.service()
            .post(
                path("users"),
                Json.object().put("name", name).put("roles", Json.strings(roles)).build());
    cli.report().item(added);
    return 0;
  }

  @Command(description = "Change a password; asks, or reads files.")
  int password(
      @Parameters(paramLabel = "NAME") String name,
      @Option(names = "--current-password-file", paramLabel = "FILE") @Nullable Path currentFile,
      @Option(names = "--new-password-file", paramLabel = "FILE") @Nullable Path freshFile) {
    String current = cli.secret(currentFile, "Current password of " + name + ": ");
    String fresh = cli.secret(freshFile, "New password of " + name + ": ");
    cli.service()
        .put(
            path("users", name, "password"),
            Json.object().put("current", current).put("password", fresh).build());
    cli.report()
        .result(Json.object().put("name", name).build(), "password of " + name + " changed");
    return 0;
  }

  @Command(description = "Remove a user; their sessions end.")
  int remove(@Parameters(paramLabel = "NAME") String name) {
    cli.service().delete(path("users", name));
    cli.report().result(Json.object().put("removed", name).build(), name + " removed");
    return 0;
  }
}
