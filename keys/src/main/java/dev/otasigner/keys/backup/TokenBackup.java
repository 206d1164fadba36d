package dev.otasigner.keys.backup;

import dev.otasigner.keys.DurableFile;
import dev.otasigner.keys.KeyOperationException.BadKey;
import dev.otasigner.keys.soft.Argon2Cost;
import dev.otasigner.keys.soft.BackupFile;
import dev.otasigner.keys.soft.KeyShipment;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.keys.soft.SoftwareToken;
import dev.otasigner.keys.worker.TokenWorker;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;

/**
 * One file with everything a software token needs to go on elsewhere: all private keys, the
 * worker's rules and approvers, and its journal, which is the memory of quotas, of signatures that
 * were handed out and of keys out of service.
 *
 * <p>Both locks are held while it is written, so that the service stands still, and the file is
 * read again before this returns.
 */
public final class TokenBackup {
  /** A file that travels is guessed at without limit: Argon2id and this many bytes. */
  public static final int MIN_PASSPHRASE_BYTES = 12;

  static final String TOKEN = "token";
  static final String WORKER = "worker";

  private TokenBackup() {}

  /**
   * What was written.
   *
   * @param keys their names
   * @param journalBytes length of the journal in it
   */
  public record Written(List<String> keys, long journalBytes) {
    public Written {
      keys = List.copyOf(keys);
    }
  }

  /**
   * Writes a backup.
   *
   * @param data the service's directory
   * @param token opens the token
   * @param seal opens the backup; another one than the token's
   * @param file must not be there yet
   * @throws dev.otasigner.keys.KeyOperationException.TokenUnavailable while the service runs, or
   *     when the token or the worker's journal is damaged
   */
  public static Written write(
      Path data, Passphrase token, Passphrase seal, Path file, Argon2Cost cost, Clock clock)
      throws IOException {
    if (!seal.isOfAtLeast(MIN_PASSPHRASE_BYTES)) {
      throw new BadKey(
          "a backup's passphrase has at least " + MIN_PASSPHRASE_BYTES + " characters");
    }
    if (seal.matches(token)) {
      throw new BadKey("a backup has a passphrase of its own, not the token's");
    }
    if (Files.exists(file)) {
      throw new FileAlreadyExistsException(file.toString());
    }
    Path worker = data.resolve(WORKER);
    SoftwareToken open = SoftwareToken.open(data.resolve(TOKEN), token);
    // Reads the whole journal, and holds the worker's lock. It closes the token.
    try (TokenWorker holding = opened(worker, open, clock)) {
      holding.probe();
      Path journal = worker.resolve(TokenWorker.JOURNAL);
      BackupFile.create(
          file,
          clock.instant(),
          seal,
          cost,
          out -> {
            DataOutputStream to = new DataOutputStream(out);
            KeyShipment.write(open, to);
            part(to, worker.resolve(TokenWorker.CONFIGURATION));
            part(to, journal);
            to.flush();
          });
      drain(file, seal);
      return new Written(open.keys().stream().map(key -> key.name()).toList(), Files.size(journal));
    }
  }

  private static TokenWorker opened(Path worker, SoftwareToken token, Clock clock) {
    boolean done = false;
    try {
      TokenWorker opened = TokenWorker.open(worker, token, clock);
      done = true;
      return opened;
    } finally {
      if (!done) {
        token.close();
      }
    }
  }

  private static void part(DataOutputStream out, Path file) throws IOException {
    out.writeLong(Files.size(file));
    Files.copy(file, out);
  }

  /** What cannot be read is no backup. */
  private static void drain(Path file, Passphrase seal) throws IOException {
    boolean read = false;
    try {
      BackupFile.requireWhole(file, seal);
      read = true;
    } finally {
      if (!read) {
        DurableFile.delete(file);
      }
    }
  }
}
