package dev.otasigner.service;

import java.io.PrintStream;

/**
 * Where the service speaks to whoever started it: one line each, beginning with {@code signer: }.
 *
 * @param out usually standard output
 */
public record Console(PrintStream out) {
  public void line(String text) {
    out.println("signer: " + text);
    out.flush();
  }
}
