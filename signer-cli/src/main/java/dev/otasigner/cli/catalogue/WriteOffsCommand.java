package dev.otasigner.cli.catalogue;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.ExitCode;
import dev.otasigner.cli.Report;
import dev.otasigner.verifier.json.Json;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Devices that are given up, so that a change may cut them off. */
@Command(
    name = "write-offs",
    description = "Give devices up that nobody will see again, so that they hold no change up.")
public final class WriteOffsCommand {
  private static final String ID = "ID";

  private final Cli cli;

  public WriteOffsCommand(Cli cli) {
    this.cli = cli;
  }

  @Command(description = "List what was given up, and what waits for approvals.")
  int list(@Option(names = "--product", required = true) String product) {
    cli.report()
        .list(
            cli.service().list(path("products", product, "write-offs")),
            "id",
            "state",
            "devices",
            "standing",
            "proposedBy",
            "created",
            "reason");
    return 0;
  }

  @Command(description = "Show whom a write-off names, what would cut them off, and who agreed.")
  int show(
      @Parameters(paramLabel = ID) String id,
      @Option(names = "--product", required = true) String product) {
    print(cli.service().get(path("products", product, "write-offs", id)));
    return 0;
  }

  @Command(
      description = {
        "Name devices that a change would cut off, by cohort and number.",
        "Which they are: signer rotation impact, with the same change.",
        "Exit code 4: two approvers have to agree."
      })
  int propose(
      @Option(names = "--product", required = true) String product,
      @Mixin ChangeOptions change,
      @Option(
              names = "--cohort",
              required = true,
              split = ",",
              paramLabel = "ID=COUNT",
              description = "One of them, and how many devices it has; repeatable.")
          List<String> cohorts,
      @Option(
              names = "--reason",
              required = true,
              description = "Kept for good, and shown to the approvers.")
          String reason) {
    Json.Obj body =
        Json.object()
            .put("change", change.toJson())
            .put("cohorts", named(cohorts))
            .put("reason", reason)
            .build();
    print(cli.service().post(path("products", product, "write-offs"), body));
    return ExitCode.WAITING.status();
  }

  @Command(
      description = {
        "Agree to what somebody else has proposed.",
        "Look at it first: signer write-offs show."
      })
  int approve(
      @Parameters(paramLabel = ID) String id,
      @Option(names = "--product", required = true) String product,
      @Option(
              names = "--devices",
              required = true,
              paramLabel = "COUNT",
              description = "How many devices you agree to give up.")
          long devices) {
    Json answer =
        cli.service()
            .post(
                path("products", product, "write-offs", id, "approve"),
                Json.object().put("devices", devices).build());
    print(answer);
    boolean waits =
        answer instanceof Json.Obj object
            && new Json.Str("waiting").equals(object.members().get("state"));
    return (waits ? ExitCode.WAITING : ExitCode.DONE).status();
  }

  @Command(description = "Turn down what waits, or take it back: the devices count again.")
  int end(
      @Parameters(paramLabel = ID) String id,
      @Option(names = "--product", required = true) String product,
      @Option(names = "--reason", required = true, description = "Kept for good.") String reason) {
    print(
        cli.service()
            .post(
                path("products", product, "write-offs", id, "end"),
                Json.object().put("reason", reason).build()));
    return 0;
  }

  private static List<Json> named(List<String> cohorts) {
    List<Json> named = new ArrayList<>();
    for (String each : cohorts) {
      if (!each.matches("[1-9][0-9]{0,17}=[1-9][0-9]{0,8}")) {
        throw CommandFailedException.usage("--cohort " + each + ": ID=COUNT is expected");
      }
      int sign = each.indexOf('=');
      named.add(
          Json.object()
              .put("cohort", Long.parseLong(each.substring(0, sign)))
              .put("count", Long.parseLong(each.substring(sign + 1)))
              .build());
    }
    return named;
  }

  /** What people decide by: how it stands, then a table of the cohorts. */
  private void print(Json writeOff) {
    Report report = cli.report();
    if (report.json() || !(writeOff instanceof Json.Obj object)) {
      report.item(writeOff);
      return;
    }
    Json.Builder head = Json.object();
    object
        .members()
        .forEach(
            (name, value) -> {
              if (!name.equals("cohorts")) {
                head.put(name, value);
              }
            });
    report.item(head.build());
    report.list(
        object.members().getOrDefault("cohorts", new Json.Arr(List.of())),
        "cohort",
        "count",
        "version",
        "hardware",
        "channel",
        "bootloader",
        "check",
        "reason",
        "detail");
  }
}
