package dev.otasigner.cli.catalogue;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.Report;
import dev.otasigner.verifier.json.Json;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which builds a channel offers, and to what share of its devices. */
@Command(name = "release", description = "Which builds a channel offers.")
public final class ReleaseCommand {
  private static final String MAX_DEVICES = "500";

  private final Cli cli;

  public ReleaseCommand(Cli cli) {
    this.cli = cli;
  }

  @Command(description = "List a product's releases.")
  int list(@Option(names = "--product", required = true) String product) {
    cli.report()
        .list(
            cli.service().list(path("products", product, "releases")),
            "channel",
            "hardware",
            "version",
            "bridge",
            "sharePerMille",
            "state",
            "from",
            "requires",
            "notes");
    return 0;
  }

  @Command(description = "Show one release and how far its rollout has come.")
  int show(@Mixin WhichRelease which) {
    cli.report().item(cli.service().get(which.path()));
    return 0;
  }

  @Command(
      description = {
        "Offer a build to the devices of a channel.",
        "What is not said is as it was when the build was released before."
      })
  int publish(
      @Mixin WhichRelease which,
      @Mixin RolloutOptions rollout,
      @Mixin StrandedOptions stranded,
      @Option(names = "--bridge", description = "Keep offering it to devices that need it.")
          boolean bridge) {
    Json.Builder body = which.body();
    if (bridge) {
      body.put("bridge", true);
    }
    rollout.describe(body, cli);
    stranded.describe(body);
    Json answer =
        StrandedOptions.ask(
            () -> cli.service().post(path("products", which.product, "releases"), body.build()));
    return told(
        answer, "released " + which.exact() + " to " + which.channel + " for " + which.hardware);
  }

  @Command(
      description = "Take a build back. Takes effect when the devices' cached timestamp expires.")
  int withdraw(@Mixin WhichRelease which, @Mixin StrandedOptions stranded) {
    return step("withdraw", "withdrew", which, stranded);
  }

  @Command(description = "Offer the build to nobody for a while.")
  int pause(@Mixin WhichRelease which, @Mixin StrandedOptions stranded) {
    return step("pause", "paused", which, stranded);
  }

  @Command(
      description = {
        "End a rollout for good: devices that took it keep it, no other is offered it.",
        "It can not be resumed, only published anew."
      })
  int stop(@Mixin WhichRelease which, @Mixin StrandedOptions stranded) {
    return step("stop", "stopped", which, stranded);
  }

  @Command(description = "Offer a paused or withdrawn build again, perhaps to a larger share.")
  int resume(
      @Mixin WhichRelease which, @Mixin RolloutOptions rollout, @Mixin StrandedOptions stranded) {
    Json.Builder body = Json.object();
    rollout.describe(body, cli);
    stranded.describe(body);
    Json answer = StrandedOptions.ask(() -> cli.service().post(which.path("resume"), body.build()));
    return told(answer, "resumed " + which);
  }

  @Command(
      description = {
        "Name devices that are offered the build before anybody else.",
        "At most " + MAX_DEVICES + "; they wait with everybody while it is paused."
      })
  int test(@Mixin WhichRelease which, @Mixin DeviceOptions devices) {
    return named("test", which, devices.body());
  }

  @Command(
      description = {
        "Name devices that are never offered the build.",
        "At most " + MAX_DEVICES + "; not even a bridge reaches them."
      })
  int hold(
      @Mixin WhichRelease which, @Mixin DeviceOptions devices, @Mixin StrandedOptions stranded) {
    Json.Builder body = devices.body();
    stranded.describe(body);
    return named("hold", which, body);
  }

  private int named(String list, WhichRelease which, Json.Builder body) {
    Json answer =
        StrandedOptions.ask(() -> cli.service().post(which.path("devices", list), body.build()));
    int count =
        answer instanceof Json.Obj object && object.members().get(list) instanceof Json.Arr named
            ? named.items().size()
            : 0;
    return told(answer, "the " + list + " list of " + which + " names " + count + " devices");
  }

  private int step(String step, String done, WhichRelease which, StrandedOptions stranded) {
    Json.Builder body = Json.object();
    stranded.describe(body);
    Json answer = StrandedOptions.ask(() -> cli.service().post(which.path(step), body.build()));
    return told(answer, done + " " + which);
  }

  /** What came of it, and what is to be known. */
  private int told(Json answer, String line) {
    Report report = cli.report();
    report.result(answer, line);
    if (!(answer instanceof Json.Obj release)) {
      return 0;
    }
    if (release.members().get("offeredUntil") instanceof Json.Str until) {
      report.line(
          "a device that holds an older timestamp may still take it until " + until.value());
    }
    if (release.members().get("rollout") instanceof Json.Obj rollout) {
      report.line(
          number(rollout, "inShare")
              + " of "
              + number(rollout, "devices")
              + " devices are in share, "
              + number(rollout, "running")
              + " run it");
    }
    for (Json.Obj warning : warnings(release)) {
      report.note("signer: warning: (" + text(warning, "code") + ") " + text(warning, "detail"));
    }
    return 0;
  }

  private static List<Json.Obj> warnings(Json.Obj release) {
    Json warnings = release.members().get("warnings");
    return warnings == null ? List.of() : Report.items(warnings);
  }

  private static String text(Json.Obj object, String name) {
    return object.members().get(name) instanceof Json.Str text ? text.value() : "";
  }

  private static String number(Json.Obj object, String name) {
    return object.members().get(name) instanceof Json.Num number
        ? Long.toString(number.value())
        : "?";
  }
}
