package dev.otasigner.service.signing;

import dev.otasigner.verifier.json.Json;

/**
 * Why the policy refuses a request.
 *
 * @param detail a sentence for people
 */
record PolicyReason(PolicyCode code, String detail) {

  Json toJson() {
    return Json.object().put("code", code.code()).put("detail", detail).build();
  }
}
