package dev.otasigner.cli;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;

/** A refusal by the verifier's own code, as the contracts' document and as an error. */
public final class Refusals {
  private Refusals() {}

  /** {@code {accepted:false, reason, expected?, actual?, offset?}} and the sentence. */
  public static Json.Obj document(RejectedException refusal) {
    Json.Builder json =
        Json.object()
            .put("accepted", false)
            .put("reason", refusal.reason().code())
            .put("expected", refusal.expected())
            .put("actual", refusal.actual());
    if (refusal.offset() >= 0) {
      json.put("offset", refusal.offset());
    }
    return json.put("detail", String.valueOf(refusal.getMessage())).build();
  }

  /**
   * The failure that a refused command ends with.
   *
   * @param subject what was refused, usually a file's name; may be empty
   */
  public static CommandFailedException of(RejectedException refusal, String subject) {
    String before = subject.isEmpty() ? "" : subject + ": ";
    return CommandFailedException.of(
            ExitCode.REFUSED,
            before + "refused (" + refusal.reason().code() + "): " + refusal.getMessage())
        .document(document(refusal))
        .because(refusal);
  }
}
