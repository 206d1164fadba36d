package dev.otasigner.cli.keyring;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.ExitCode;
import dev.otasigner.keys.KeyOperationException;
import dev.otasigner.keys.backup.TokenBackup;
import dev.otasigner.keys.backup.TokenRestore;
import dev.otasigner.keys.soft.Argon2Cost;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The directory of a service that stands still, and the passphrase of the token in it. */
final class OfflineToken {
  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "The service's directory; the service must not run.")
  private Path data = Path.of("");

  @Mixin private PassphraseOptions token = new PassphraseOptions();
  @Mixin private BackupPassphraseOptions backup = new BackupPassphraseOptions();

  /** Writes a backup and says what is in it. */
  void backUp(Cli cli, Path file) throws IOException {
    token.requireOneSource();
    try (Passphrase opens = tokenPassphrase(cli);
        Passphrase seals = backup.chosen(cli.terminal())) {
      TokenBackup.Written written =
          TokenBackup.write(data, opens, seals, file, Argon2Cost.RECOMMENDED, Clock.systemUTC());
      cli.report()
          .result(
              Json.object()
                  .put("backup", cli.terminal().show(file))
                  .put("keys", Json.strings(written.keys()))
                  .put("journalBytes", written.journalBytes())
                  .build(),
              written.keys().size() + " keys and their worker's memory in " + show(cli, file));
    } catch (KeyOperationException e) {
      throw refused(e);
    }
  }

  /** Restores a backup and says what it does not remember. */
  void restore(Cli cli, Path file, @Nullable List<String> leaveOut) throws IOException {
    token.requireOneSource();
    try (Passphrase opens = backup.known(cli.terminal())) {
      TokenRestore.Outcome done =
          TokenRestore.restore(
              file,
              opens,
              data,
              token.isGiven()
                  ? token.passphrase(cli.terminal(), "passphrase for the token: ")
                  : Optional.empty(),
              leaveOut == null ? Set.of() : Set.copyOf(leaveOut),
              Clock.systemUTC());
      cli.report()
          .result(
              Json.object()
                  .put("data", show(cli, data))
                  .put("keys", Json.strings(done.keys()))
                  .put("leftOut", Json.strings(done.leftOut()))
                  .put("backedUp", done.backedUp())
                  .put("restored", done.restored())
                  .build(),
              done.keys().size()
                  + " keys restored in "
                  + show(cli, data)
                  + ", as they were at "
                  + done.backedUp()
                  + ". What was signed, retired or destroyed since then is not known here: retire"
                  + " and destroy it again. Requests from before "
                  + done.restored()
                  + " that were not signed then must be made anew. The old token must never run"
                  + " again.");
    } catch (KeyOperationException e) {
      throw refused(e);
    }
  }

  private Passphrase tokenPassphrase(Cli cli) throws IOException {
    Path own = data.resolve("token.passphrase");
    if (!token.isGiven() && Files.exists(own)) {
      return Passphrase.ofFile(own);
    }
    return token
        .passphrase(cli.terminal(), "passphrase of the token: ")
        .orElseThrow(
            () ->
                CommandFailedException.usage("no terminal to ask for the token's passphrase")
                    .hint("give --passphrase-file FILE"));
  }

  private static String show(Cli cli, Path file) {
    return cli.terminal().show(file);
  }

  private static CommandFailedException refused(KeyOperationException e) {
    CommandFailedException failed =
        CommandFailedException.of(ExitCode.REFUSED, String.valueOf(e.getMessage())).because(e);
    return e instanceof KeyOperationException.TokenUnavailable
        ? failed.hint("stop the service first: a copy of a token in use would be out of date")
        : failed;
  }
}
