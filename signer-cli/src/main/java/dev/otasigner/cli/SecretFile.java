package dev.otasigner.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A secret kept in a file: its first line. Arguments are seen by every user of a machine. */
final class SecretFile {
  private static final int MAX_BYTES = 4096;

  private SecretFile() {}

  static String read(Terminal terminal, Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw CommandFailedException.usage(
            terminal.show(file) + ": over " + MAX_BYTES + " bytes; one line is expected");
      }
      String line = Files.readString(file).lines().findFirst().orElse("").strip();
      if (line.isEmpty()) {
        throw CommandFailedException.usage(terminal.show(file) + ": the first line is empty");
      }
      return line;
    } catch (IOException e) {
      throw CommandFailedException.usage(terminal.show(file) + ": cannot be read").because(e);
    }
  }
}
