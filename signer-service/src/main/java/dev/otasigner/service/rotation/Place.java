package dev.otasigner.service.rotation;

import dev.otasigner.keys.KeyState;
import dev.otasigner.service.access.Actor;
import dev.otasigner.service.catalogue.ReleaseName;
import dev.otasigner.service.catalogue.ReleaseState;
import dev.otasigner.service.keyring.KeyEntry;
import dev.otasigner.service.rotation.Crossings.Crossing;
import dev.otasigner.service.rotation.Impact.CohortImpact;
import dev.otasigner.service.rotation.SigningHints.Hint;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.json.Json;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Where a rotation stands, by what keys, builds, releases and devices are at this moment.
 *
 * @param crossings of those cohorts that trust the old key and not the new one
 * @param retiring what would become of every device if the old key went now
 * @param missing releases without which some cohort does not come to the new key
 * @param hints what to sign, when no build does for somebody
 */
record Place(
    Succession keys,
    List<Crossing> crossings,
    Impact retiring,
    List<Missing> missing,
    List<Hint> hints) {
  private static final Set<KeyState> STOPPED =
      EnumSet.of(
          KeyState.SUSPENDED, KeyState.DEACTIVATED, KeyState.COMPROMISED, KeyState.DESTROYED);
  private static final Set<KeyState> RETIRED =
      EnumSet.of(KeyState.DEACTIVATED, KeyState.COMPROMISED, KeyState.DESTROYED);

  /** Lines of the longest sentence: who wants more asks for the impact. */
  private static final int MAX_TOLD = 4;

  Place {
    crossings = List.copyOf(crossings);
    missing = List.copyOf(missing);
    hints = List.copyOf(hints);
  }

  /**
   * A release that would take devices to the new key.
   *
   * @param devices that wait for it
   * @param state how somebody has left it, or empty when it never was one
   */
  record Missing(ReleaseName name, long devices, Optional<ReleaseState> state) {

    /** Somebody has taken it back on purpose: no step of a rotation undoes that. */
    boolean isTakenBack() {
      return state
          .filter(
              s ->
                  s == ReleaseState.PAUSED
                      || s == ReleaseState.WITHDRAWN
                      || s == ReleaseState.STOPPED)
          .isPresent();
    }

    Json.Obj toJson() {
      return Json.object()
          .put("channel", name.channel())
          .put("hardware", name.hardware())
          .put("version", name.version().toString())
          .put("count", devices)
          .put("state", state.map(ReleaseState::code).orElse(null))
          .build();
    }
  }

  boolean isDone(RotationStep step) {
    return switch (step) {
      case INTRODUCE -> keys.after().state() == KeyState.ACTIVE;
      case SIGN -> crossings.stream().noneMatch(Crossing::isUnsigned);
      case BRIDGE -> crossings.stream().allMatch(Crossing::offered);
      case FLEET -> retiring.isAllowed();
      case NEW_ONLY -> STOPPED.contains(old().state());
      case RETIRE -> RETIRED.contains(old().state());
      case DESTROY -> old().state() == KeyState.DESTROYED;
    };
  }

  private KeyEntry old() {
    return keys.before();
  }

  /** The first step that is not done; empty when all are. */
  Optional<RotationStep> next() {
    return Arrays.stream(RotationStep.values()).filter(step -> !isDone(step)).findFirst();
  }

  /** What a step is about now, in a sentence. */
  String detail(RotationStep step) {
    String before = old().name();
    String after = keys.after().name();
    return switch (step) {
      case INTRODUCE -> introduction(after);
      case SIGN -> signing();
      case BRIDGE -> bridging();
      case FLEET -> fleet();
      case NEW_ONLY ->
          isDone(step)
              ? before + " is " + old().state().code() + " and signs nothing"
              : "suspend " + before + ": it signs nothing then, and can be activated again";
      case RETIRE ->
          isDone(step)
              ? before + " is " + old().state().code() + " for good"
              : "deactivate " + before + ": it never signs again";
      case DESTROY ->
          isDone(step) ? before + " is erased" : "erase " + before + " from its token, for good";
    };
  }

  private String introduction(String after) {
    KeyState state = keys.after().state();
    if (state == KeyState.ACTIVE) {
      return after + " is active";
    }
    return state.mayBecome(KeyState.ACTIVE)
        ? "activate " + after + ": no device is concerned by that"
        : after + " is " + state.code() + " and never signs again: abort, and start with another";
  }

  private String signing() {
    long unsigned =
        crossings.stream().filter(Crossing::isUnsigned).mapToLong(c -> c.cohort().count()).sum();
    if (unsigned > 0) {
      return "no build takes "
          + devices(unsigned)
          + " from "
          + old().name()
          + " to "
          + keys.after().name()
          + ": sign one";
    }
    if (crossings.isEmpty()) {
      return nobodyLeft();
    }
    String builds =
        crossings.stream()
            .flatMap(c -> c.signed().stream())
            .distinct()
            .sorted()
            .map(ImageVersion::toString)
            .collect(Collectors.joining(", "));
    return builds.isEmpty() ? "it is signed and offered" : builds + " is signed and brings it";
  }

  private String nobodyLeft() {
    return "no device trusts " + old().name() + " without " + keys.after().name();
  }

  private String bridging() {
    if (crossings.isEmpty()) {
      return nobodyLeft();
    }
    if (isDone(RotationStep.BRIDGE)) {
      return "offered to all " + devices(crossings) + " that need it";
    }
    if (missing.isEmpty()) {
      return "publish it as a bridge wherever devices need it";
    }
    return "publish "
        + missing.stream()
            .map(
                m ->
                    m.name()
                        + " ("
                        + devices(m.devices())
                        + (m.isTakenBack() ? ", " + m.state().orElseThrow().code() + " now" : "")
                        + ")")
            .collect(Collectors.joining(", "))
        + " as a bridge";
  }

  private String fleet() {
    List<CohortImpact> stranded = retiring.stranded();
    if (stranded.isEmpty()) {
      return "nobody would be cut off without " + old().name();
    }
    Map<String, Long> waits = new TreeMap<>();
    stranded.forEach(c -> waits.merge(wait(c), left(c), Long::sum));
    String told =
        waits.entrySet().stream()
            .limit(MAX_TOLD)
            .map(e -> e.getValue() + " " + e.getKey())
            .collect(Collectors.joining("; "));
    return waits.size() > MAX_TOLD ? told + "; and others" : told;
  }

  /** Of other people's products no more is told than how many devices. */
  private static String wait(CohortImpact impact) {
    if (!isReadable(impact)) {
      return "of another product";
    }
    return "on "
        + impact.version()
        + " in "
        + impact.cohort().state().channel()
        + " for "
        + impact.cohort().state().hardware().id()
        + impact
            .savedBy()
            .map(build -> ", still to take " + build)
            .orElse(", led on by nothing that is offered");
  }

  /** What is to be known besides. */
  List<String> notes() {
    List<String> notes = new ArrayList<>();
    long stranded = left();
    if (old().state() == KeyState.COMPROMISED) {
      notes.add(
          old().name()
              + " was compromised: it signs nothing more here, and whoever has it can sign for every"
              + " device that still trusts it"
              + (stranded == 0
                  ? ""
                  : "; " + devices(stranded) + " can only follow by what was signed before"));
    }
    if (keys.after().state() != KeyState.ACTIVE
        && !keys.after().state().mayBecome(KeyState.ACTIVE)) {
      notes.add(keys.after().name() + " is " + keys.after().state().code() + ": abort");
    }
    return notes;
  }

  private static boolean isReadable(CohortImpact impact) {
    return Actor.current().reaches(impact.cohort().state().product());
  }

  private static String devices(List<Crossing> crossings) {
    return devices(crossings.stream().mapToLong(c -> c.cohort().count()).sum());
  }

  static String devices(long count) {
    return count + (count == 1 ? " device" : " devices");
  }

  /** Devices that would be cut off, and that nobody has given up. */
  private long left() {
    return retiring.stranded().stream().mapToLong(Place::left).sum();
  }

  private static long left(CohortImpact impact) {
    return impact.cohort().count() - impact.writtenOff();
  }

  /** The members that tell where it stands. */
  Map<String, Json> members(long policyRuns) {
    Map<String, Json> members = new LinkedHashMap<>();
    Optional<RotationStep> next = next();
    List<Json> steps = new ArrayList<>();
    for (RotationStep step : RotationStep.values()) {
      steps.add(step(step, next));
    }
    long stranded = left();
    long all = retiring.cohorts().stream().mapToLong(c -> c.cohort().count()).sum();
    long givenUp = retiring.cohorts().stream().mapToLong(CohortImpact::writtenOff).sum();
    members.put(
        "devices",
        Json.object()
            .put("count", all)
            .put("through", all - stranded - givenUp)
            .put("left", stranded)
            .put("writtenOff", givenUp)
            .build());
    members.put("steps", new Json.Arr(steps));
    members.put("notes", Json.strings(notes()));
    members.put("impact", new Impact(retiring.stranded()).toJson(policyRuns, Place::isReadable));
    return members;
  }

  private Json step(RotationStep step, Optional<RotationStep> next) {
    boolean isNext = next.filter(n -> n == step).isPresent();
    Json.Builder json =
        Json.object()
            .put("step", step.code())
            .put("state", isDone(step) ? "done" : isNext ? "next" : "waiting")
            .put("detail", detail(step));
    if (isNext && step == RotationStep.SIGN) {
      json.put("hints", hints.stream().map(hint -> (Json) hint.toJson()).toList());
    }
    if (isNext && step == RotationStep.BRIDGE) {
      json.put("releases", missing.stream().map(m -> (Json) m.toJson()).toList());
    }
    return json.build();
  }
}
