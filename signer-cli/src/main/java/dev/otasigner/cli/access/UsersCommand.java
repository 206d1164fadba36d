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

  @Command(
      description = "Add a user; prints a one-time password, or what waits for a confirmation.")
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

  @Command(description = "Give a user roles: ROLE, or ROLE@PRODUCT for one product only.")
  int grant(
      @Parameters(paramLabel = "NAME") String name,
      @Option(names = "--role", required = true, split = ",", paramLabel = "ROLE")
          List<String> roles) {
    return changeRoles(name, "grant", roles);
  }

  @Command(description = "Take roles from a user; open sessions lose them too.")
  int take(
      @Parameters(paramLabel = "NAME") String name,
      @Option(names = "--role", required = true, split = ",", paramLabel = "ROLE")
          List<String> roles) {
    return changeRoles(name, "take", roles);
  }

  private int changeRoles(String name, String change, List<String> roles) {
    cli.report()
        .item(
            cli.service()
                .post(
                    path("users", name, "roles"),
                    Json.object().put(change, Json.strings(roles)).build()));
    return 0;
  }

  @Command(description = "List changes that wait for a second administrator.")
  int changes() {
    cli.report()
        .list(
            cli.service().get(path("user-changes")),
            "id",
            "change",
            "name",
            "roles",
            "proposedBy",
            "waitingUntil");
    return 0;
  }

  @Command(description = "Confirm what another administrator proposed.")
  int confirm(@Parameters(paramLabel = "ID") String id) {
    cli.report()
        .item(cli.service().post(path("user-changes", id, "confirm"), Json.object().build()));
    return 0;
  }

  @Command(description = "Take back a change that waits.")
  int drop(@Parameters(paramLabel = "ID") String id) {
    cli.service().delete(path("user-changes", id));
    cli.report().result(Json.object().put("dropped", id).build(), id + " dropped");
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

  @Command(description = "Set a one-time password for another user, and print it.")
  int reset(@Parameters(paramLabel = "NAME") String name) {
    cli.report().item(cli.service().put(path("users", name, "password"), Json.object().build()));
    return 0;
  }

  @Command(description = "Remove a user; their sessions end.")
  int remove(@Parameters(paramLabel = "NAME") String name) {
    Json answer = cli.service().remove(path("users", name));
    if (answer instanceof Json.Obj waits && waits.members().containsKey("id")) {
      cli.report().item(answer); // another administrator has to confirm it
    } else {
      cli.report().result(Json.object().put("removed", name).build(), name + " removed");
    }
    return 0;
  }
}
