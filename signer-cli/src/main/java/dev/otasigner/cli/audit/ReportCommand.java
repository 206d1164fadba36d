package dev.otasigner.cli.audit;

import static dev.otasigner.cli.ServiceClient.escape;
import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.ExitCode;
import dev.otasigner.cli.JsonText;
import dev.otasigner.cli.NewFile;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What a customer's security department asks, answered by the running service. */
@Command(
    name = "report",
    description = {
      "Answer a security questionnaire from the running service:",
      "access (administrators, rights, sign-ins, actions), crypto (keys, algorithms, strengths,",
      "dates) or network (addresses, ports, TLS, data at rest)."
    })
public final class ReportCommand implements Callable<Integer> {
  private final Cli cli;

  public ReportCommand(Cli cli) {
    this.cli = cli;
  }

  @Parameters(paramLabel = "KIND", description = "access, crypto or network.")
  private String kind = "";

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      defaultValue = "md",
      description = "md, html or json (default: ${DEFAULT-VALUE}).")
  private String format = "md";

  @Option(
      names = "--from",
      paramLabel = "TIME",
      description = "Begin of the time told of (default: ninety days before its end).")
  private @Nullable String from;

  @Option(names = "--to", paramLabel = "TIME", description = "Its end (default: now).")
  private @Nullable String to;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "Write there instead of to standard output.")
  private @Nullable Path output;

  @Override
  public Integer call() throws IOException {
    ReportPage.Format wanted =
        cli.report().json() ? ReportPage.Format.JSON : ReportPage.Format.ofCode(format);
    if (wanted == null) {
      throw CommandFailedException.usage("--format: md, html or json is expected");
    }
    Json answer = cli.service().get(path("reports", kind) + query());
    String page = page(answer, wanted);
    if (output == null) {
      cli.terminal().out().print(page);
      cli.terminal().out().flush();
    } else {
      NewFile.write(output, page.getBytes(StandardCharsets.UTF_8));
      cli.report().note("written: " + output.getFileName());
    }
    return 0;
  }

  private String query() {
    List<String> parts = new ArrayList<>();
    if (from != null) {
      parts.add("from=" + escape(from));
    }
    if (to != null) {
      parts.add("to=" + escape(to));
    }
    return parts.isEmpty() ? "" : "?" + String.join("&", parts);
  }

  private static String page(Json answer, ReportPage.Format format) {
    if (format == ReportPage.Format.JSON) {
      return JsonText.of(answer) + "\n";
    }
    try {
      if (!(answer instanceof Json.Obj report)) {
        throw CommandFailedException.of(ExitCode.REFUSED, "the service's answer is no report");
      }
      ReportPage page = ReportPage.read(report);
      return format == ReportPage.Format.HTML ? page.html() : page.markdown();
    } catch (RejectedException e) {
      throw CommandFailedException.of(
          ExitCode.REFUSED, "the service's answer is no report: " + e.getMessage());
    }
  }
}
