package dev.otasigner.cli;

import dev.otasigner.cli.access.ApiKeysCommand;
import dev.otasigner.cli.access.LoginCommand;
import dev.otasigner.cli.access.LogoutCommand;
import dev.otasigner.cli.access.UsersCommand;
import dev.otasigner.cli.access.WebhooksCommand;
import dev.otasigner.cli.access.WhoamiCommand;
import dev.otasigner.cli.approvals.ApprovalsCommand;
import dev.otasigner.cli.audit.AuditCommand;
import dev.otasigner.cli.audit.ReportCommand;
import dev.otasigner.cli.catalogue.BuildsCommand;
import dev.otasigner.cli.catalogue.PushCommand;
import dev.otasigner.cli.catalogue.ReleaseCommand;
import dev.otasigner.cli.catalogue.RotationCommand;
import dev.otasigner.cli.catalogue.WriteOffsCommand;
import dev.otasigner.cli.ceremony.RootCommand;
import dev.otasigner.cli.demo.DemoCommand;
import dev.otasigner.cli.fleet.BootloadersCommand;
import dev.otasigner.cli.fleet.ChannelsCommand;
import dev.otasigner.cli.fleet.DevicesCommand;
import dev.otasigner.cli.fleet.FactoriesCommand;
import dev.otasigner.cli.fleet.FleetCommand;
import dev.otasigner.cli.fleet.HardwareCommand;
import dev.otasigner.cli.fleet.ListenersCommand;
import dev.otasigner.cli.fleet.ProductsCommand;
import dev.otasigner.cli.fleet.ProfilesCommand;
import dev.otasigner.cli.image.InspectCommand;
import dev.otasigner.cli.image.VerifyCommand;
import dev.otasigner.cli.keyring.KeysCommand;
import dev.otasigner.cli.local.KeygenCommand;
import dev.otasigner.cli.mirror.MirrorCommand;
import dev.otasigner.cli.signing.SignCommand;
import dev.otasigner.cli.signing.SignDigestCommand;
import dev.otasigner.cli.signing.SignReleaseCommand;
import dev.otasigner.cli.tuf.TufCommand;
import dev.otasigner.verifier.RejectedException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * The tree of commands, and the one place where exceptions become errors, hints and exit codes.
 * Only the command that is asked for is built: reflecting over all of them would take longer than
 * most of them run.
 */
public final class CommandLines {
  private static final Map<String, Function<Cli, Object>> COMMANDS = new LinkedHashMap<>();

  static {
    COMMANDS.put("demo", DemoCommand::new);
    COMMANDS.put("login", LoginCommand::new);
    COMMANDS.put("logout", LogoutCommand::new);
    COMMANDS.put("whoami", WhoamiCommand::new);
    COMMANDS.put("keys", KeysCommand::new);
    COMMANDS.put("products", ProductsCommand::new);
    COMMANDS.put("hardware", HardwareCommand::new);
    COMMANDS.put("channels", ChannelsCommand::new);
    COMMANDS.put("bootloaders", BootloadersCommand::new);
    COMMANDS.put("profiles", ProfilesCommand::new);
    COMMANDS.put("factories", FactoriesCommand::new);
    COMMANDS.put("devices", DevicesCommand::new);
    COMMANDS.put("fleet", FleetCommand::new);
    COMMANDS.put("listeners", ListenersCommand::new);
    COMMANDS.put("keygen", KeygenCommand::new);
    COMMANDS.put("sign", SignCommand::new);
    COMMANDS.put("sign-release", SignReleaseCommand::new);
    COMMANDS.put("sign-digest", SignDigestCommand::new);
    COMMANDS.put("approvals", ApprovalsCommand::new);
    COMMANDS.put("inspect", InspectCommand::new);
    COMMANDS.put("verify", VerifyCommand::new);
    COMMANDS.put("push", PushCommand::new);
    COMMANDS.put("builds", BuildsCommand::new);
    COMMANDS.put("release", ReleaseCommand::new);
    COMMANDS.put("rotation", RotationCommand::new);
    COMMANDS.put("write-offs", WriteOffsCommand::new);
    COMMANDS.put("root", RootCommand::new);
    COMMANDS.put("audit", AuditCommand::new);
    COMMANDS.put("report", ReportCommand::new);
    COMMANDS.put("users", UsersCommand::new);
    COMMANDS.put("api-keys", ApiKeysCommand::new);
    COMMANDS.put("webhooks", WebhooksCommand::new);
    COMMANDS.put("completion", CompletionCommand::new);
    COMMANDS.put("mirror", MirrorCommand::new);
    COMMANDS.put("tuf", TufCommand::new);
  }

  private CommandLines() {}

  /** Runs one command line and answers its exit status. */
  public static int run(Terminal terminal, String... args) {
    Signer options = new Signer();
    String wanted = firstWord(args);
    CommandLine root = tree(new Cli(terminal, options), wanted);
    root.setOut(writer(terminal.out()));
    root.setErr(writer(terminal.err()));
    root.registerConverter(Path.class, text -> terminal.directory().resolve(text));
    root.setUsageHelpAutoWidth(false);
    root.setCaseInsensitiveEnumValuesAllowed(true);
    root.setParameterExceptionHandler((e, given) -> usage(terminal, e));
    root.setExecutionExceptionHandler((e, command, parsed) -> failed(terminal, options, e));
    root.setExecutionStrategy(CommandLines::execute);
    int status = root.execute(args);
    // The conformance suite for TUF clients knows two answers.
    return wanted.equals("tuf") ? Math.min(status, ExitCode.REFUSED.status()) : status;
  }

  /** The whole tree, to be described rather than run. */
  public static CommandLine tree(Terminal terminal) {
    return tree(new Cli(terminal, new Signer()), "");
  }

  /** The tree with the wanted command only, or with all when there is no such command. */
  private static CommandLine tree(Cli cli, String wanted) {
    CommandLine root = new CommandLine(cli.options());
    for (Map.Entry<String, Function<Cli, Object>> command : COMMANDS.entrySet()) {
      if (!COMMANDS.containsKey(wanted) || command.getKey().equals(wanted)) {
        root.addSubcommand(command.getKey(), command.getValue().apply(cli));
      }
    }
    return root;
  }

  private static int execute(ParseResult parsed) {
    CommandLine last = parsed.commandSpec().commandLine();
    for (ParseResult at = parsed; ; at = at.subcommand()) {
      last = at.commandSpec().commandLine();
      if (!at.hasSubcommand()) {
        break;
      }
    }
    if (!last.getSubcommands().isEmpty()
        && !last.isUsageHelpRequested()
        && !last.isVersionHelpRequested()) {
      throw new ParameterException(last, "a command is expected");
    }
    return new CommandLine.RunLast().execute(parsed);
  }

  private static String firstWord(String[] args) {
    boolean value = false;
    for (String arg : args) {
      if (value) {
        value = false;
      } else if (arg.equals("--service") || arg.equals("--api-key-file")) {
        value = true;
      } else if (!arg.startsWith("-")) {
        return arg;
      }
    }
    return "";
  }

  private static int usage(Terminal terminal, ParameterException e) {
    String command = e.getCommandLine().getCommandSpec().qualifiedName();
    return say(
        terminal,
        CommandFailedException.usage(String.valueOf(e.getMessage()))
            .hint("see: " + command + " --help"));
  }

  private static int failed(Terminal terminal, Signer options, Exception e) {
    if (options.stacktrace()) {
      e.printStackTrace(writer(terminal.err()));
    }
    CommandFailedException failure = asFailure(terminal, e);
    if (options.json() && failure.document() != null) {
      terminal.out().println(JsonText.of(failure.document()));
    }
    return say(terminal, failure);
  }

  private static CommandFailedException asFailure(Terminal terminal, Exception e) {
    if (e instanceof CommandFailedException failure) {
      return failure;
    }
    if (e instanceof RejectedException refusal) {
      return Refusals.of(refusal, "");
    }
    if (e instanceof IOException trouble) {
      return FileTrouble.of(terminal, trouble);
    }
    return CommandFailedException.of(
            ExitCode.REFUSED, "the program has a fault: " + e.getClass().getName())
        .hint("please report it, with what --stacktrace prints");
  }

  private static int say(Terminal terminal, CommandFailedException failure) {
    terminal.err().println("signer: error: " + Report.printable(text(failure)));
    if (failure.hint() != null) {
      terminal.err().println("signer: hint: " + Report.printable(failure.hint()));
    }
    return failure.code().status();
  }

  private static String text(Exception e) {
    return String.valueOf(e.getMessage());
  }

  private static PrintWriter writer(java.io.PrintStream stream) {
    return new PrintWriter(stream, true, StandardCharsets.UTF_8);
  }
}
