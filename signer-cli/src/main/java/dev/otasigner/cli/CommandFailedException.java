package dev.otasigner.cli;

import dev.otasigner.verifier.json.Json;
import org.jspecify.annotations.Nullable;

/**
 * A command that cannot do what was asked: the sentence for {@code signer: error:}, perhaps one for
 * {@code signer: hint:}, the exit code, and what {@code --json} prints instead of a result.
 */
public final class CommandFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ExitCode code;
  private final @Nullable String hint;
  private final transient Json.@Nullable Obj document;

  private CommandFailedException(
      ExitCode code,
      String message,
      @Nullable String hint,
      Json.@Nullable Obj document,
      @Nullable Throwable cause) {
    super(message, cause);
    this.code = code;
    this.hint = hint;
    this.document = document;
  }

  public static CommandFailedException of(ExitCode code, String message) {
    return new CommandFailedException(code, message, null, null, null);
  }

  public static CommandFailedException usage(String message) {
    return of(ExitCode.USAGE, message);
  }

  public CommandFailedException hint(String text) {
    return new CommandFailedException(code, text(), text, document, getCause());
  }

  public CommandFailedException document(Json.Obj json) {
    return new CommandFailedException(code, text(), hint, json, getCause());
  }

  public CommandFailedException because(Throwable cause) {
    return new CommandFailedException(code, text(), hint, document, cause);
  }

  public ExitCode code() {
    return code;
  }

  /** What to do about it, when there is something. */
  public @Nullable String hint() {
    return hint;
  }

  /** What {@code --json} prints, when the failure is itself an answer (a refusal, a problem). */
  public Json.@Nullable Obj document() {
    return document;
  }

  private String text() {
    String message = getMessage();
    return message == null ? code.name() : message;
  }
}
