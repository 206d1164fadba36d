package dev.otasigner.cli;

import java.nio.file.Path;

/** How far an upload is: one line on a terminal, written over and over; elsewhere nothing. */
final class Progress {
  private static final long MIN_BYTES = 1024 * 1024;

  private final Terminal terminal;
  private final Path file;
  private final long lengthBytes;
  private final boolean shown;
  private long percent = -1;

  Progress(Terminal terminal, Signer options, Path file, long lengthBytes) {
    this.terminal = terminal;
    this.file = file;
    this.lengthBytes = lengthBytes;
    this.shown = terminal.prompt().isWatched() && !options.json() && lengthBytes >= MIN_BYTES;
  }

  void at(long sentBytes) {
    long now = sentBytes * 100 / Math.max(1, lengthBytes);
    if (!shown || now == percent) {
      return;
    }
    percent = now;
    terminal.err().print('\r' + Report.printable(terminal.show(file)) + ": " + now + " %");
    if (sentBytes == lengthBytes) {
      terminal.err().println();
    }
    terminal.err().flush();
  }
}
