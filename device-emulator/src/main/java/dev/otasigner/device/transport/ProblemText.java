package dev.otasigner.device.transport;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.JsonReader;

/** The sentence of a problem document, for a person; nothing is decided by it. */
final class ProblemText {
  private static final int MAX_BYTES = 64 * 1024;
  private static final int MAX_TEXT = 300;

  private ProblemText() {}

  static String of(byte[] json) {
    try {
      Fields problem = JsonReader.readObject(json, MAX_BYTES);
      String text = problem.optionalString("detail").or(() -> title(problem)).orElse("").strip();
      return text.length() > MAX_TEXT ? text.substring(0, MAX_TEXT) + "..." : text;
    } catch (RejectedException e) {
      return "";
    }
  }

  private static java.util.Optional<String> title(Fields problem) {
    try {
      return problem.optionalString("title");
    } catch (RejectedException e) {
      return java.util.Optional.empty();
    }
  }
}
