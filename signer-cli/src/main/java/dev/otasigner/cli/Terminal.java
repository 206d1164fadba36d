package dev.otasigner.cli;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a command runs and talks: handed in, so that a test can run commands in its own process.
 *
 * @param out results
 * @param err errors, hints and progress
 * @param directory what relative file names are relative to
 * @param environment the process environment
 * @param prompt asks a person, when there is one
 */
public record Terminal(
    PrintStream out,
    PrintStream err,
    Path directory,
    Map<String, String> environment,
    PasswordPrompt prompt) {

  /** Reads what a person answers. */
  public interface PasswordPrompt {
    /** A secret, which is not shown while it is typed; null when nobody can be asked. */
    char @Nullable [] read(String question);

    /** Whether somebody sees what is printed while a command runs. */
    default boolean isWatched() {
      return false;
    }

    /** Any other answer; null when nobody can be asked. */
    default @Nullable String ask(String question) {
      char[] answer = read(question);
      return answer == null ? null : new String(answer);
    }
  }

  public Terminal {
    environment = Map.copyOf(environment);
  }

  public @Nullable String environment(String name) {
    String value = environment.get(name);
    return value == null || value.isEmpty() ? null : value;
  }

  /** The file name as a person would type it here. */
  public String show(Path file) {
    return file.startsWith(directory) ? directory.relativize(file).toString() : file.toString();
  }
}
