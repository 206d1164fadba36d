package dev.otasigner.service;

import java.io.IOException;

/** Asks whoever starts the service for a secret, which is not shown while it is typed. */
@FunctionalInterface
public interface SecretPrompt {

  /**
   * Asks.
   *
   * @return what was typed, for the caller to wipe
   * @throws IOException when there is nobody to ask
   */
  char[] ask(String question) throws IOException;

  /** The terminal that the program was started from. JDK 22 gives a console where none is. */
  @SuppressWarnings("SystemConsoleNull")
  static char[] terminal(String question) throws IOException {
    java.io.Console terminal = System.console();
    char[] typed = terminal == null ? null : terminal.readPassword("%s: ", question);
    if (typed == null) {
      throw new IOException("there is no terminal to ask at for the " + question);
    }
    return typed;
  }
}
