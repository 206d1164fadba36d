package dev.otasigner.cli.fleet;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.verifier.json.Json;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Where devices dial in, each with its own TLS policy. */
@Command(name = "listeners", description = "Where devices dial in, each with its own TLS policy.")
public final class ListenersCommand {
  private static final String SUNSET =
      "a day such as 2027-06-30, in UTC, or a time such as 2027-06-30T12:00:00Z is expected.";

  private final Cli cli;

  public ListenersCommand(Cli cli) {
    this.cli = cli;
  }

  @Command(description = "List listeners, with how many devices are on each and need it.")
  int list() {
    cli.report()
        .list(
            cli.service().get(path("listeners")),
            "name",
            "kind",
            "port",
            "boundPort",
            "tls",
            "sunset",
            "devices",
            "needed");
    return 0;
  }

  @Command(
      description =
          "Show a listener and the cohorts on it: devices last heard of there, and those that can"
              + " reach no other one.")
  int show(@Parameters(paramLabel = "NAME") String name) {
    cli.report().item(cli.service().get(path("listeners", name)));
    return 0;
  }

  @Command(
      description =
          "Set when a listener is to close. It stays open for as long as a device needs it.")
  int sunset(
      @Parameters(paramLabel = "NAME") String name,
      @Parameters(paramLabel = "DATE|none", description = SUNSET) String date) {
    cli.report()
        .item(
            cli.service()
                .post(
                    path("listeners", name, "sunset"),
                    Json.object()
                        .put("sunset", date.equals("none") ? null : time(date, "DATE"))
                        .build()));
    return 0;
  }

  /** A day in UTC, or a time. */
  private static String time(String date, String parameter) {
    try {
      return date.indexOf('T') < 0
          ? LocalDate.parse(date).atStartOfDay(ZoneOffset.UTC).toInstant().toString()
          : Instant.parse(date).toString();
    } catch (DateTimeParseException e) {
      throw CommandFailedException.usage(parameter + ": " + SUNSET);
    }
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
      @Option(
              names = "--group",
              split = ",",
              paramLabel = "GROUP",
              description = "Such as secp384r1, or X25519MLKEM768 alone; all when left out.")
          @Nullable List<String> groups,
      @Option(names = "--server-key", required = true, description = "rsa-2048, p-256 or p-384.")
          String serverKey,
      @Option(names = "--sunset", paramLabel = "DATE", description = SUNSET)
          @Nullable String sunset) {
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
                        .put("sunset", sunset == null ? null : time(sunset, "--sunset"))
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
