package dev.otasigner.service.signing;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;

/** The contracts' Refusal, with a sentence for people beside the code. */
public final class RefusalJson {
  private RefusalJson() {}

  public static Json.Obj of(RejectedException refusal) {
    Json.Builder json =
        Json.object()
            .put("accepted", false)
            .put("reason", refusal.reason().code())
            .put("detail", refusal.getMessage())
            .put("expected", refusal.expected())
            .put("actual", refusal.actual());
    return refusal.offset() < 0 ? json.build() : json.put("offset", refusal.offset()).build();
  }

  static Json.Obj of(String code, String detail) {
    return Json.object().put("accepted", false).put("reason", code).put("detail", detail).build();
  }
}
