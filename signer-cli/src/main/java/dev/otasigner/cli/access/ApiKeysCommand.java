package dev.otasigner.cli.access;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.verifier.json.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Credentials for programs. */
@Command(name = "api-keys", description = "Credentials for programs.")
public final class ApiKeysCommand {
  private final Cli cli;

  public ApiKeysCommand(Cli cli) {
    this.cli = cli;
  }

  @Command(description = "List API keys; their secrets are not kept.")
  int list() {
    cli.report().list(cli.service().get(path("api-keys")), "id", "name", "roles", "expires");
    return 0;
  }

  @Command(description = "Create an API key; its secret is shown once.")
  int create(
      @Parameters(paramLabel = "NAME") String name,
      @Option(names = "--role", required = true, split = ",", paramLabel = "ROLE")
          List<String> roles,
      @Option(names = "--product", paramLabel = "PRODUCT") @Nullable String product,
      @Option(names = "--days", defaultValue = "90", paramLabel = "N") int days) {
    Json created =
        cli.service()
            .post(
                path("api-keys"),
                Json.object()
                    .put("name", name)
                    .put("roles", Json.strings(roles))
                    .put("product", product)
                    .put("days", days)
                    .build());
    cli.report().item(created);
    return 0;
  }

  @Command(description = "Revoke an API key.")
  int revoke(@Parameters(paramLabel = "ID") String id) {
    cli.service().delete(path("api-keys", id));
    cli.report().result(Json.object().put("revoked", id).build(), id + " revoked");
    return 0;
  }
}
