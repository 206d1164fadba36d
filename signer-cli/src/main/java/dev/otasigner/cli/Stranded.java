package dev.otasigner.cli;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.ArrayList;
import java.util.List;

/** Devices that a change would cut off: which, by what check, and what saves them. */
public final class Stranded {
  private static final int MAX_COHORTS = 10_000;
  private static final int SHOWN_DEVICES = 5;

  private Stranded() {}

  /**
   * A line, begun by a line break, for each cohort that the change would cut off; not for those
   * that were cut off before.
   */
  public static List<String> lines(Fields impact) throws RejectedException {
    List<String> lines = new ArrayList<>();
    for (Fields cohort : impact.objects("cohorts", MAX_COHORTS)) {
      if (!cohort.bool("served") && !cohort.has("strandedBefore")) {
        lines.add("\n  " + line(cohort));
      }
    }
    return lines;
  }

  private static String line(Fields cohort) throws RejectedException {
    List<String> devices = cohort.strings("devices", Integer.MAX_VALUE);
    long count = cohort.integer("count", 0, Long.MAX_VALUE);
    String named = String.join(", ", devices.subList(0, Math.min(SHOWN_DEVICES, devices.size())));
    if (count > SHOWN_DEVICES) {
      named += " and " + (count - SHOWN_DEVICES) + " more";
    }
    StringBuilder line = new StringBuilder(named + " on " + cohort.string("version"));
    line.append(": ").append(text(cohort, "check", "").replaceAll("(.+)", "$1 "));
    line.append('(').append(text(cohort, "reason", "no way on")).append(')');
    String detail = text(cohort, "detail", "");
    line.append(detail.isEmpty() ? "" : " " + detail);
    if (cohort.has("writtenOff")) {
      line.append("; ")
          .append(cohort.integer("writtenOff", 0, Long.MAX_VALUE))
          .append(" of them are written off");
    }
    String savedBy = text(cohort, "savedBy", "");
    return line + (savedBy.isEmpty() ? "; nothing saves it yet" : "; saved by " + savedBy);
  }

  private static String text(Fields cohort, String name, String otherwise) {
    return cohort.members().get(name) instanceof Json.Str value ? value.value() : otherwise;
  }
}
