package dev.otasigner.device.fleet;

import dev.otasigner.device.EmulatedDevice;
import dev.otasigner.device.agent.DeviceClock;
import dev.otasigner.device.agent.UpdateOutcome;
import dev.otasigner.device.boot.UnbootableException;
import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.flash.FlashFileException;
import dev.otasigner.device.flash.FlashFullException;
import dev.otasigner.device.flash.PowerCutException;
import dev.otasigner.device.fleet.Member.Standing;
import dev.otasigner.device.transport.Server;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.tuf.TufLimits;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * A fleet of emulated devices: enrolled in bulk, then each switched on until there is nothing left
 * for it to take, or nothing more to hope for.
 *
 * <p>Each device's turns follow from the seed; how those of different devices fall among each other
 * follows from the machine. {@link #report} may be asked at any time, from any thread.
 */
public final class Fleet {
  /** However often the power fails: after so many turns a device is given up. */
  private static final int MAX_TURNS = 2000;

  /** How long a device without power stays dark at most, device time. */
  private static final Duration DARK = Duration.ofSeconds(5);

  private final FleetPlan plan;
  private final Settings settings;
  private final Supplier<Server> factory;
  private final Server.Dialling dialling;
  private final FleetClock clock;
  private final List<Member> members = new ArrayList<>();
  private final Heads heads = new Heads();
  private final Tally faults = new Tally();
  private final Tally troubles = new Tally();
  private final Tally wire = new Tally();
  private volatile Duration enrolling = Duration.ZERO;
  private volatile long runBegan;
  private volatile Duration running = Duration.ZERO;

  /**
   * How a plan is carried out.
   *
   * @param flashDirectory where each device has a flash file; without it they are in memory, and
   *     gone with the process
   * @param speed device time runs so many times faster than real time, over 0
   * @param faults of cohorts that have no rates of their own
   * @param tries a device that got nowhere so many times in a row is given up, from 1 on; power
   *     cuts do not count
   * @param stay device time after which everything ends; zero ends a device that has nothing left
   *     to take
   */
  public record Settings(
      Optional<Path> flashDirectory, double speed, FaultRates faults, int tries, Duration stay) {
    /** In memory, in real time, without trouble, until nothing is left to take. */
    public static final Settings PLAIN =
        new Settings(Optional.empty(), 1, FaultRates.NONE, 20, Duration.ZERO);

    public Settings {
      if (!(speed > 0) || speed > 1e6) {
        throw new IllegalArgumentException("the speed is over 0 and at most 1000000");
      }
      if (tries < 1 || stay.isNegative()) {
        throw new IllegalArgumentException("tries are at least 1, and time does not run backwards");
      }
    }
  }

  /**
   * A fleet that is not made yet.
   *
   * @param factory connections to the enrolment listener, one for each thread
   * @param dialling how devices dial; the plan's ports are the caller's to put in
   * @param real real time
   */
  public Fleet(
      FleetPlan plan,
      Settings settings,
      Supplier<Server> factory,
      Server.Dialling dialling,
      Clock real) {
    this.plan = plan;
    this.settings = settings;
    this.factory = factory;
    this.dialling = dialling;
    this.clock = new FleetClock(real, settings.speed());
    for (FleetPlan.Cohort cohort : plan.cohorts()) {
      for (int number = 1; number <= cohort.count(); number++) {
        members.add(new Member(cohort, number, settings.flashDirectory(), plan.seed()));
      }
    }
    Collections.shuffle(members, new Random(plan.seed()));
  }

  /**
   * The same devices in memory once more, cell by cell, as they are now: what this fleet does next,
   * the copy does not know. At the service both are the same devices.
   *
   * @throws IllegalStateException when one of them is not enrolled, or in a file
   */
  public Fleet copy(Server.Dialling other, Clock real) throws IOException {
    Fleet copy = new Fleet(plan, settings, factory, other, real);
    copy.members.clear();
    for (Member member : members) {
      copy.members.add(member.copy(plan.seed()));
    }
    return copy;
  }

  /** Devices that no earlier run has left in the flash directory. */
  public List<String> toEnrol() {
    return members.stream().filter(m -> !m.isMade()).map(Member::id).toList();
  }

  /**
   * Makes and enrols the devices that are not there yet. One that the service turns down is left
   * out, and is in the report.
   *
   * @throws IOException when the service is not reached, or a flash file cannot be used
   * @throws RejectedException when the plan's build is none that its devices would boot
   */
  public void enrol(FleetCredentials credentials) throws IOException, RejectedException {
    long began = System.nanoTime();
    for (Member member : members) {
      if (member.isMade()) {
        member.enrolled();
      }
    }
    try (BulkEnrolment enrolment = new BulkEnrolment(plan, factory, credentials)) {
      enrolment.enrol(members.stream().filter(m -> m.standing() == Standing.WAITING).toList());
    }
    enrolling = Duration.ofNanos(System.nanoTime() - began);
  }

  /**
   * Switches the devices on, so many at a time as the plan says, until each has come to its end.
   *
   * @throws InterruptedIOException when this thread is interrupted; devices stop after their turn
   */
  public void run() throws InterruptedIOException {
    List<Member> on = members.stream().filter(m -> m.standing() == Standing.ENROLLED).toList();
    runBegan = System.nanoTime();
    Instant end = clock.instant().plus(settings.stay());
    CountDownLatch left = new CountDownLatch(on.size());
    ScheduledThreadPoolExecutor workers = new ScheduledThreadPoolExecutor(plan.concurrency());
    workers.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    try {
      on.forEach(member -> workers.execute(() -> turn(member, end, workers, left)));
      left.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("the fleet was interrupted");
    } finally {
      workers.shutdown();
      running = Duration.ofNanos(System.nanoTime() - runBegan);
      runBegan = 0;
    }
  }

  private void turn(
      Member member, Instant end, ScheduledThreadPoolExecutor workers, CountDownLatch left) {
    Optional<Duration> wait;
    try {
      wait = cycle(member, end);
    } catch (UnbootableException e) {
      wait = ended(member, Standing.UNBOOTABLE, String.valueOf(e.getMessage()));
    } catch (FlashFileException | FlashFullException e) {
      wait = ended(member, Standing.CRASHED, String.valueOf(e.getMessage()));
    } catch (IOException e) {
      wait = unsuccessful(member, "unreachable", end);
    } catch (RuntimeException | Error e) {
      // Nobody looks at what the executor would keep; the fleet has to come to its end all the
      // same.
      wait = ended(member, Standing.CRASHED, "the program has a fault: " + e);
    }
    member.pause();
    if (wait.isEmpty() || workers.isShutdown()) {
      left.countDown();
    } else {
      long nanos = clock.real(wait.get()).toNanos();
      Future<?> unused =
          workers.schedule(() -> turn(member, end, workers, left), nanos, TimeUnit.NANOSECONDS);
    }
  }

  /** One time under power; how long the device then stays off, or nothing when it is over. */
  private Optional<Duration> cycle(Member member, Instant end) throws IOException {
    FaultRates rates = member.cohort().faults().orElse(settings.faults());
    while (true) {
      Faults trouble = new Faults(rates, plan.seed(), member.id(), member.begin(), faults);
      Heads.Seen seen = new Heads.Seen();
      UpdateOutcome outcome;
      try (Flash flash = member.open()) {
        outcome =
            new EmulatedDevice(
                    flash.on(trouble),
                    new DeviceClock(clock),
                    new FaultyServer.Dialling(dialling, trouble, wire, seen),
                    TufLimits.COMMON,
                    (name, text) -> {})
                .update();
      } catch (PowerCutException e) {
        return powerFailed(member, end);
      }
      if (outcome instanceof UpdateOutcome.Refused refused) {
        return unsuccessful(member, refused.reason().code(), end);
      }
      accept(seen);
      if (outcome instanceof UpdateOutcome.UpToDate upToDate) {
        member.succeeded(upToDate.version(), true);
        return settings.stay().isZero() || isOver(end)
            ? ended(member, Standing.ENDED, "")
            : Optional.of(member.backoff().succeeded(plan.pollInterval()));
      }
      if (!(outcome instanceof UpdateOutcome.Installed installed)) {
        throw new IllegalStateException("nobody defers, yet an upgrade was deferred: " + outcome);
      }
      member.succeeded(installed.version(), false);
      if (member.turns() >= MAX_TURNS) {
        return ended(member, Standing.ENDED, "too-many-turns");
      }
    }
  }

  private void accept(Heads.Seen seen) throws IOException {
    try {
      heads.accept(seen);
    } catch (RejectedException e) {
      throw new IllegalStateException("a device took a head file that cannot be read", e);
    }
  }

  private Optional<Duration> powerFailed(Member member, Instant end) {
    troubles.count("power-cut");
    member.interrupted("power-cut");
    if (member.turns() >= MAX_TURNS || !settings.stay().isZero() && isOver(end)) {
      return ended(member, Standing.ENDED, member.reason());
    }
    Random random = Faults.random(plan.seed(), member.id(), member.turns(), 3);
    return Optional.of(Duration.ofMillis(random.nextLong(DARK.toMillis())));
  }

  private Optional<Duration> unsuccessful(Member member, String reason, Instant end) {
    troubles.count(reason);
    int inARow = member.failed(reason);
    if (inARow >= settings.tries()
        || member.turns() >= MAX_TURNS
        || !settings.stay().isZero() && isOver(end)) {
      return ended(member, Standing.ENDED, reason);
    }
    return Optional.of(member.backoff().failed());
  }

  private Optional<Duration> ended(Member member, Standing how, String why) {
    member.end(how, why);
    return Optional.empty();
  }

  private boolean isOver(Instant end) {
    return !clock.instant().isBefore(end);
  }

  /** How the fleet fares now. */
  public FleetReport report() {
    Map<String, Group> groups = new TreeMap<>();
    List<FleetReport.Stranded> named = new ArrayList<>();
    int stranded = 0;
    for (Member member : members) {
      String outcome = outcome(member);
      String version = member.version().map(ImageVersion::toString).orElse("none");
      Group group = groups.computeIfAbsent(member.cohort().name(), n -> new Group());
      group.devices++;
      group.versions.merge(version, 1, Integer::sum);
      group.outcomes.merge(outcome, 1, Integer::sum);
      group.inFlight += member.isInFlight() ? 1 : 0;
      if (!outcome.equals("at-head")) {
        stranded++;
        String reason = member.reason();
        if (!reason.isEmpty()) {
          group.reasons.merge(reason, 1, Integer::sum);
        }
        if (named.size() < FleetReport.MAX_NAMED) {
          named.add(
              new FleetReport.Stranded(
                  member.id(), member.cohort().name(), version, outcome, reason));
        }
      }
    }
    return new FleetReport(
        plan.product(),
        plan.seed(),
        members.size(),
        enrolling,
        runBegan == 0 ? running : Duration.ofNanos(System.nanoTime() - runBegan),
        groups.entrySet().stream().map(e -> e.getValue().report(e.getKey())).toList(),
        faults.counts(),
        troubles.counts(),
        wire.counts(),
        stranded,
        List.copyOf(named));
  }

  private String outcome(Member member) {
    return switch (member.standing()) {
      case WAITING -> "waiting";
      case ENROLLED -> member.isUpToDate() && isAtHead(member) ? "at-head" : "under-way";
      case ENDED -> member.isUpToDate() && isAtHead(member) ? "at-head" : "behind";
      case NOT_ENROLLED -> "not-enrolled";
      case UNBOOTABLE -> "unbootable";
      case CRASHED -> "crashed";
    };
  }

  /** Whether nothing newer is listed for it, in whatever lineage. */
  private boolean isAtHead(Member member) {
    Optional<ImageVersion> runs = member.version();
    Optional<ImageVersion> head =
        heads.of(member.cohort().channel(), member.cohort().hardware().id(), member.id());
    return runs.isPresent() && (head.isEmpty() || !head.get().isNewerThan(runs.get()));
  }

  /** A cohort's counts while they are made. */
  private static final class Group {
    private final Map<String, Integer> versions = new TreeMap<>();
    private final Map<String, Integer> outcomes = new TreeMap<>();
    private final Map<String, Integer> reasons = new TreeMap<>();
    private int devices;
    private int inFlight;

    FleetReport.Cohort report(String name) {
      return new FleetReport.Cohort(
          name, devices, Map.copyOf(versions), Map.copyOf(outcomes), Map.copyOf(reasons), inFlight);
    }
  }
}
