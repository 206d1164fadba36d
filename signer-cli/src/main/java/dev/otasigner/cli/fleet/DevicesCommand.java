package dev.otasigner.cli.fleet;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.verifier.json.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The manufactured list and what its devices have last said. */
@Command(name = "devices", description = "Manufactured devices and what they run.")
public final class DevicesCommand {
  private final Cli cli;

  public DevicesCommand(Cli cli) {
    this.cli = cli;
  }

  @Command(description = "List a product's devices.")
  int list(@Option(names = "--product", required = true) String product) {
    cli.report()
        .list(
            cli.service().list(path("products", product, "devices")),
            "deviceId",
            "hardware",
            "channel",
            "version",
            "bootloader",
            "lastSeen");
    return 0;
  }

  @Command(description = "Show one device's state.")
  int show(
      @Parameters(paramLabel = "ID") String id,
      @Option(names = "--product", required = true) String product) {
    cli.report().item(cli.service().get(path("products", product, "devices", id)));
    return 0;
  }

  @Command(description = "Add a manufactured device; prints its one-time enrolment secret.")
  int add(
      @Parameters(paramLabel = "ID") String id,
      @Option(names = "--product", required = true) String product,
      @Option(names = "--hardware", required = true) String hardware,
      @Option(names = "--revision", required = true) String revision,
      @Option(names = "--bootloader", required = true) String bootloader,
      @Option(names = "--channel", required = true) String channel,
      @Option(names = "--clock", defaultValue = "rtc", description = "rtc, network or none.")
          String clock,
      @Option(names = "--build", required = true, description = "What the factory installed.")
          String build) {
    cli.report()
        .item(
            cli.service()
                .post(
                    path("products", product, "devices"),
                    Json.object()
                        .put("deviceId", id)
                        .put("hardware", hardware)
                        .put("revision", revision)
                        .put("bootloader", bootloader)
                        .put("channel", channel)
                        .put("clockClass", clock)
                        .put("build", build)
                        .build()));
    return 0;
  }
}
