package dev.otasigner.cli;

import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

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
            new ConsolePrompt());
    int status = CommandLines.run(terminal, args);
    terminal.out().flush();
    terminal.err().flush();
    System.exit(status);
  }

  /** Asks at the console, which is there only when standard input and output are a terminal. */
  private static final class ConsolePrompt implements Terminal.PasswordPrompt {
    @Override
    public char @Nullable [] read(String question) {
      Console console = console();
      return console == null ? null : console.readPassword("%s", question);
    }

    @Override
    public @Nullable String ask(String question) {
      Console console = console();
      return console == null ? null : console.readLine("%s", question);
    }

    @Override
    public boolean isWatched() {
      return console() != null;
    }

    // From JDK 22 on a console exists without a terminal too, unless -Djdk.console=java.base is
    // given, as the launcher does.
    @SuppressWarnings("SystemConsoleNull")
    private static @Nullable Console console() {
      return System.console();
    }
  }

  private static PrintStream stream(FileDescriptor descriptor) {
    return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
  }
}
