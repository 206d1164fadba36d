package dev.otasigner.cli.audit;

import static dev.otasigner.cli.ServiceClient.escape;
import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Who did what, and whether the record is whole. */
@Command(name = "audit", description = "Who did what, and whether the record is whole.")
public final class AuditCommand {
  private final Cli cli;

  public AuditCommand(Cli cli) {
    this.cli = cli;
  }

  @Command(description = "Show records.")
  int log(
      @Option(names = "--from", defaultValue = "0", description = "First record's number.")
          long from,
      @Option(names = "--user", paramLabel = "NAME", description = "Only what this user did.")
          @Nullable String user) {
    String query = "?from=" + from + (user == null ? "" : "&user=" + escape(user));
    cli.report()
        .list(
            cli.service().get(path("audit") + query),
            "seq",
            "at",
            "actor",
            "action",
            "subject",
            "details");
    return 0;
  }

  @Command(
      description = {
        "Fetch the whole log and compute its tree again.",
        "With --key, the checkpoint must be signed by that key; with --checkpoint, the log must"
            + " also still contain what an earlier checkpoint vouched for."
      })
  int verify(
      @Option(
              names = "--key",
              required = true,
              paramLabel = "PUB.pem",
              description = "The audit key, kept from a time you trust.")
          Path key,
      @Option(
              names = "--checkpoint",
              paramLabel = "FILE",
              description = "An earlier checkpoint that was carried away.")
          @Nullable Path earlier)
      throws IOException, RejectedException {
    AuditKey auditKey = AuditKey.read(Files.readString(key));
    Checkpoint now = Checkpoint.read(cli.service().bytes(path("audit", "checkpoint")), auditKey);
    Path log = Files.createTempFile("audit", ".ndjson");
    try {
      cli.service().download(path("audit", "export"), log);
      OptionalLong kept = OptionalLong.empty();
      try (InputStream in = Files.newInputStream(log)) {
        LogTree tree = LogTree.read(in);
        now.requireHeadOf(tree);
        if (earlier != null) {
          Checkpoint before = Checkpoint.read(Files.readAllBytes(earlier), auditKey);
          before.requireHeadOf(tree);
          kept = OptionalLong.of(before.size());
        }
      }
      Json.Builder answer = Json.object().put("verified", true).put("records", now.size());
      kept.ifPresent(size -> answer.put("sinceCheckpoint", now.size() - size));
      cli.report()
          .result(answer.build(), "verified: " + now.size() + " records, none missing or altered");
      return 0;
    } finally {
      Files.deleteIfExists(log);
    }
  }
}
