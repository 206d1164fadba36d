package dev.otasigner.service.problem;

import dev.otasigner.verifier.json.Json;
import java.util.Map;

/** A problem as RFC 9457 spells it. */
public final class Problem {
  private Problem() {}

  public static Json.Obj json(ProblemType type, String detail, Map<String, Json> members) {
    Json.Builder json =
        Json.object()
            .put("type", type.uri())
            .put("title", type.title())
            .put("status", type.status().value())
            .put("detail", detail);
    members.forEach(json::put);
    return json.build();
  }
}
