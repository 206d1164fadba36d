package dev.otasigner.cli.tuf;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.ExitCode;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.tuf.FileMetadataStore;
import dev.otasigner.verifier.tuf.LineagePolicy;
import dev.otasigner.verifier.tuf.MetadataStore;
import dev.otasigner.verifier.tuf.TargetFile;
import dev.otasigner.verifier.tuf.TufLimit;
import dev.otasigner.verifier.tuf.TufLimits;
import dev.otasigner.verifier.tuf.Updater;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * The command line of the public conformance suite for TUF clients, word for word: options come
 * before {@code init}, {@code refresh} or {@code download}, and the exit status is 0 or 1.
 */
@Command(
    name = "tuf",
    description = "Follow any TUF repository, as a device follows a catalogue.",
    footer = {"", "Exit codes: 0 done, 1 anything else."})
public final class TufCommand {
  private final Cli cli;

  @Option(
      names = "--metadata-dir",
      paramLabel = "DIR",
      description = "Where trusted metadata is kept.")
  private @Nullable Path metadataDirectory;

  @Option(names = "--metadata-url", paramLabel = "URL", description = "Where metadata is fetched.")
  private @Nullable String metadataUrl;

  @Option(
      names = "--target-name",
      paramLabel = "PATH",
      description = "A target to download; may be given several times.")
  private List<String> targetNames = new ArrayList<>();

  @Option(
      names = "--target-dir",
      paramLabel = "DIR",
      description = "Where verified targets are put.")
  private @Nullable Path targetDirectory;

  @Option(
      names = "--target-base-url",
      paramLabel = "URL",
      description = "Where targets are fetched.")
  private @Nullable String targetUrl;

  @Option(
      names = "--limit",
      paramLabel = "NAME=N",
      description = {
        "Another limit than the common one; may be given several times.",
        "Names: ${COMPLETION-CANDIDATES}."
      },
      completionCandidates = LimitNames.class)
  private Map<TufLimit, Integer> limits = new EnumMap<>(TufLimit.class);

  /** As they are written, for help and completion. */
  static final class LimitNames extends ArrayList<String> {
    private static final long serialVersionUID = 1L;

    LimitNames() {
      super(Arrays.stream(TufLimit.values()).map(TufLimit::toString).toList());
    }
  }

  public TufCommand(Cli cli) {
    this.cli = cli;
  }

  @Command(name = "init", description = "Trust a first root, without asking the repository.")
  int init(
      @Parameters(paramLabel = "ROOT", description = "The first root metadata file.") Path root)
      throws IOException, RejectedException {
    MetadataStore store = store();
    if (store.load("root").isPresent()) {
      throw failed(
          cli.terminal().show(given(metadataDirectory, "--metadata-dir")) + ": has a root");
    }
    TufLimits limits = limits();
    byte[] bytes = ByteSource.of(root).readAll(limits.rootBytes());
    Updater.trustRoot(store, bytes, Digest.of(bytes), limits);
    return 0;
  }

  @Command(
      name = "refresh",
      description = "Bring root, timestamp, snapshot and targets up to date.")
  int refresh() throws IOException, RejectedException {
    updater(new HttpFetcher(given(metadataUrl, "--metadata-url"), "", limits().pace())).refresh();
    return 0;
  }

  @Command(name = "download", description = "Refresh, then download the named targets.")
  int download() throws IOException, RejectedException {
    Path directory = given(targetDirectory, "--target-dir");
    String metadata = given(metadataUrl, "--metadata-url");
    Updater updater =
        updater(new HttpFetcher(metadata, given(targetUrl, "--target-base-url"), limits().pace()));
    if (targetNames.isEmpty()) {
      throw failed("--target-name is missing");
    }
    updater.refresh();
    TargetDirectory targets = new TargetDirectory(directory);
    for (String name : targetNames) {
      TargetFile target =
          updater
              .find(name)
              .orElseThrow(
                  () ->
                      new RejectedException(
                          Reason.TARGET_NOT_FOUND, "no trusted role lists " + name));
      if (!targets.holds(target)) {
        targets.take(target, out -> updater.downloadTarget(target, out));
      }
    }
    return 0;
  }

  private Updater updater(HttpFetcher fetcher) throws IOException, RejectedException {
    MetadataStore store = store();
    if (store.load("root").isEmpty()) {
      throw failed("no root is trusted yet").hint("run: signer tuf --metadata-dir DIR init ROOT");
    }
    // The one reading of the clock.
    return new Updater(store, fetcher, limits(), LineagePolicy.tufAlone(), Instant.now());
  }

  private TufLimits limits() {
    try {
      return TufLimit.limits(limits);
    } catch (IllegalArgumentException e) {
      throw failed("--limit: " + e.getMessage());
    }
  }

  private MetadataStore store() {
    return new FileMetadataStore(given(metadataDirectory, "--metadata-dir"), limits());
  }

  private static <V> V given(@Nullable V value, String option) {
    if (value == null) {
      throw failed(option + " is missing");
    }
    return value;
  }

  private static CommandFailedException failed(String message) {
    return CommandFailedException.of(ExitCode.REFUSED, message);
  }
}
