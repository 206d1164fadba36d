package dev.otasigner.cli.access;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.verifier.json.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Whom the service tells what people should look at. */
@Command(
    name = "webhooks",
    description = "Whom the service tells of waiting approvals, ends that come near and failures.")
public final class WebhooksCommand {
  private final Cli cli;

  public WebhooksCommand(Cli cli) {
    this.cli = cli;
  }

  @Command(description = "List receivers, and whether what they are told arrives.")
  int list() {
    cli.report()
        .list(
            cli.service().get(path("webhooks")), "name", "url", "events", "waiting", "lastFailure");
    return 0;
  }

  @Command(description = "Add a receiver; the secret that its calls are signed with is shown once.")
  int add(
      @Parameters(paramLabel = "NAME") String name,
      @Option(
              names = "--url",
              required = true,
              paramLabel = "URL",
              description = "https, or http on the service's own machine.")
          String url,
      @Option(
              names = "--event",
              split = ",",
              paramLabel = "EVENT",
              description =
                  "approval.waiting, signing.failed, end.near, end.alarm,"
                      + " handshake.failed, service.failing, service.well (default: all).")
          @Nullable List<String> events) {
    Json.Builder body = Json.object().put("name", name).put("url", url);
    if (events != null) {
      body.put("events", Json.strings(events));
    }
    cli.report().item(cli.service().post(path("webhooks"), body.build()));
    return 0;
  }

  @Command(description = "Remove a receiver, with what it was still to be told.")
  int remove(@Parameters(paramLabel = "NAME") String name) {
    cli.service().delete(path("webhooks", name));
    cli.report().result(Json.object().put("removed", name).build(), name + " removed");
    return 0;
  }

  @Command(description = "Have something sent that means nothing.")
  int test(@Parameters(paramLabel = "NAME") String name) {
    cli.service().post(path("webhooks", name, "test"), Json.object().build());
    cli.report().result(Json.object().put("sent", name).build(), "sent to " + name);
    return 0;
  }
}
