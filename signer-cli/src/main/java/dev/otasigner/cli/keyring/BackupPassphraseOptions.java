package dev.otasigner.cli.keyring;

import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.Terminal;
import dev.otasigner.keys.soft.Passphrase;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the backup's own passphrase comes from. */
final class BackupPassphraseOptions {
  @Option(
      names = "--backup-passphrase-file",
      paramLabel = "FILE",
      description = "Its first line seals the backup; only its owner may read it.")
  private @Nullable Path file;

  @Option(
      names = "--backup-passphrase-env",
      paramLabel = "VARIABLE",
      description = "The environment variable that holds the backup's passphrase.")
  private @Nullable String variable;

  /** The passphrase of a backup that is there. */
  Passphrase known(Terminal terminal) throws IOException {
    Passphrase given = given(terminal);
    return given != null ? given : asked(terminal, "passphrase of the backup: ");
  }

  /** The passphrase of a new backup: typed twice, since a slip would be found too late. */
  Passphrase chosen(Terminal terminal) throws IOException {
    Passphrase given = given(terminal);
    if (given != null) {
      return given;
    }
    Passphrase first = asked(terminal, "passphrase for the backup: ");
    try (Passphrase second = asked(terminal, "the same again: ")) {
      if (!first.matches(second)) {
        first.close();
        throw CommandFailedException.usage("the two passphrases differ");
      }
    }
    return first;
  }

  private @Nullable Passphrase given(Terminal terminal) throws IOException {
    if (file != null && variable != null) {
      throw CommandFailedException.usage(
          "--backup-passphrase-file and --backup-passphrase-env exclude each other");
    }
    if (file != null) {
      return Passphrase.ofFile(file);
    }
    return variable == null ? null : Passphrase.ofEnvironment(terminal.environment(), variable);
  }

  private static Passphrase asked(Terminal terminal, String question) {
    char[] answer = terminal.prompt().read(question);
    if (answer == null) {
      throw CommandFailedException.usage("no terminal to ask for the backup's passphrase")
          .hint("give --backup-passphrase-file FILE");
    }
    return Passphrase.ofPrompt(answer);
  }
}
