package dev.otasigner.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.agent.Consent;
import dev.otasigner.device.agent.UpdateOutcome;
import dev.otasigner.device.agent.UpdateOutcome.Deferred;
import dev.otasigner.device.agent.UpdateOutcome.Installed;
import dev.otasigner.device.agent.UpdateOutcome.Refused;
import dev.otasigner.device.agent.UpdateOutcome.UpToDate;
import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.flash.FlashFileException;
import dev.otasigner.device.flash.FlashFullException;
import dev.otasigner.device.flash.FlashLayout;
import dev.otasigner.device.flash.FlashLayout.Region;
import dev.otasigner.device.flash.FlashStore;
import dev.otasigner.device.testing.SimulatedTimer;
import dev.otasigner.device.transport.StatusException;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.testing.TestFleet;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** When the application runs and when an upgrade is taken, minute by minute of a made-up clock. */
class PoweredDeviceTests {
  private static final Duration HOLD = Pacing.DEFAULT.hold();
  private static final Duration LONGEST_HOLD = Pacing.DEFAULT.longestHold();
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration POLL = Duration.ofMinutes(10);

  /** The longest that a poll may come later than the service wished. */
  private static final Duration POLL_AT_MOST = POLL.plus(POLL.dividedBy(10));

  private final SimulatedTimer timer = new SimulatedTimer();
  private final Service service = new Service();
  private final Diary diary = new Diary();
  private final PoweredDevice device = device(7);

  private PoweredDevice device(long seed) {
    return new PoweredDevice(service, diary, timer, Pacing.DEFAULT, seed, (name, text) -> {});
  }

  /** A device as its service and its clock have it; what it does is written down. */
  private final class Service implements Machine {
    ImageVersion running = TestFleet.version("34.0");
    @Nullable ImageVersion offered;
    boolean isThere = true;
    boolean isOnTrial;

    /** How long a call lasts before it is answered or given up. */
    Duration callTakes = Duration.ZERO;

    /** How long the service takes from its first answer on, as for a download. */
    Duration workTakes = Duration.ZERO;

    /** How long the build that was taken needs to confirm itself. */
    Duration trialTakes = Duration.ZERO;

    @Nullable IOException trouble;
    @Nullable Refused refusal;
    final List<Duration> calls = new ArrayList<>();

    @Override
    public void boot() {
      diary.write("boot");
    }

    @Override
    public boolean isOnTrial() {
      return isOnTrial;
    }

    @Override
    public ImageVersion running() {
      return running;
    }

    @Override
    public Cycle cycle(Occasions occasions) throws IOException {
      calls.add(timer.now());
      timer.pass(callTakes);
      IOException fault = trouble;
      if (fault != null) {
        throw fault;
      }
      if (!isThere) {
        throw new IOException("nobody there");
      }
      occasions.reached();
      return new Cycle(outcome(occasions), Optional.of(POLL));
    }

    private UpdateOutcome outcome(Occasions occasions) throws IOException {
      ImageVersion next = offered;
      Refused no = refusal;
      if (no != null) {
        return no;
      }
      if (next == null) {
        return new UpToDate(running);
      }
      if (occasions.asked(next) instanceof Consent.Defer later) {
        return new Deferred(next, later.time());
      }
      timer.pass(workTakes);
      if (!isThere) {
        throw new IOException("the connection broke");
      }
      if (occasions.asked(next) instanceof Consent.Defer later) {
        return new Deferred(next, later.time());
      }
      diary.write("upgrade");
      occasions.resetting();
      boot();
      timer.pass(trialTakes);
      offered = null;
      running = next;
      return new Installed(next);
    }
  }

  /** An application that notes what it is told. */
  private final class Diary implements Application {
    final List<String> lines = new ArrayList<>();
    Duration startedAt = Duration.ZERO;

    /** Every start; a call that takes long is over before the test goes on. */
    final List<Duration> starts = new ArrayList<>();

    Consent.Answer answer = new Consent.Take();

    void write(String line) {
      lines.add(line);
    }

    @Override
    public void started(ImageVersion version) {
      write("started " + version.major());
      startedAt = timer.now();
      starts.add(startedAt);
    }

    @Override
    public Consent.Answer offered(ImageVersion version) {
      write("offered " + version.major());
      return answer;
    }

    @Override
    public void stopped() {
      write("stopped");
    }
  }

  private void switchOn() throws IOException {
    device.switchOn();
  }

  @Test
  void applicationIsHeldUntilTheServiceWasAsked() throws IOException {
    switchOn();
    assertThat(diary.lines).containsExactly("boot");
    timer.pass(Pacing.DEFAULT.spread());
    assertThat(diary.lines).containsExactly("boot", "started 34");
    assertThat(service.calls).hasSize(1);
  }

  @Test
  void upgradeOnOfferIsTakenBeforeTheApplicationStarts() throws IOException {
    service.offered = TestFleet.version("36.0");
    switchOn();
    timer.pass(HOLD);
    assertThat(diary.lines).containsExactly("boot", "upgrade", "boot", "started 36");
  }

  @Test
  void coldBootOverridesADeferral() throws IOException {
    diary.answer = Consent.Defer.untilNextBoot();
    switchOn();
    timer.pass(HOLD);
    service.offered = TestFleet.version("36.0");
    timer.pass(POLL_AT_MOST);
    assertThat(diary.lines).endsWith("started 34", "offered 36");
    assertThat(device.switchOff(Duration.ZERO)).isTrue();
    diary.lines.clear();
    device(7).switchOn();
    timer.pass(HOLD);
    assertThat(diary.lines).containsExactly("boot", "upgrade", "boot", "started 36");
  }

  @Test
  void withoutAServiceTheApplicationStartsAfterTenSecondsAndNoSooner() throws IOException {
    service.isThere = false;
    switchOn();
    timer.pass(HOLD.minusMillis(1));
    assertThat(diary.lines).containsExactly("boot");
    timer.pass(Duration.ofMillis(1));
    assertThat(HOLD).isEqualTo(Duration.ofSeconds(10));
    assertThat(diary.lines).containsExactly("boot", "started 34");
  }

  @Test
  void applicationDoesNotWaitForACallThatHangs() throws IOException {
    service.isThere = false;
    service.callTakes = Duration.ofMinutes(2);
    switchOn();
    timer.pass(HOLD);
    assertThat(diary.lines).containsExactly("boot", "started 34");
    assertThat(diary.startedAt).isEqualTo(HOLD);
  }

  @Test
  void deviceGoesOnTryingWithItsApplicationRunning() throws IOException {
    service.isThere = false;
    switchOn();
    timer.pass(Duration.ofHours(1));
    int before = service.calls.size();
    service.isThere = true;
    service.offered = TestFleet.version("36.0");
    timer.pass(Pacing.DEFAULT.longest());
    assertThat(service.calls).hasSizeGreaterThan(before);
    assertThat(diary.lines)
        .containsExactly(
            "boot", "started 34", "offered 36", "upgrade", "stopped", "boot", "started 36");
  }

  @Test
  void applicationIsHeldForAsLongAsAnUpgradeTakes() throws IOException {
    service.offered = TestFleet.version("36.0");
    service.workTakes = Duration.ofMinutes(10);
    switchOn();
    timer.pass(Duration.ofMinutes(11));
    assertThat(diary.lines).containsExactly("boot", "upgrade", "boot", "started 36");
    assertThat(diary.startedAt).isBetween(Duration.ofMinutes(10), Duration.ofMinutes(11));
  }

  @Test
  void downloadThatBreaksOffAfterTheHoldLetsTheApplicationStart() throws IOException {
    service.offered = TestFleet.version("36.0");
    service.workTakes = Duration.ofMinutes(10);
    timer.after(Duration.ofMinutes(5), () -> service.isThere = false);
    switchOn();
    timer.pass(Duration.ofMinutes(11));
    assertThat(diary.lines).containsExactly("boot", "started 34");
    assertThat(diary.startedAt).isEqualTo(service.calls.get(0).plus(service.workTakes));
  }

  @Test
  void noDownloadHoldsTheApplicationForLongerThanAQuarterOfAnHour() throws IOException {
    service.offered = TestFleet.version("36.0");
    service.workTakes = Duration.ofHours(3);
    switchOn();
    timer.pass(LONGEST_HOLD);
    assertThat(LONGEST_HOLD).isEqualTo(Duration.ofMinutes(15));
    assertThat(diary.starts).startsWith(LONGEST_HOLD);
  }

  @Test
  void applicationThatStartedDuringADownloadIsAskedBeforeItIsStopped() throws IOException {
    service.offered = TestFleet.version("36.0");
    service.workTakes = Duration.ofHours(3);
    switchOn();
    timer.pass(Duration.ofHours(4));
    assertThat(diary.lines)
        .containsExactly(
            "boot", "started 34", "offered 36", "upgrade", "stopped", "boot", "started 36");
  }

  @Test
  void applicationThatStartedDuringADownloadMayDeferIt() throws IOException {
    service.offered = TestFleet.version("36.0");
    service.workTakes = Duration.ofHours(3);
    diary.answer = Consent.Defer.untilNextBoot();
    switchOn();
    timer.pass(Duration.ofHours(4));
    assertThat(diary.lines).containsExactly("boot", "started 34", "offered 36");
  }

  @Test
  void longestHoldIsASetting() throws IOException {
    Pacing brief = Pacing.DEFAULT.withLongestHold(Duration.ofMinutes(1));
    service.offered = TestFleet.version("36.0");
    service.workTakes = Duration.ofHours(3);
    new PoweredDevice(service, diary, timer, brief, 7, (name, text) -> {}).switchOn();
    timer.pass(Duration.ofMinutes(2));
    assertThat(diary.starts).startsWith(Duration.ofMinutes(1));
    assertThatThrownBy(() -> Pacing.DEFAULT.withLongestHold(SECOND))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void trialIsWaitedForBeyondTheLongestHold() throws IOException {
    service.offered = TestFleet.version("36.0");
    service.trialTakes = Duration.ofMinutes(20);
    switchOn();
    timer.pass(Duration.ofMinutes(21));
    assertThat(diary.lines).containsExactly("boot", "upgrade", "boot", "started 36");
    assertThat(diary.startedAt).isGreaterThanOrEqualTo(service.trialTakes);
  }

  @Test
  void fullStoreIsNamedAndTheApplicationStartsAtOnce() throws IOException {
    service.trouble = fullStore();
    List<String> steps = new ArrayList<>();
    new PoweredDevice(
            service, diary, timer, Pacing.DEFAULT, 7, (name, text) -> steps.add(name + " " + text))
        .switchOn();
    timer.pass(Pacing.DEFAULT.spread());
    assertThat(steps).anyMatch(s -> s.startsWith("full the agent's store is full: store needs"));
    assertThat(diary.lines).containsExactly("boot", "started 34");
    assertThat(diary.startedAt).isLessThan(HOLD);
    service.trouble = null;
    service.offered = TestFleet.version("36.0");
    timer.pass(Duration.ofHours(1));
    assertThat(diary.lines).endsWith("started 36");
  }

  private static IOException fullStore() throws IOException {
    FlashStore store =
        FlashStore.open(Flash.inMemory(FlashLayout.forSlots(1 << 20)).region(Region.COUNTER));
    try {
      store.put("a", new byte[5000]);
    } catch (FlashFullException e) {
      return e;
    }
    throw new AssertionError("it fits");
  }

  @Test
  void nothingStartsOnAnImageThatIsOnTrial() throws IOException {
    service.isOnTrial = true;
    service.callTakes = Duration.ofMinutes(1);
    switchOn();
    timer.pass(Duration.ofMinutes(2));
    assertThat(diary.lines).containsExactly("boot", "started 34");
    assertThat(diary.startedAt).isEqualTo(service.calls.get(0).plus(service.callTakes));
  }

  @Test
  void applicationIsAskedAndItsConsentIsTakenAtOnce() throws IOException {
    switchOn();
    timer.pass(HOLD);
    service.offered = TestFleet.version("36.0");
    timer.pass(POLL_AT_MOST);
    assertThat(diary.lines)
        .containsExactly(
            "boot", "started 34", "offered 36", "upgrade", "stopped", "boot", "started 36");
  }

  @Test
  void upgradeDeferredForAnHourIsOfferedAgainAfterAnHour() throws IOException {
    diary.answer = Consent.Defer.by(Duration.ofHours(1));
    switchOn();
    timer.pass(HOLD);
    service.offered = TestFleet.version("36.0");
    timer.pass(POLL_AT_MOST);
    assertThat(diary.lines).endsWith("offered 36");
    int lines = diary.lines.size();
    timer.pass(Duration.ofMinutes(40));
    // It polled, and the application was left in peace.
    assertThat(service.calls).hasSizeGreaterThan(3);
    assertThat(diary.lines).hasSize(lines);
    diary.answer = new Consent.Take();
    timer.pass(Duration.ofMinutes(20));
    assertThat(diary.lines).endsWith("offered 36", "upgrade", "stopped", "boot", "started 36");
  }

  @Test
  void upgradeDeferredUntilTheNextBootIsNotOfferedAgainBefore() throws IOException {
    diary.answer = Consent.Defer.untilNextBoot();
    switchOn();
    timer.pass(HOLD);
    service.offered = TestFleet.version("36.0");
    timer.pass(Duration.ofDays(7));
    assertThat(diary.lines).containsExactly("boot", "started 34", "offered 36");
    assertThat(service.calls).hasSizeGreaterThan(800);
  }

  @Test
  void newerUpgradeIsOfferedWhileAnotherIsDeferred() throws IOException {
    diary.answer = Consent.Defer.untilNextBoot();
    switchOn();
    timer.pass(HOLD);
    service.offered = TestFleet.version("36.0");
    timer.pass(POLL_AT_MOST);
    service.offered = TestFleet.version("38.0");
    timer.pass(POLL_AT_MOST);
    assertThat(diary.lines).containsExactly("boot", "started 34", "offered 36", "offered 38");
  }

  @Test
  void refusalLetsTheApplicationRun() throws IOException {
    service.refusal = new Refused(Reason.WRONG_HARDWARE, "made for other hardware");
    switchOn();
    timer.pass(HOLD);
    assertThat(diary.lines).containsExactly("boot", "started 34");
    timer.pass(POLL_AT_MOST);
    assertThat(service.calls).hasSize(2);
  }

  @Test
  void pollsComeWhenTheServiceWishesWithATenthOfJitter() throws IOException {
    switchOn();
    timer.pass(Duration.ofHours(10));
    for (int i = 1; i < service.calls.size(); i++) {
      assertThat(service.calls.get(i).minus(service.calls.get(i - 1)))
          .isBetween(POLL, POLL_AT_MOST);
    }
    assertThat(service.calls).hasSizeBetween(50, 61);
  }

  @Test
  void serviceThatSaysWhenToComeBackIsNotAskedBefore() throws IOException {
    Duration wish = Pacing.DEFAULT.longest().multipliedBy(3);
    service.trouble = new StatusException("/x", 503, "busy", Optional.of(wish));
    switchOn();
    timer.pass(wish);
    assertThat(service.calls).hasSize(1);
    timer.pass(Pacing.DEFAULT.hold().multipliedBy(3));
    assertThat(service.calls).hasSize(2);
    assertThat(service.calls.get(1)).isGreaterThanOrEqualTo(service.calls.get(0).plus(wish));
  }

  @Test
  void flashThatCannotBeUsedEndsTheDevice() throws IOException {
    service.trouble = new FlashFileException("flash holds no state");
    switchOn();
    timer.pass(HOLD);
    assertThat(device.end().toCompletableFuture()).isCompletedExceptionally();
    timer.pass(Duration.ofDays(1));
    assertThat(service.calls).hasSize(1);
    assertThat(diary.lines).containsExactly("boot");
  }

  @Test
  void deviceThatIsOffDoesNothing() throws IOException {
    switchOn();
    timer.pass(HOLD);
    assertThat(device.switchOff(SECOND)).isTrue();
    assertThat(device.end().toCompletableFuture()).isCompleted();
    assertThat(diary.lines).endsWith("stopped");
    int calls = service.calls.size();
    timer.pass(Duration.ofDays(1));
    assertThat(service.calls).hasSize(calls);
  }

  @Test
  void deferralOfNoTimeIsNone() {
    assertThatThrownBy(() -> Consent.Defer.by(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** 10,000 devices get their power back in one second; their service is back after ten minutes. */
  @Test
  void fleetThatGetsItsPowerBackSpreads() throws IOException {
    int devices = 10_000;
    int[] perSecond = new int[3600];
    int[] served = {0};
    Duration back = Duration.ofMinutes(10);
    for (int i = 0; i < devices; i++) {
      PoweredDevice one =
          new PoweredDevice(
              new Counted(perSecond, served, back),
              diary,
              timer,
              Pacing.DEFAULT,
              i,
              (name, text) -> {});
      one.switchOn();
    }
    timer.pass(Duration.ofMinutes(59));
    int first = 0;
    for (int s = 0; s < 9; s++) {
      first = Math.max(first, perSecond[s]);
    }
    int whenBack = 0;
    for (int s = 600; s < perSecond.length; s++) {
      whenBack = Math.max(whenBack, perSecond[s]);
    }
    // An eighth of them a second for the first time, and those that come again.
    assertThat(first).isLessThan(devices / 4);
    // By then they wait up to a quarter of an hour each: the service sees a few dozen a second.
    assertThat(whenBack).isLessThan(devices / 200);
    assertThat(served[0]).isGreaterThanOrEqualTo(devices);
    java.util.logging.Logger.getLogger(PoweredDeviceTests.class.getName())
        .info(
            "10,000 devices: at most "
                + first
                + " calls in a second after the power came, "
                + whenBack
                + " once the service was back");
  }

  /** A device of many, whose service is back at some time. */
  private final class Counted implements Machine {
    private final int[] perSecond;
    private final int[] served;
    private final Duration back;

    Counted(int[] perSecond, int[] served, Duration back) {
      this.perSecond = perSecond;
      this.served = served;
      this.back = back;
    }

    @Override
    public void boot() {}

    @Override
    public boolean isOnTrial() {
      return false;
    }

    @Override
    public ImageVersion running() {
      return TestFleet.version("34.0");
    }

    @Override
    public Cycle cycle(Occasions occasions) throws IOException {
      perSecond[(int) timer.now().toSeconds()]++;
      if (timer.now().compareTo(back) < 0) {
        throw new IOException("not yet");
      }
      served[0]++;
      return new Cycle(new UpToDate(running()), Optional.of(Duration.ofHours(2)));
    }
  }
}
