package dev.otasigner.system.fates;

import dev.otasigner.system.fates.FleetPlan.Change;
import dev.otasigner.system.fates.FleetPlan.Kind;
import dev.otasigner.system.fates.FleetStory.MischanceException;
import dev.otasigner.system.fates.Prediction.Repair;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Tells stories of fleets, holds what became of their devices against what was predicted. */
final class Fates {
  private static final Duration LATER = Duration.ofDays(500);
  private static final int MISCHANCES = 4;

  private final MovedService service;
  private final Consumer<String> said;
  private final Map<String, Integer> tally = new TreeMap<>();
  private final List<String> differences = new ArrayList<>();
  private int stories;

  /**
   * Fates at one service.
   *
   * @param said is told of each story, in a line
   */
  Fates(MovedService service, Consumer<String> said) {
    this.service = service;
    this.said = said;
  }

  /** How often what was met: kinds of change, cohorts that are served or not, repairs. */
  Map<String, Integer> tally() {
    return tally;
  }

  /** What became otherwise than it was predicted. */
  List<String> differences() {
    return differences;
  }

  /**
   * A story to tell.
   *
   * @param repair what is done about the change, of which the devices that named it are known
   */
  private record Task(
      FleetPlan plan, Change change, Optional<Repair> repair, List<Prediction> known) {
    static Task of(FleetPlan plan) {
      return new Task(plan, plan.change(), Optional.empty(), List.of());
    }

    Task repaired(Repair how, List<Prediction> predicted) {
      Change less =
          switch (how.kind()) {
            case Repair.KEEP_KEY -> change.keepingKey(how.what());
            case Repair.KEEP_LISTENER -> change.keepingListener(how.what());
            default -> change;
          };
      return new Task(plan, less, Optional.of(how), predicted);
    }

    boolean isInTime() {
      return change.kind() == Kind.TIME;
    }

    /** Devices that named the repair. */
    List<String> named() {
      Repair how = repair.orElseThrow();
      return known.stream()
          .filter(p -> !p.served() && p.repairs().contains(how))
          .flatMap(p -> p.devices().stream())
          .toList();
    }

    /** Devices that no waiting saves, as it is said. */
    List<String> patient() {
      return repair.orElseThrow().kind().equals(Repair.WAIT)
          ? known.stream()
              .filter(p -> !p.served() && !p.names(Repair.WAIT))
              .flatMap(p -> p.devices().stream())
              .toList()
          : List.of();
    }
  }

  private record Told(
      Task task,
      FleetStory story,
      List<Prediction> predictions,
      Optional<Boolean> agreed,
      Set<String> alive) {}

  /** Those for whom time passes come first: whatever else there is, its catalogue is renewed. */
  void live(List<FleetPlan> plans) throws Exception {
    List<Task> tasks = plans.stream().map(Task::of).toList();
    List<Task> repaired = new ArrayList<>();
    for (Told told : tellInTime(tasks.stream().filter(Task::isInTime).toList())) {
      repaired.addAll(tasks(told));
    }
    for (Told told : tellInTime(repaired)) {
      requireSaved(told, Set.of());
    }
    for (Task task : tasks) {
      if (!task.isInTime()) {
        repairs(tell(task));
      }
    }
  }

  private void repairs(Told told) throws Exception {
    List<Task> tasks = tasks(told);
    boolean isOnBothSides = told.task().plan().share() < 1000;
    Set<String> lost =
        isOnBothSides && !tasks.isEmpty() && !told.story().isAskedAsThingsAre()
            ? lostAnyway(told)
            : Set.of();
    for (Task task : tasks) {
      requireSaved(tell(task), lost);
    }
  }

  /** Where a cohort is on both sides of a share, one of them may be lost without any change. */
  private Set<String> lostAnyway(Told told) throws Exception {
    FleetPlan plan = told.task().plan();
    Change nothing = new Change(Kind.NOTHING, List.of(), List.of(), List.of(), 0);
    Set<String> alive = tell(new Task(plan, nothing, Optional.empty(), List.of())).alive();
    return plan.devices().stream()
        .map(FleetPlan.Device::id)
        .filter(id -> !alive.contains(id))
        .collect(Collectors.toSet());
  }

  private List<Task> tasks(Told told) {
    Set<Repair> repairs = new LinkedHashSet<>();
    told.predictions().stream().filter(p -> !p.served()).forEach(p -> repairs.addAll(p.repairs()));
    return repairs.stream()
        .sorted(Comparator.comparing(Repair::toString))
        .map(repair -> told.task().repaired(repair, told.predictions()))
        .toList();
  }

  private Told tell(Task task) throws Exception {
    for (int i = 0; i < MISCHANCES; i++) {
      FleetStory story = story(task);
      try {
        story.begin();
        story.goOn();
        List<Prediction> predictions = ask(task, story);
        return finish(task, story, predictions);
      } catch (MischanceException e) {
        count("mischances");
      } finally {
        story.leave();
      }
    }
    throw new IllegalStateException("too many mischances for seed " + task.plan().seed());
  }

  /** All at once, since time passes for all of them. */
  private List<Told> tellInTime(List<Task> tasks) throws Exception {
    List<FleetStory> stories = new ArrayList<>();
    List<Told> told = new ArrayList<>();
    if (tasks.isEmpty()) {
      return told;
    }
    for (Task task : tasks) {
      FleetStory story = story(task);
      stories.add(story);
      story.begin();
    }
    service.advance(LATER);
    List<List<Prediction>> predictions = new ArrayList<>();
    for (int i = 0; i < tasks.size(); i++) {
      stories.get(i).goOn();
      predictions.add(ask(tasks.get(i), stories.get(i)));
    }
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < tasks.size(); i++) {
      order.add(i);
    }
    order.sort(Comparator.comparing(i -> stories.get(i).waitsUntil().orElse(Instant.MIN)));
    for (int i : order) {
      Instant until = stories.get(i).waitsUntil().orElse(Instant.MIN);
      if (until.isAfter(service.now())) {
        service.advance(Duration.between(service.now(), until));
      }
      told.add(finish(tasks.get(i), stories.get(i), predictions.get(i)));
      stories.get(i).leave();
    }
    return told;
  }

  private FleetStory story(Task task) {
    stories++;
    return new FleetStory(
        service, task.plan(), task.change(), "f" + task.plan().seed() + "-" + stories);
  }

  private List<Prediction> ask(Task task, FleetStory story) throws Exception {
    if (task.repair().isPresent()) {
      story.repair(task.repair().get(), task.named(), task.patient());
    }
    return story.ask();
  }

  private Told finish(Task task, FleetStory story, List<Prediction> predictions) throws Exception {
    Optional<Boolean> agreed = story.change();
    Told told = new Told(task, story, predictions, agreed, story.end());
    compare(told);
    said.accept(line(told));
    return told;
  }

  private void count(String what) {
    tally.merge(what, 1, Integer::sum);
  }

  /** Every cohort: all of its devices come to the head and to what follows it, or not. */
  private void compare(Told told) throws IOException {
    Kind kind = told.task().change().kind();
    count(told.task().repair().map(r -> "repair " + r.kind()).orElse("change " + kind));
    List<String> wrong = new ArrayList<>();
    for (Prediction predicted : told.predictions()) {
      long alive = predicted.devices().stream().filter(told.alive()::contains).count();
      boolean all = alive == predicted.devices().size();
      boolean staged = told.task().plan().share() < 1000;
      boolean right;
      if (predicted.served()) {
        count("served");
        right = all;
      } else {
        count(predicted.wasBefore() ? "stranded before" : "stranded");
        // Inside of the share or outside of it: it is not said who.
        right = staged ? !all : alive == 0;
      }
      if (!right) {
        wrong.add("cohort " + predicted.cohort() + ": " + alive + " come to the head");
      }
      for (String device : predicted.devices()) {
        if (!staged && !told.story().way(device).equals(predicted.way())) {
          wrong.add(device + " went " + told.story().way(device) + ", not " + predicted.way());
        }
      }
    }
    boolean allowed = told.predictions().stream().noneMatch(Prediction::isByChange);
    if (told.agreed().isPresent()) {
      count(told.agreed().get() ? "agreed" : "refused");
      if (told.agreed().get() != allowed) {
        wrong.add("the service agrees: " + told.agreed().get() + ", it was to: " + allowed);
      }
    }
    if (!wrong.isEmpty()) {
      differ(told, String.join("\n  ", wrong));
    }
  }

  /**
   * Who named the repair lives, and nobody else does for whom nothing like it was named.
   *
   * @param lost who is lost if nothing happens at all: no repair of a change brings them back
   */
  private void requireSaved(Told told, Set<String> lost) throws IOException {
    Repair repair = told.task().repair().orElseThrow();
    for (Prediction predicted : told.task().known()) {
      if (!predicted.isByChange()) {
        continue;
      }
      boolean all = predicted.devices().stream().allMatch(told.alive()::contains);
      if (predicted.repairs().contains(repair)) {
        count("saved by " + repair.kind());
        boolean saved =
            predicted.devices().stream()
                .filter(device -> !lost.contains(device))
                .allMatch(told.alive()::contains);
        if (!saved || lost.containsAll(predicted.devices())) {
          differ(told, repair + " was to save " + predicted);
        }
      } else if (!isAlike(repair, predicted)) {
        count("not saved by " + repair.kind());
        if (all) {
          differ(told, repair + " saves " + predicted + " too");
        }
      }
    }
  }

  /** A bridge may well save those, too, for whom something cheaper or newer was found. */
  private static boolean isAlike(Repair repair, Prediction predicted) {
    return repair.kind().equals(Repair.PUBLISH)
        && (predicted.names(Repair.WAIT) || predicted.names(Repair.PUBLISH));
  }

  private void differ(Told told, String what) throws IOException {
    StringBuilder text = new StringBuilder(line(told)).append("\n  ").append(what);
    for (Prediction predicted : told.predictions()) {
      text.append("\n  predicted ").append(predicted);
      for (String device : predicted.devices()) {
        text.append("\n    ")
            .append(device)
            .append(told.alive().contains(device) ? " lives " : " is lost ")
            .append(told.story().told(device))
            .append(", went ")
            .append(told.story().way(device));
      }
    }
    told.task().plan().builds().forEach(build -> text.append("\n  ").append(build));
    text.append("\n  ").append(told.task().plan().bootloaders());
    text.append("\n  ").append(told.task().plan().profiles());
    text.append("\n  ").append(told.task().plan().devices());
    told.story().product().log().forEach(line -> text.append("\n  ").append(line));
    differences.add(text.toString());
  }

  private static String line(Told told) {
    long stranded = told.predictions().stream().filter(p -> !p.served()).count();
    return "seed "
        + told.task().plan().seed()
        + ": "
        + told.task().change()
        + told.task().repair().map(r -> ", repaired by " + r.kind() + " " + r.what()).orElse("")
        + ": "
        + told.predictions().size()
        + " cohorts, "
        + stranded
        + " stranded";
  }
}
