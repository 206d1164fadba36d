package dev.otasigner.cli.catalogue;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** To how many devices a build is offered, what is said of it, and when the service ends it. */
final class RolloutOptions {
  /** More than the service takes. */
  private static final int MAX_NOTES_BYTES = 64 * 1024;

  @Option(
      names = "--share",
      paramLabel = "PER-MILLE",
      description = "Share of the devices, in thousandths; all of them when it is new.")
  @Nullable Integer sharePerMille;

  @Option(
      names = "--lower",
      description = "Let the share be less than it was; devices that took the build keep it.")
  boolean lower;

  @Option(names = "--notes", paramLabel = "TEXT", description = "What there is to say of it.")
  @Nullable String notes;

  @Option(names = "--notes-file", paramLabel = "FILE", description = "The same, from a text file.")
  @Nullable Path notesFile;

  @Option(
      names = "--threshold-percentage",
      paramLabel = "PERCENT",
      description = "The service ends the rollout when so many of the devices have failed.")
  @Nullable Integer thresholdPercentage;

  @Option(
      names = "--min-number-of-executed-things",
      paramLabel = "COUNT",
      description = "Not before so many devices have executed it.")
  @Nullable Integer minNumberOfExecutedThings;

  @Option(
      names = "--silence-hours",
      paramLabel = "HOURS",
      description = "A device that is not heard for so long has failed.")
  @Nullable Integer silenceHours;

  @Option(
      names = "--on-threshold",
      paramLabel = "ACTION",
      description = "How the service ends it: pause (as usual), stop, or none for never.")
  @Nullable String onThreshold;

  void describe(Json.Builder body, Cli cli) {
    if (sharePerMille != null) {
      body.put("sharePerMille", sharePerMille);
    }
    if (lower) {
      body.put("lowerShare", true);
    }
    body.put("notes", text(cli));
    if (thresholdPercentage != null
        || minNumberOfExecutedThings != null
        || silenceHours != null
        || onThreshold != null) {
      body.put("automaticStop", automaticStop());
    }
  }

  private Json.Obj automaticStop() {
    Json.Builder stop = Json.object();
    if (onThreshold != null) {
      stop.put("action", onThreshold);
    }
    if (thresholdPercentage != null) {
      stop.put("thresholdPercentage", thresholdPercentage);
    }
    if (minNumberOfExecutedThings != null) {
      stop.put("minNumberOfExecutedThings", minNumberOfExecutedThings);
    }
    if (silenceHours != null) {
      stop.put("silenceHours", silenceHours);
    }
    return stop.build();
  }

  private @Nullable String text(Cli cli) {
    if (notesFile == null) {
      return notes;
    }
    if (notes != null) {
      throw CommandFailedException.usage("--notes or --notes-file is expected, not both");
    }
    Path file = cli.terminal().directory().resolve(notesFile);
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_NOTES_BYTES + 1);
      if (bytes.length > MAX_NOTES_BYTES) {
        throw CommandFailedException.usage(
            cli.terminal().show(file) + ": notes of at most 4000 characters are expected");
      }
      return new String(bytes, StandardCharsets.UTF_8).stripTrailing();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
