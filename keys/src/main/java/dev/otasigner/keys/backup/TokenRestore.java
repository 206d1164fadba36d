package dev.otasigner.keys.backup;

import dev.otasigner.keys.DurableFile;
import dev.otasigner.keys.KeyOperationException.NameTaken;
import dev.otasigner.keys.KeyOperationException.SealBroken;
import dev.otasigner.keys.KeyOperationException.SealFault;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.keys.soft.Argon2Cost;
import dev.otasigner.keys.soft.BackupFile;
import dev.otasigner.keys.soft.KeyShipment;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.keys.soft.SoftwareToken;
import dev.otasigner.keys.worker.Restored;
import dev.otasigner.keys.worker.TokenWorker;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Brings a backup back into a directory of its own, whole or not at all: it is built beside the
 * directory under names that nothing opens, forced to the disk, opened for a trial, and moved into
 * place by one rename.
 */
public final class TokenRestore {
  private static final String STAGING = ".restoring-";
  private static final String UNFINISHED = ".unfinished";
  private static final String PASSPHRASE = "token.passphrase";
  private static final long MAX_CONFIGURATION_BYTES = 16 * 1024 * 1024;
  private static final long MAX_JOURNAL_BYTES = 1L << 40;

  private final Path staging;
  private final Clock clock;

  private TokenRestore(Path staging, Clock clock) {
    this.staging = staging;
    this.clock = clock;
  }

  /**
   * What came back.
   *
   * @param backedUp what was signed since then is not known here
   * @param restored requests from before are not signed by image, manifest, root and targets keys
   */
  public record Outcome(
      Instant backedUp, Instant restored, List<String> keys, List<String> leftOut) {
    public Outcome {
      keys = List.copyOf(keys);
      leftOut = List.copyOf(leftOut);
    }
  }

  /**
   * Restores a backup.
   *
   * @param data where the service is to run; not there yet, or empty
   * @param token seals the restored token; without it a random one is made and kept in the
   *     directory, as the service does at its first start
   * @param leaveOut names of keys that stay away, such as those destroyed since the backup
   * @throws NameTaken when something lies in the directory: nothing is merged
   * @throws SealBroken when the backup is cut short, not what was written, or under another
   *     passphrase
   */
  public static Outcome restore(
      Path file,
      Passphrase seal,
      Path data,
      Optional<Passphrase> token,
      Set<String> leaveOut,
      Clock clock)
      throws IOException {
    Path target = data.toAbsolutePath().normalize();
    requireEmpty(target);
    Path parent = target.resolveSibling(".").normalize();
    DurableFile.createDirectories(parent);
    Path staging = target.resolveSibling(STAGING + UUID.randomUUID());
    DurableFile.createDirectories(staging);
    boolean done = false;
    try {
      TokenRestore restore = new TokenRestore(staging, clock);
      Outcome outcome = restore.build(file, seal, token, leaveOut);
      requireEmpty(target);
      // rename(2) takes the place of an empty directory, and fails on any other
      Files.move(staging, target, StandardCopyOption.ATOMIC_MOVE);
      DurableFile.forceDirectory(parent);
      done = true;
      return outcome;
    } finally {
      if (!done) {
        delete(staging);
      }
    }
  }

  private static void requireEmpty(Path target) throws IOException {
    if (!Files.exists(target)) {
      return;
    }
    try (Stream<Path> inside = Files.list(target)) {
      if (inside.findAny().isPresent()) {
        throw new NameTaken(
            target + " is not empty; a backup comes back into a directory of its own");
      }
    }
  }

  private Outcome build(
      Path file, Passphrase seal, Optional<Passphrase> given, Set<String> leaveOut)
      throws IOException {
    Path tokenDirectory = staging.resolve(TokenBackup.TOKEN + UNFINISHED);
    Path workerDirectory = staging.resolve(TokenBackup.WORKER + UNFINISHED);
    DurableFile.createDirectories(workerDirectory);
    Instant now = clock.instant();
    BackupFile.requireWhole(file, seal);
    try (BackupFile.Opened backup = BackupFile.open(file, seal);
        Passphrase passphrase = given.isPresent() ? given.get() : generated()) {
      Argon2Cost cost = given.isPresent() ? Argon2Cost.RECOMMENDED : Argon2Cost.FOR_RANDOM;
      KeyShipment.Arrived keys;
      try (SoftwareToken token = SoftwareToken.create(tokenDirectory, passphrase, cost)) {
        keys = KeyShipment.read(token, backup.content(), leaveOut);
      }
      requireFound(leaveOut, keys.leftOut());
      part(backup, workerDirectory.resolve(TokenWorker.CONFIGURATION), MAX_CONFIGURATION_BYTES);
      part(backup, workerDirectory.resolve(TokenWorker.JOURNAL), MAX_JOURNAL_BYTES);
      backup.requireEnd();
      Restored.mark(
          workerDirectory,
          now,
          keys.leftOut().stream().map(TokenKey::keyId).collect(Collectors.toSet()));
      tryOut(tokenDirectory, workerDirectory, passphrase);
      Files.move(tokenDirectory, staging.resolve(TokenBackup.TOKEN));
      Files.move(workerDirectory, staging.resolve(TokenBackup.WORKER));
      DurableFile.forceDirectory(staging);
      return new Outcome(backup.created(), now, names(keys.restored()), names(keys.leftOut()));
    }
  }

  private Passphrase generated() throws IOException {
    Path file = staging.resolve(PASSPHRASE);
    Passphrase.generateFile(file);
    return Passphrase.ofFile(file);
  }

  private static void requireFound(Set<String> leaveOut, List<TokenKey> leftOut) {
    for (String name : leaveOut) {
      if (leftOut.stream().noneMatch(key -> key.name().equals(name))) {
        throw new NameTaken("the backup holds no key named '" + name + "' to leave out");
      }
    }
  }

  private void tryOut(Path token, Path worker, Passphrase passphrase) {
    SoftwareToken open = SoftwareToken.open(token, passphrase);
    try (open;
        TokenWorker trial = TokenWorker.open(worker, open, clock)) {
      trial.probe();
    }
  }

  private static void part(BackupFile.Opened backup, Path file, long max) throws IOException {
    DataInputStream in = backup.content();
    long length = in.readLong();
    if (length < 0 || length > max) {
      throw new SealBroken(
          SealFault.TAMPERED,
          "the backup was not made by this program: a part of " + length + " bytes");
    }
    DurableFile.create(file, out -> copy(in, out, length));
  }

  private static void copy(DataInputStream in, OutputStream out, long length) throws IOException {
    byte[] buffer = new byte[64 * 1024];
    for (long left = length; left > 0; ) {
      int part = (int) Math.min(buffer.length, left);
      in.readFully(buffer, 0, part);
      out.write(buffer, 0, part);
      left -= part;
    }
  }

  private static List<String> names(List<TokenKey> keys) {
    return keys.stream().map(TokenKey::name).toList();
  }

  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> inside = Files.walk(directory)) {
      for (Path path : inside.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
