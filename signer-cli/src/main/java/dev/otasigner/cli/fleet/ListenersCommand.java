package dev.otasigner.cli.fleet;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.verifier.json.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Where devices dial in, each with its own TLS policy. */
@Command(name = "listeners", description = "Where devices dial in, each with its own TLS policy.")
public final class ListenersCommand {
  private final Cli cli;

  public ListenersCommand(Cli cli) {
    this.cli = cli;
  }

  @Command(description = "List listeners.")
  int list() {
    cli.report()
        .list(cli.service().get(path("listeners")), "name", "kind", "port", "boundPort", "tls");
    return 0;
  }

  @Command(description = "Open a listener.")
  int open(
      @Parameters(paramLabel = "NAME") String name,
      @Option(names = "--port", required = true) int port,
      @Option(names = "--kind", defaultValue = "device", description = "device or enrol.")
          String kind,
      @Option(
              names = "--tls",
              required = true,
              split = ",",
              paramLabel = "VERSION",
              description = "TLSv1.2, TLSv1.3.")
          List<String> versions,
      @Option(names = "--suite", required = true, split = ",", paramLabel = "SUITE")
          List<String> suites,
      @Option(names = "--group", split = ",", paramLabel = "GROUP") @Nullable List<String> groups,
      @Option(names = "--server-key", required = true, description = "rsa-2048, p-256 or p-384.")
          String serverKey) {
    Json.Obj tls =
        Json.object()
            .put("versions", Json.strings(versions))
            .put("suites", Json.strings(suites))
            .put("groups", groups == null ? null : Json.strings(groups))
            .put("serverKey", serverKey)
            .build();
    cli.report()
        .item(
            cli.service()
                .post(
                    path("listeners"),
                    Json.object()
                        .put("name", name)
                        .put("port", port)
                        .put("kind", kind)
                        .put("tls", tls)
                        .build()));
    return 0;
  }

  @Command(
      description = "Close a listener. Refused while a device could no longer reach the service.")
  int close(@Parameters(paramLabel = "NAME") String name) {
    cli.report().item(cli.service().post(path("listeners", name, "close"), Json.object().build()));
    return 0;
  }
}
