package dev.otasigner.device.transport;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.JsonReader;
import java.util.Optional;

/** What a problem document says. */
final class ProblemText {
  private static final int MAX_BYTES = 64 * 1024;
  private static final int MAX_TEXT = 300;

  private ProblemText() {}

  /** {@code seq}: the number of the latest check-in that was heard. */
  static Optional<Long> sequence(byte[] json) {
    try {
      Fields problem = JsonReader.readObject(json, MAX_BYTES);
      return problem.has("seq")
          ? Optional.of(problem.integer("seq", 0, Long.MAX_VALUE))
          : Optional.empty();
    } catch (RejectedException e) {
      return Optional.empty();
    }
  }

  /** The sentence, for a person; nothing is decided by it. */
  static String of(byte[] json) {
    try {
      Fields problem = JsonReader.readObject(json, MAX_BYTES);
      String text = problem.optionalString("detail").or(() -> title(problem)).orElse("").strip();
      return text.length() > MAX_TEXT ? text.substring(0, MAX_TEXT) + "..." : text;
    } catch (RejectedException e) {
      return "";
    }
  }

  private static Optional<String> title(Fields problem) {
    try {
      return problem.optionalString("title");
    } catch (RejectedException e) {
      return java.util.Optional.empty();
    }
  }
}
