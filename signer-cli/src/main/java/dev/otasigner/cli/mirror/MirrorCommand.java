package dev.otasigner.cli.mirror;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.tuf.HttpFetcher;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.tuf.Fetcher;
import dev.otasigner.verifier.tuf.TufLimits;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Carries a catalogue over an air gap; needs no service. */
@Command(name = "mirror", description = "Carry a catalogue to a mirror that no network reaches.")
public final class MirrorCommand {
  private final Cli cli;

  public MirrorCommand(Cli cli) {
    this.cli = cli;
  }

  @Command(
      name = "export",
      description = "Write all that devices need of a catalogue into one file, verified.")
  int export(
      @Option(
              names = "--from",
              required = true,
              paramLabel = "URL",
              description = "The catalogue: what metadata/ and targets/ lie under.")
          String from,
      @Option(
              names = "--root",
              required = true,
              paramLabel = "ROOT",
              description = "The lineage's first root, from a place you trust.")
          Path root,
      @Option(
              names = "--since",
              paramLabel = "SNAPSHOT",
              description = "Leave out what the mirror has: the number its last import told.")
          @Nullable Long since,
      @Option(
              names = {"-o", "--output"},
              required = true,
              paramLabel = "FILE",
              description = "The archive.")
          Path output)
      throws IOException, RejectedException {
    String base = from.endsWith("/") ? from : from + "/";
    Fetcher repository =
        new HttpFetcher(base + Fetcher.METADATA, base + Fetcher.TARGETS, TufLimits.COMMON.pace());
    MirrorExport.Written written =
        new MirrorExport(repository)
            .write(
                root(root),
                since == null ? OptionalLong.empty() : OptionalLong.of(since),
                output,
                Instant.now());
    cli.report()
        .result(
            Json.object()
                .put("snapshot", written.snapshotVersion())
                .put("metadata", written.metadata())
                .put("targets", written.targets())
                .put("targetBytes", written.targetBytes())
                .build(),
            "snapshot "
                + written.snapshotVersion()
                + ": "
                + written.targets()
                + " files and their metadata in "
                + cli.terminal().show(output));
    return 0;
  }

  @Command(
      name = "import",
      description = "Take an export into a mirror, verified from what the mirror has.")
  int take(
      @Parameters(paramLabel = "FILE", description = "The archive.") Path file,
      @Option(
              names = "--to",
              required = true,
              paramLabel = "DIR",
              description = "The mirror: what a web server serves to devices.")
          Path directory,
      @Option(
              names = "--root",
              paramLabel = "ROOT",
              description = "The lineage's first root, for the first import.")
          @Nullable Path root)
      throws IOException, RejectedException {
    Optional<byte[]> first = root == null ? Optional.empty() : Optional.of(root(root));
    try (MirrorDirectory mirror = MirrorDirectory.open(directory);
        InputStream archive = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
      MirrorImport.Imported imported = new MirrorImport(mirror).read(archive, first, Instant.now());
      cli.report()
          .result(
              Json.object()
                  .put("snapshot", imported.snapshotVersion())
                  .put("targets", imported.targets())
                  .build(),
              "the mirror has snapshot "
                  + imported.snapshotVersion()
                  + ", "
                  + imported.targets()
                  + " files are new");
    }
    return 0;
  }

  private static byte[] root(Path file) throws IOException, RejectedException {
    return ByteSource.of(file).readAll(TufLimits.COMMON.rootBytes());
  }
}
