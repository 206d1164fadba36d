package dev.otasigner.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The root command: what every command can be told. */
@Command(
    name = "signer",
    versionProvider = ProgramVersion.class,
    synopsisSubcommandLabel = "COMMAND",
    description = "Signs firmware, publishes it, and strands no device.",
    commandListHeading = "%nCommands:%n",
    optionListHeading = "%nOptions:%n",
    footer = {
      "",
      "Programs of their own:",
      "  serve       Run the service: signer serve [--data DIR] [--port N].",
      "  device      Run an emulated device: signer device --help.",
      "",
      "Exit codes: 0 done or accepted, 1 refused, 2 usage, 3 unreachable,",
      "4 waiting for approval, 5 not signed in or not allowed."
    })
public final class Signer {
  @SuppressWarnings("UnusedVariable") // picocli acts on it
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Show this help.")
  private boolean help;

  @SuppressWarnings("UnusedVariable") // picocli acts on it
  @Option(names = "--version", versionHelp = true, description = "Show the version.")
  private boolean version;

  @Option(
      names = "--json",
      scope = ScopeType.INHERIT,
      description = "Print one JSON document and nothing else.")
  private boolean json;

  @Option(
      names = "--service",
      paramLabel = "URL",
      scope = ScopeType.INHERIT,
      description = "The service (default: the one signed in to, or $$SIGNER_SERVICE).")
  private @Nullable String service;

  @Option(
      names = "--api-key-file",
      paramLabel = "FILE",
      scope = ScopeType.INHERIT,
      description = "Use the API key in this file instead of the session.")
  private @Nullable Path apiKeyFile;

  @Option(
      names = "--ca-file",
      paramLabel = "FILE",
      scope = ScopeType.INHERIT,
      description =
          "Trust the service's certificate by these authorities in PEM, and by no others (default:"
              + " $$SIGNER_CA_FILE, or those of the JVM).")
  private @Nullable Path caFile;

  @Option(names = "--stacktrace", scope = ScopeType.INHERIT, hidden = true)
  private boolean stacktrace;

  public boolean json() {
    return json;
  }

  public @Nullable String service() {
    return service;
  }

  public @Nullable Path apiKeyFile() {
    return apiKeyFile;
  }

  public @Nullable Path caFile() {
    return caFile;
  }

  public boolean stacktrace() {
    return stacktrace;
  }
}
