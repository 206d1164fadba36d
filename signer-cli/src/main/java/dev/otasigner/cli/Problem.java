package dev.otasigner.cli;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.util.ArrayList;
import java.util.List;

/** Turns the service's RFC 9457 problem documents into errors, hints and exit codes. */
final class Problem {
  private static final int MAX_BYTES = 16 * 1024 * 1024;

  private static final int MAX_ITEMS = 1000;

  private Problem() {}

  static CommandFailedException of(int status, byte[] body) {
    ExitCode code =
        switch (status) {
          case 401, 403 -> ExitCode.NOT_ALLOWED;
          case 502, 503, 504 -> ExitCode.UNREACHABLE;
          default -> ExitCode.REFUSED;
        };
    CommandFailedException failure;
    try {
      Fields problem = JsonReader.readObject(body, MAX_BYTES);
      failure = CommandFailedException.of(code, sentence(problem, status)).document(problem.json());
    } catch (RejectedException e) {
      failure = CommandFailedException.of(code, "the service answered HTTP " + status).because(e);
    }
    return status == 401 ? failure.hint("sign in with: signer login") : failure;
  }

  private static String sentence(Fields problem, int status) throws RejectedException {
    String detail =
        problem.has("detail")
            ? problem.string("detail")
            : problem.has("title") ? problem.string("title") : "HTTP " + status;
    if (problem.members().get("refusal") instanceof Json.Obj refusal) {
      return "refused (" + new Fields(refusal, "refusal").string("reason") + "): " + detail;
    }
    if (problem.members().get("code") instanceof Json.Str code) {
      return "refused (" + code.value() + "): " + detail;
    }
    if (problem.has("reasons")) {
      List<String> reasons = new ArrayList<>();
      for (Fields reason : problem.objects("reasons", MAX_ITEMS)) {
        reasons.add("(" + reason.string("code") + ") " + reason.string("detail"));
      }
      return "refused: " + String.join("; ", reasons);
    }
    if (problem.members().get("impact") instanceof Json.Obj impact) {
      return detail + String.join("", Stranded.lines(new Fields(impact, "impact")));
    }
    return detail;
  }
}
