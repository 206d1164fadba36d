package dev.otasigner.service.rotation;

import dev.otasigner.service.rotation.Impact.CohortImpact;
import dev.otasigner.service.rotation.Impact.Obstacle;
import dev.otasigner.verifier.json.Json;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * An end that comes near and would strand devices.
 *
 * @param stage the nearest one that was reached
 * @param raised when it was reached, as far as the service was there
 * @param judged when the judgement was last asked
 * @param devices how many would be stranded
 * @param cohorts how many kinds of them
 * @param explanation what {@link #explain} made, without which it is listed as well
 */
record EndAlarm(
    String product,
    String what,
    Instant ends,
    EndStage stage,
    Instant raised,
    Instant judged,
    long devices,
    int cohorts,
    Json.Obj explanation) {
  /** Cohorts that are explained one by one: who needs more asks for the impact itself. */
  private static final int MAX_EXPLAINED = 100;

  /** Cohorts that a sentence names. */
  private static final int MAX_NAMED = 3;

  /** Of the judgement's answer, which strands somebody. */
  static EndAlarm of(Expiry expiry, EndStage stage, List<CohortImpact> stranded, Instant now) {
    long devices = stranded.stream().mapToLong(c -> c.cohort().count()).sum();
    return new EndAlarm(
        expiry.product(),
        expiry.what(),
        expiry.ends(),
        stage,
        now,
        now,
        devices,
        stranded.size(),
        explain(expiry, stranded));
  }

  /** In the words of an impact: the question, and each cohort with its check and repairs. */
  private static Json.Obj explain(Expiry expiry, List<CohortImpact> stranded) {
    return Json.object()
        .put("remedy", expiry.remedy())
        .put("why", why(stranded))
        .put("ask", expiry.ask())
        .put("cohorts", stranded.stream().limit(MAX_EXPLAINED).map(CohortImpact::toJson).toList())
        .build();
  }

  private static String why(List<CohortImpact> stranded) {
    String named =
        stranded.stream().limit(MAX_NAMED).map(EndAlarm::why).collect(Collectors.joining("; "));
    int more = stranded.size() - MAX_NAMED;
    return named
        + (more > 0 ? "; and " + more + (more == 1 ? " cohort more" : " cohorts more") : "");
  }

  private static String why(CohortImpact impact) {
    Obstacle obstacle = impact.obstacle().orElseThrow();
    String repairs =
        impact.repairs().stream().map(Repair::toString).collect(Collectors.joining(" or "));
    return impact.cohort().count()
        + " on "
        + impact.version()
        + " by "
        + obstacle.check()
        + " ("
        + obstacle.reason()
        + ")"
        + (repairs.isEmpty() ? ", saved by nothing yet" : ", saved by " + repairs);
  }

  private String explained(String member) {
    return explanation.members().get(member) instanceof Json.Str text ? text.value() : "";
  }

  /** One sentence for people. */
  String text() {
    return what
        + " ends at "
        + ends
        + ", "
        + stage.words()
        + ": "
        + devices
        + (devices == 1 ? " device would be stranded: " : " devices would be stranded: ")
        + explained("why")
        + "; "
        + explained("remedy");
  }

  /** What is recorded of it, and told to receivers. */
  Map<String, String> details() {
    Map<String, String> details = new LinkedHashMap<>();
    details.put("what", what);
    details.put("at", ends.toString());
    details.put("stage", stage.code());
    details.put("devices", Long.toString(devices));
    details.put("cohorts", Integer.toString(cohorts));
    details.put("why", explained("why"));
    details.put("remedy", explained("remedy"));
    return details;
  }

  Json.Obj toJson() {
    Json.Builder json =
        Json.object()
            .put("product", product)
            .put("what", what)
            .put("ends", ends)
            .put("stage", stage.code())
            .put("raised", raised)
            .put("judged", judged)
            .put("devices", devices)
            .put("cohortCount", cohorts)
            .put("text", text());
    explanation.members().forEach(json::put);
    return json.build();
  }
}
