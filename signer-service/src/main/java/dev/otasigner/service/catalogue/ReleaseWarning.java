package dev.otasigner.service.catalogue;

import dev.otasigner.service.signing.Cohort;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;

/**
 * Something that whoever releases should know, and that is no reason to refuse.
 *
 * @param code from the list in docs/reference/http-api.md
 * @param count of devices that it is about
 */
record ReleaseWarning(String code, String detail, long count) {

  static ReleaseWarning of(Cohort cohort, RejectedException refusal) {
    long count = cohort.count();
    return new ReleaseWarning(
        refusal.reason().code(),
        count
            + (count == 1 ? " device" : " devices")
            + ", such as "
            + cohort.devices().get(0)
            + " on "
            + cohort.state().running().version()
            + ", will not take it, and nothing that is offered leads there: "
            + refusal.getMessage(),
        count);
  }

  Json.Obj toJson() {
    return Json.object().put("code", code).put("detail", detail).put("count", count).build();
  }
}
