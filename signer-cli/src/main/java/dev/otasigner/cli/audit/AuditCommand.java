package dev.otasigner.cli.audit;

import static dev.otasigner.cli.ServiceClient.escape;
import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.NewFile;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.audit.AuditKey;
import dev.otasigner.verifier.audit.Checkpoint;
import dev.otasigner.verifier.audit.ConsistencyProof;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

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

  @Command(description = "Show who signed in, when, and what they did.")
  int who(
      @Option(
              names = "--user",
              paramLabel = "NAME",
              description = "Only this person, or a program such as api-key:ci.")
          @Nullable String user,
      @Option(
              names = "--since",
              paramLabel = "TIME",
              description = "From this day, such as 2026-11-01, or time on.")
          @Nullable String since,
      @Option(names = "--until", paramLabel = "TIME", description = "Before this day or time.")
          @Nullable String until)
      throws RejectedException {
    new WhoDidWhat(cli).show(Optional.ofNullable(user), since, until);
    return 0;
  }

  @Command(
      description = {
        "Show who signed an image, who approved it, with which key, and which checks it passed.",
        "Each record is proved to be in the log, whose checkpoint must be signed by --key."
      })
  int image(
      @Parameters(arity = "0..1", paramLabel = "FILE", description = "The image itself.")
          @Nullable Path file,
      @Option(
              names = "--digest",
              paramLabel = "SHA256",
              description = "Of an image, payload, manifest or approval.")
          @Nullable String digest,
      @Option(names = "--product", paramLabel = "PRODUCT", description = "With --version: a build.")
          @Nullable String product,
      @Option(names = "--version", paramLabel = "VERSION", description = "Of the build.")
          @Nullable String version,
      @Option(
              names = "--key",
              paramLabel = "PUB.pem",
              description = "The audit key, kept from a time you trust.")
          @Nullable Path key,
      @Option(
              names = {"-o", "--output"},
              paramLabel = "FILE",
              description = "Keep the records, proofs and checkpoint there.")
          @Nullable Path output)
      throws IOException, RejectedException {
    ImageEvidence evidence = new ImageEvidence(cli, new ExportCheck(key(key)));
    return evidence.show(ImageEvidence.query(file, digest, product, version), output);
  }

  @Command(description = "Fetch a checkpoint as of now: a signed note of the log's size and head.")
  int checkpoint(
      @Option(
              names = {"-o", "--output"},
              paramLabel = "FILE",
              description = "Write there instead of to standard output.")
          @Nullable Path output)
      throws IOException, RejectedException {
    byte[] note = cli.service().bytes(path("audit", "checkpoint"));
    Checkpoint checkpoint = Checkpoint.readUnverified(note);
    String text = new String(note, StandardCharsets.UTF_8);
    if (output != null) {
      NewFile.write(output, note);
    }
    if (cli.report().json()) {
      cli.report()
          .item(
              Json.object()
                  .put("origin", checkpoint.origin())
                  .put("size", checkpoint.size())
                  .put("root", checkpoint.root())
                  .put("note", text)
                  .build());
    } else if (output == null) {
      cli.report().line(text.stripTrailing());
    } else {
      cli.report().line("written: " + checkpoint.size() + " records vouched for");
    }
    return 0;
  }

  @Command(
      description =
          "Fetch the whole log, and beside it, as FILE.checkpoint, the checkpoint that vouches for"
              + " it.")
  int export(
      @Option(
              names = {"-o", "--output"},
              required = true,
              paramLabel = "FILE",
              description = "Where to write it.")
          Path output)
      throws IOException, RejectedException {
    Checkpoint head = fetch(output, output.resolveSibling(output.getFileName() + ".checkpoint"));
    cli.report()
        .result(
            Json.object().put("records", head.size()).put("root", head.root()).build(),
            "written: " + head.size() + " records");
    return 0;
  }

  /** The checkpoint first, so that it vouches for exactly what is then fetched. */
  private Checkpoint fetch(Path export, Path checkpoint) throws IOException, RejectedException {
    byte[] note = cli.service().bytes(path("audit", "checkpoint"));
    Checkpoint head = Checkpoint.readUnverified(note);
    cli.service().download(path("audit", "export") + "?size=" + head.size(), export);
    NewFile.write(checkpoint, note);
    return head;
  }

  @Command(
      description = {
        "Prove that the log now begins with all that an earlier checkpoint vouched for,",
        "without fetching it."
      })
  int proof(
      @Parameters(paramLabel = "CHECKPOINT", description = "An earlier checkpoint.") Path earlier,
      @Option(
              names = "--key",
              required = true,
              paramLabel = "PUB.pem",
              description = "The audit key, kept from a time you trust.")
          Path key)
      throws IOException, RejectedException {
    ExportCheck check = new ExportCheck(key(key));
    Checkpoint before = check.read(Files.readAllBytes(earlier));
    Checkpoint now = check.read(cli.service().bytes(path("audit", "checkpoint")));
    if (!before.origin().equals(now.origin())) {
      throw new RejectedException(
          dev.otasigner.verifier.Reason.MALFORMED,
          "the checkpoint is of another log",
          now.origin(),
          before.origin());
    }
    if (before.size() > now.size()) {
      new ConsistencyProof(before.size(), now.size(), List.of()).verify(before.root(), now.root());
    }
    Json answer =
        cli.service()
            .get(
                path("audit", "proof", "consistency")
                    + ("?from=" + before.size() + "&to=" + now.size()));
    Fields proof = new Fields((Json.Obj) answer, "proof");
    new ConsistencyProof(before.size(), now.size(), proof.digests("hashes", 63))
        .verify(before.root(), now.root());
    cli.report()
        .result(
            Json.object()
                .put("verified", true)
                .put("from", before.size())
                .put("to", now.size())
                .build(),
            "verified: the log of "
                + now.size()
                + " records begins with the "
                + before.size()
                + " that were vouched for");
    return 0;
  }

  /** Of {@code verify}. */
  static final class Kept {
    @Option(
        names = "--key",
        paramLabel = "PUB.pem",
        description =
            "The audit key, kept from a time you trust: checkpoints must be signed by it.")
    private @Nullable Path key;

    @Option(
        names = "--checkpoint",
        paramLabel = "FILE",
        description = "A checkpoint kept elsewhere: a device's, a mirror's, an earlier one.")
    private List<Path> checkpoints = List.of();

    @Option(
        names = "--against",
        paramLabel = "OLD-EXPORT",
        description = "An earlier export, with which this one has to begin.")
    private @Nullable Path old;
  }

  @Command(
      description = {
        "Check an exported log, offline, against what was kept of it elsewhere, and name the first",
        "record that was changed, removed, reordered or cut off.",
        "Without EXPORT, the log and its checkpoint are fetched; --key is needed then."
      })
  int verify(
      @Parameters(arity = "0..1", paramLabel = "EXPORT", description = "A file of audit export.")
          @Nullable Path export,
      @Mixin Kept kept)
      throws IOException, RejectedException {
    ExportCheck check = new ExportCheck(key(kept.key));
    for (Path file : kept.checkpoints) {
      check.keep(file);
    }
    if (export != null) {
      if (kept.checkpoints.isEmpty() && kept.old == null) {
        throw CommandFailedException.usage("nothing to compare the export with")
            .hint("give --checkpoint FILE or --against OLD-EXPORT, kept elsewhere");
      }
      return report(check.run(export, kept.old), kept.key != null);
    }
    if (kept.key == null) {
      throw CommandFailedException.usage(
          "--key is needed to check what the service says of itself");
    }
    Path folder = Files.createTempDirectory("audit");
    Path file = folder.resolve("export");
    Path note = folder.resolve("checkpoint");
    try {
      fetch(file, note);
      check.keep(note);
      return report(check.run(file, kept.old), true);
    } finally {
      Files.deleteIfExists(file);
      Files.deleteIfExists(note);
      Files.deleteIfExists(folder);
    }
  }

  private int report(ExportCheck.Whole whole, boolean signed) {
    if (!signed && whole.checkpoints() > 0) {
      cli.report().note("the checkpoints' signatures were not checked: give --key PUB.pem");
    }
    cli.report()
        .result(
            Json.object()
                .put("verified", true)
                .put("records", whole.records())
                .put("vouchedFor", whole.vouchedFor())
                .put("checkpoints", whole.checkpoints())
                .put("signaturesChecked", signed)
                .build(),
            "verified: "
                + whole.records()
                + " records, none changed, removed or reordered; the checkpoints vouch for "
                + whole.vouchedFor());
    return 0;
  }

  private static Optional<AuditKey> key(@Nullable Path file) throws IOException, RejectedException {
    return file == null ? Optional.empty() : Optional.of(ExportCheck.key(file));
  }
}
