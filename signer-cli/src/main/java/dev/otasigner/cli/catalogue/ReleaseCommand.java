package dev.otasigner.cli.catalogue;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.Versions;
import dev.otasigner.verifier.json.Json;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which builds a channel offers, and to what share of its devices. */
@Command(name = "release", description = "Which builds a channel offers.")
public final class ReleaseCommand {
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
            "state");
    return 0;
  }

  @Command(description = "Offer a build to the devices of a channel.")
  int publish(
      @Parameters(paramLabel = "VERSION") String version,
      @Option(names = "--product", required = true) String product,
      @Option(names = "--channel", required = true) String channel,
      @Option(names = "--hardware", required = true) String hardware,
      @Option(names = "--bridge", description = "Keep offering it to devices that need it.")
          boolean bridge,
      @Option(
              names = "--share",
              paramLabel = "PER-MILLE",
              defaultValue = "1000",
              description = "Share of the devices, in thousandths (${DEFAULT-VALUE}).")
          int sharePerMille) {
    String exact = Versions.exact(version);
    Json released =
        cli.service()
            .post(
                path("products", product, "releases"),
                Json.object()
                    .put("channel", channel)
                    .put("hardware", hardware)
                    .put("version", exact)
                    .put("bridge", bridge)
                    .put("sharePerMille", sharePerMille)
                    .build());
    cli.report().result(released, "released " + exact + " to " + channel + " for " + hardware);
    return 0;
  }

  @Command(
      description = "Take a build back. Takes effect when the devices' cached timestamp expires.")
  int withdraw(
      @Parameters(paramLabel = "VERSION") String version,
      @Option(names = "--product", required = true) String product,
      @Option(names = "--channel", required = true) String channel,
      @Option(names = "--hardware", required = true) String hardware) {
    return step("withdraw", "withdrew", version, product, channel, hardware, null);
  }

  @Command(description = "Offer the build to nobody for a while.")
  int pause(
      @Parameters(paramLabel = "VERSION") String version,
      @Option(names = "--product", required = true) String product,
      @Option(names = "--channel", required = true) String channel,
      @Option(names = "--hardware", required = true) String hardware) {
    return step("pause", "paused", version, product, channel, hardware, null);
  }

  @Command(description = "Offer a paused build again, perhaps to a larger share.")
  int resume(
      @Parameters(paramLabel = "VERSION") String version,
      @Option(names = "--product", required = true) String product,
      @Option(names = "--channel", required = true) String channel,
      @Option(names = "--hardware", required = true) String hardware,
      @Option(names = "--share", paramLabel = "PER-MILLE") @Nullable Integer sharePerMille) {
    return step("resume", "resumed", version, product, channel, hardware, sharePerMille);
  }

  private int step(
      String step,
      String done,
      String version,
      String product,
      String channel,
      String hardware,
      @Nullable Integer sharePerMille) {
    String exact = Versions.exact(version);
    Json.Builder body = Json.object();
    if (sharePerMille != null) {
      body.put("sharePerMille", sharePerMille);
    }
    Json answer =
        cli.service()
            .post(
                path("products", product, "releases", channel, hardware, exact, step),
                body.build());
    cli.report().result(answer, done + " " + exact + " in " + channel + " for " + hardware);
    return 0;
  }
}
