package dev.otasigner.service;

import dev.otasigner.keys.KeyOperationException.SealBroken;
import dev.otasigner.keys.KeyOperationException.SealFault;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.service.database.DatabaseRefusedException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.flywaydb.core.api.exception.FlywayValidateException;
import org.springframework.boot.web.server.PortInUseException;

/**
 * Why the service did not start, in one line, and what to do about it.
 *
 * @param isForeseen whether the line says it all; else the trace is wanted too
 */
record FailedStart(String error, String hint, boolean isForeseen) {

  static FailedStart of(Throwable thrown, Path data) {
    for (Throwable t = thrown; t != null; t = t.getCause()) {
      Optional<FailedStart> known = known(t, data);
      if (known.isPresent()) {
        return known.get();
      }
    }
    Throwable root = thrown;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String why = root.getMessage() == null ? root.toString() : root.getMessage();
    return new FailedStart(
        "the service did not start: " + why.lines().findFirst().orElse(""),
        "the trace above tells where",
        false);
  }

  private static Optional<FailedStart> known(Throwable t, Path data) {
    String message = String.valueOf(t.getMessage());
    if (t instanceof DirectoryLock.InUseException) {
      return foreseen(
          "another service is running on " + data, "stop it, or give another --data DIR");
    }
    if (t instanceof DirectoryFormat.NewerException newer) {
      return foreseen(
          "a newer service has used " + data + ": " + newer.getMessage(),
          "start that one, or restore a backup of before; nothing was changed");
    }
    if (t instanceof ConfigurationRefused) {
      return foreseen(message, "correct the service's configuration; nothing was changed");
    }
    if (t instanceof DatabaseRefusedException) {
      return foreseen(
          message.lines().findFirst().orElse(""),
          "look at spring.datasource.url, user and password, and at the server's own log;"
              + " see docs/how-to/use-postgresql.md");
    }
    if (t instanceof FlywayValidateException && message.contains("not resolved locally")) {
      return foreseen(
          "a newer service has used the database: it has tables that this one does not know",
          "start that one, or restore a backup of before; nothing was changed");
    }
    if (t instanceof PortInUseException port) {
      return foreseen(
          "port " + port.getPort() + " is in use", "give another --port, or 0 for any free one");
    }
    if (t instanceof SealBroken seal && seal.fault() == SealFault.WRONG_PASSPHRASE) {
      return foreseen(
          message,
          "give the passphrase that the token in " + data + " was made with; nothing was changed");
    }
    if (t instanceof AccessDeniedException denied) {
      return foreseen(
          "the data directory can not be written: " + denied.getFile() + ": permission denied",
          "make the service's user the owner of " + data + ", or give another --data DIR");
    }
    if (t instanceof FileAlreadyExistsException there) {
      return foreseen(
          "the data directory can not be made: " + there.getFile() + " is no directory",
          "give another --data DIR");
    }
    if (message.toLowerCase(Locale.ROOT).contains("no space left")) {
      return foreseen(
          "the disk of the data directory " + data + " is full", "make room and start again");
    }
    if (t instanceof TokenUnavailable) {
      return foreseen(message, "nothing was changed; see docs/reference/worker.md");
    }
    return Optional.empty();
  }

  private static Optional<FailedStart> foreseen(String error, String hint) {
    return Optional.of(new FailedStart(error, hint, true));
  }
}
