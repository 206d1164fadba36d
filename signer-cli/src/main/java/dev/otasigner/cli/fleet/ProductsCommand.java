package dev.otasigner.cli.fleet;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Products and the policy of their builds. */
@Command(name = "products", description = "What is sold, and the policy of its builds.")
public final class ProductsCommand {
  private static final int MAX_POLICY_BYTES = 64 * 1024;

  private final Cli cli;

  public ProductsCommand(Cli cli) {
    this.cli = cli;
  }

  @Command(description = "List products.")
  int list() {
    cli.report().list(cli.service().get(path("products")), "name", "policy");
    return 0;
  }

  @Command(description = "Show the policy of a product's builds.")
  int policy(@Parameters(paramLabel = "NAME") String name) {
    cli.report().item(cli.service().get(path("products", name, "policy")));
    return 0;
  }

  @Command(
      name = "set-policy",
      description =
          "Replace the policy of a product's builds; prints it, or what waits for a confirmation.")
  int setPolicy(
      @Parameters(paramLabel = "NAME") String name,
      @Parameters(paramLabel = "FILE", description = "The whole policy, as JSON.") Path file)
      throws IOException, RejectedException {
    Json.Obj policy = JsonReader.readObject(Files.readAllBytes(file), MAX_POLICY_BYTES).json();
    cli.report().item(cli.service().put(path("products", name, "policy"), policy));
    return 0;
  }

  @Command(
      name = "policy-changes",
      description = "List policies that wait for a second administrator.")
  int policyChanges(@Parameters(paramLabel = "NAME") String name) {
    cli.report()
        .list(
            cli.service().get(path("products", name, "policy-changes")),
            "id",
            "proposedBy",
            "waitingUntil",
            "policy");
    return 0;
  }

  @Command(
      name = "confirm-policy",
      description = "Confirm a policy that another administrator proposed.")
  int confirmPolicy(
      @Parameters(paramLabel = "NAME") String name, @Parameters(paramLabel = "ID") String id) {
    cli.report()
        .item(
            cli.service()
                .post(
                    path("products", name, "policy-changes", id, "confirm"),
                    Json.object().build()));
    return 0;
  }

  @Command(name = "drop-policy", description = "Take back a policy that waits.")
  int dropPolicy(
      @Parameters(paramLabel = "NAME") String name, @Parameters(paramLabel = "ID") String id) {
    cli.service().delete(path("products", name, "policy-changes", id));
    cli.report().result(Json.object().put("dropped", id).build(), id + " dropped");
    return 0;
  }

  @Command(description = "Add a product.")
  int add(
      @Parameters(paramLabel = "NAME") String name,
      @Option(names = "--even-majors-only", description = "Refuse builds with an odd major number.")
          boolean evenMajorsOnly,
      @Option(
              names = "--max-counter-step",
              defaultValue = "1",
              description = "How far a build may raise the security counter (${DEFAULT-VALUE}).")
          int maxCounterStep,
      @Option(
              names = "--timestamp-days",
              defaultValue = "7",
              description = "How long a withdrawal may take to arrive (${DEFAULT-VALUE} days).")
          int timestampDays) {
    Json.Obj policy =
        Json.object()
            .put("evenMajorsOnly", evenMajorsOnly)
            .put("maxCounterStep", maxCounterStep)
            .put("timestampDays", timestampDays)
            .build();
    cli.report()
        .item(
            cli.service()
                .post(
                    path("products"),
                    Json.object().put("name", name).put("policy", policy).build()));
    return 0;
  }
}
