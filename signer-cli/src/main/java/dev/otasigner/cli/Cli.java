package dev.otasigner.cli;

import java.nio.file.Path;

/**
 * What a command works with.
 *
 * @param terminal where it runs
 * @param options what every command can be told
 */
public record Cli(Terminal terminal, Signer options) {

  public ServiceClient service() {
    return new ServiceClient(terminal, options);
  }

  public Report report() {
    return new Report(terminal, options);
  }

  public SessionFile session() {
    return SessionFile.of(terminal);
  }

  /** The secret in this file. */
  public String secret(Path file) {
    return SecretFile.read(terminal, file);
  }

  /** The secret in this file, or asked of the person at the terminal when no file is given. */
  public String secret(@org.jspecify.annotations.Nullable Path file, String question) {
    if (file != null) {
      return secret(file);
    }
    char[] answer = terminal.prompt().read(question);
    if (answer == null) {
      throw CommandFailedException.usage("no terminal to ask for a password")
          .hint("give --password-file FILE");
    }
    return new String(answer);
  }
}
