package dev.otasigner.service.signing;

import dev.otasigner.verifier.json.Json;
import java.util.List;

/**
 * Why the policy refuses a request.
 *
 * @param detail a sentence for people
 */
record PolicyReason(PolicyCode code, String detail) {

  /** All of them, in order. */
  static Json toJson(List<PolicyReason> reasons) {
    return new Json.Arr(List.copyOf(reasons.stream().map(PolicyReason::toJson).toList()));
  }

  Json toJson() {
    return Json.object().put("code", code.code()).put("detail", detail).build();
  }
}
