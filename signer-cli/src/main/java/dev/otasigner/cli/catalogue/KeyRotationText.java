package dev.otasigner.cli.catalogue;

import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.ExitCode;
import dev.otasigner.cli.Report;
import dev.otasigner.cli.Stranded;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Where a rotation stands, as the service tells it, and in lines for people. */
final class KeyRotationText {
  private static final int MAX_STEPS = 32;
  private static final int MAX_LIST = 1024;
  private static final int MAX_COHORTS = 8;

  /** Steps that are not for the service to do. */
  private static final Set<String> OF_OTHERS = Set.of("sign", "fleet");

  private final Fields place;

  KeyRotationText(Json place) {
    this.place = object(place);
  }

  private static Fields object(Json json) {
    if (json instanceof Json.Obj object) {
      return new Fields(object, "");
    }
    throw strange("an object is expected");
  }

  private static CommandFailedException strange(String why) {
    return CommandFailedException.of(
        ExitCode.REFUSED, "the service's answer is not understood: " + why);
  }

  Json.Obj json() {
    return place.json();
  }

  /** Reads something of the answer. */
  private interface Reading<T> {
    T read() throws RejectedException;
  }

  private static <T> T read(Reading<T> reading) {
    try {
      return reading.read();
    } catch (RejectedException e) {
      throw strange(String.valueOf(e.getMessage()));
    }
  }

  String state() {
    return read(() -> place.string("state"));
  }

  String oldKey() {
    return read(() -> place.object("oldKey").string("name"));
  }

  long id() {
    return read(() -> place.integer("id", 1, Long.MAX_VALUE));
  }

  /** The step that is next, unless the rotation has come to its end. */
  Optional<Fields> next() {
    return state().equals("done") || state().equals("aborted")
        ? Optional.empty()
        : read(() -> place.objects("steps", MAX_STEPS)).stream()
            .filter(step -> read(() -> step.string("state")).equals("next"))
            .findFirst();
  }

  static String name(Fields step) {
    return read(() -> step.string("step"));
  }

  static String detail(Fields step) {
    return read(() -> step.string("detail"));
  }

  /** Whether somebody has to sign, or devices have to cross. */
  boolean isWaiting() {
    return next().filter(step -> OF_OTHERS.contains(name(step))).isPresent();
  }

  /** Releases that the next step would publish, to be named with it. */
  static List<Json> releases(Fields step) {
    List<Json> releases = new ArrayList<>();
    if (step.has("releases")) {
      for (Fields release : read(() -> step.objects("releases", MAX_LIST))) {
        releases.add(
            Json.object()
                .put("channel", read(() -> release.string("channel")))
                .put("hardware", read(() -> release.string("hardware")))
                .put("version", read(() -> release.string("version")))
                .build());
      }
    }
    return releases;
  }

  /** What to type so that a build is signed, as far as the service knows. */
  static Optional<String> command(Fields step) {
    return hints(step).stream()
        .flatMap(hint -> read(() -> hint.optionalString("command")).stream())
        .findFirst();
  }

  private static List<Fields> hints(Fields step) {
    return step.has("hints") ? read(() -> step.objects("hints", MAX_LIST)) : List.of();
  }

  /** Everything. */
  void show(Report report) {
    report.line(heading());
    if (state().equals("aborted")) {
      report.line(
          "aborted by "
              + read(() -> place.string("abortedBy"))
              + " at "
              + read(() -> place.string("aborted"))
              + ": "
              + read(() -> place.string("reason")));
      return;
    }
    Optional<String> next = next().map(KeyRotationText::name);
    for (Fields step : read(() -> place.objects("steps", MAX_STEPS))) {
      report.line(
          String.format(
              Locale.ROOT,
              "  %-8s %-10s %s",
              read(() -> step.string("state")),
              name(step),
              detail(step)));
      if (next.equals(Optional.of(name(step)))) {
        showHints(report, step);
      }
    }
    showDevices(report);
  }

  private String heading() {
    String keys = key("oldKey") + " -> " + key("newKey") + " in " + text("product");
    return state().equals("planned")
        ? keys
        : "rotation "
            + id()
            + ", "
            + state()
            + ": "
            + keys
            + ", since "
            + text("started")
            + " by "
            + text("startedBy");
  }

  private String text(String name) {
    return read(() -> place.string(name));
  }

  /** One of the two keys, with its suite and state. */
  String key(String name) {
    Fields key = read(() -> place.object(name));
    return read(() -> key.string("name"))
        + " ("
        + read(() -> key.string("suite"))
        + ", "
        + read(() -> key.string("state"))
        + ")";
  }

  private static void showHints(Report report, Fields step) {
    for (Fields hint : hints(step)) {
      report.line(
          "           for "
              + read(() -> hint.string("hardware"))
              + ": "
              + read(() -> hint.string("what")));
      read(() -> hint.optionalString("command"))
          .ifPresent(command -> report.line("           " + command));
    }
  }

  /** How many would be cut off if the old key went now, who, and what else is to be known. */
  void showDevices(Report report) {
    Fields devices = read(() -> place.object("devices"));
    long all = read(() -> devices.integer("count", 0, Long.MAX_VALUE));
    long left = read(() -> devices.integer("left", 0, Long.MAX_VALUE));
    long writtenOff = read(() -> devices.integer("writtenOff", 0, Long.MAX_VALUE));
    String without = " would be cut off without " + oldKey() + " now";
    report.line(
        all == 0
            ? "no device is on record"
            : left == 0
                ? "nobody" + without + ", of " + devices(all)
                : left + " of " + devices(all) + without + ":");
    if (writtenOff > 0) {
      report.line("  besides " + devices(writtenOff) + " that are written off");
    }
    List<String> stranded = read(() -> Stranded.lines(place.object("impact")));
    stranded.stream().limit(MAX_COHORTS).map(line -> line.substring(1)).forEach(report::line);
    if (stranded.size() > MAX_COHORTS) {
      report.line(
          "  and "
              + (stranded.size() - MAX_COHORTS)
              + " cohorts more: signer rotation impact --product "
              + text("product")
              + " --retire-key "
              + oldKey());
    }
    for (String note : read(() -> place.strings("notes", MAX_LIST))) {
      report.line("note: " + note);
    }
  }

  private static String devices(long count) {
    return count + (count == 1 ? " device" : " devices");
  }
}
