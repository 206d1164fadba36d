package dev.otasigner.cli;

import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The process: standard streams in UTF-8, and the exit code. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    Terminal terminal =
        new Terminal(
            stream(FileDescriptor.out),
            stream(FileDescriptor.err),
            Path.of("").toAbsolutePath(),
            System.getenv(),
            Main::ask);
    int status = CommandLines.run(terminal, args);
    terminal.out().flush();
    terminal.err().flush();
    System.exit(status);
  }

  // From JDK 22 on a console exists without a terminal too, unless -Djdk.console=java.base is
  // given, as
  // the launcher does.
  @SuppressWarnings("SystemConsoleNull")
  private static char @org.jspecify.annotations.Nullable [] ask(String question) {
    Console console = System.console();
    return console == null ? null : console.readPassword("%s", question);
  }

  private static PrintStream stream(FileDescriptor descriptor) {
    return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
  }
}
