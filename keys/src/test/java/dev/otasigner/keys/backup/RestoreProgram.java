package dev.otasigner.keys.backup;

import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import java.util.Set;

/** Restores {@code BACKUP} to {@code DIRECTORY} in a process of its own, which can be killed. */
final class RestoreProgram {
  private RestoreProgram() {}

  public static void main(String[] args) throws Exception {
    TokenRestore.restore(
        Path.of(args[0]),
        Machine.passphrase(Machine.SEALS_BACKUP),
        Path.of(args[1]),
        Optional.of(Machine.passphrase(Machine.OPENS_TOKEN)),
        Set.of(),
        Clock.systemUTC());
  }
}
