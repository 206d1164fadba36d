package dev.otasigner.cli.keyring;

import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.Terminal;
import dev.otasigner.keys.soft.Passphrase;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a passphrase comes from: never from an argument, which every user of a machine sees. */
public final class PassphraseOptions {
  @Option(
      names = "--passphrase-file",
      paramLabel = "FILE",
      description = "Its first line opens the key; only its owner may read it.")
  private @Nullable Path file;

  @Option(
      names = "--passphrase-env",
      paramLabel = "VARIABLE",
      description = "The environment variable that holds the passphrase.")
  private @Nullable String variable;

  public void requireOneSource() {
    if (file != null && variable != null) {
      throw CommandFailedException.usage(
          "--passphrase-file and --passphrase-env exclude each other");
    }
  }

  boolean isGiven() {
    return file != null || variable != null;
  }

  /** What was given, or what a person answers; none when there is nobody to ask. */
  public Optional<Passphrase> passphrase(Terminal terminal, String question) throws IOException {
    if (file != null) {
      return Optional.of(Passphrase.ofFile(file));
    }
    if (variable != null) {
      return Optional.of(Passphrase.ofEnvironment(terminal.environment(), variable));
    }
    return Optional.ofNullable(terminal.prompt().read(question)).map(Passphrase::ofPrompt);
  }
}
