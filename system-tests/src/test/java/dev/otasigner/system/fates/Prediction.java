package dev.otasigner.system.fates;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What the service says becomes of one cohort.
 *
 * @param devices all of them
 * @param served whether the change leaves it served
 * @param wasBefore whether it is not, and was not before
 * @param way major versions that it takes
 * @param why check and reason, of a cohort that is not served
 */
record Prediction(
    long cohort,
    List<String> devices,
    boolean served,
    boolean wasBefore,
    List<Integer> way,
    Set<Repair> repairs,
    String why) {
  private static final int MAX = 100;

  Prediction {
    devices = List.copyOf(devices);
    way = List.copyOf(way);
    repairs = Set.copyOf(repairs);
  }

  /** What is said to serve a cohort after all; keys and listeners without the product's name. */
  record Repair(String kind, String what) {
    static final String WAIT = "wait-for-build";
    static final String PUBLISH = "publish-bridge";
    static final String KEEP_KEY = "keep-key";
    static final String KEEP_LISTENER = "keep-listener";
  }

  /** Whose devices are these: of a cohort number. */
  interface Members {
    List<String> of(long cohort);
  }

  /** Reads an impact. */
  static List<Prediction> read(Fields impact, String prefix, Members members)
      throws RejectedException {
    List<Prediction> predictions = new ArrayList<>();
    for (Fields cohort : impact.objects("cohorts", MAX)) {
      long number = cohort.integer("cohort", 0, Long.MAX_VALUE);
      List<Integer> way = new ArrayList<>();
      for (String version : cohort.strings("way", MAX)) {
        way.add(major(version));
      }
      Set<Repair> repairs = new LinkedHashSet<>();
      for (Fields repair : cohort.objects("repairs", MAX)) {
        String what = repair.string("what");
        repairs.add(
            new Repair(
                repair.string("kind"),
                what.startsWith(prefix) ? what.substring(prefix.length()) : what));
      }
      boolean served = cohort.bool("served");
      predictions.add(
          new Prediction(
              number,
              members.of(number),
              served,
              cohort.has("strandedBefore"),
              way,
              repairs,
              served ? "" : cohort.string("check") + "/" + cohort.string("reason")));
    }
    return predictions;
  }

  /** Whether the change cuts it off. */
  boolean isByChange() {
    return !served && !wasBefore;
  }

  static int major(String version) {
    return Integer.parseInt(version.substring(0, version.indexOf('.')));
  }

  boolean names(String kind) {
    return repairs.stream().anyMatch(repair -> repair.kind().equals(kind));
  }
}
