package dev.otasigner.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;

/** Says which file is in the way and why; the JDK often says only one of the two. */
final class FileTrouble {
  private FileTrouble() {}

  static CommandFailedException of(Terminal terminal, IOException e) {
    if (e instanceof FileSystemException trouble && trouble.getFile() != null) {
      return CommandFailedException.usage(
          terminal.show(Path.of(trouble.getFile())) + ": " + reason(trouble));
    }
    String message = e.getMessage();
    return CommandFailedException.of(
        ExitCode.REFUSED, message == null ? e.getClass().getSimpleName() : message);
  }

  private static String reason(FileSystemException e) {
    if (e instanceof NoSuchFileException) {
      return "no such file";
    }
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof FileAlreadyExistsException) {
      return "is there already";
    }
    if (e instanceof NotDirectoryException) {
      return "not a directory";
    }
    if (e instanceof DirectoryNotEmptyException) {
      return "a directory that is not empty";
    }
    String reason = e.getReason();
    return reason == null ? "cannot be used" : reason;
  }
}
