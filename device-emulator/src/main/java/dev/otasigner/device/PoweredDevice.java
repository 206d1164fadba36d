package dev.otasigner.device;

import dev.otasigner.device.Machine.Cycle;
import dev.otasigner.device.Machine.Occasions;
import dev.otasigner.device.agent.Consent;
import dev.otasigner.device.agent.Steps;
import dev.otasigner.device.agent.UpdateOutcome.Deferred;
import dev.otasigner.device.agent.UpdateOutcome.Installed;
import dev.otasigner.device.agent.UpdateOutcome.Refused;
import dev.otasigner.device.boot.UnbootableException;
import dev.otasigner.device.flash.FlashFileException;
import dev.otasigner.device.flash.FlashFullException;
import dev.otasigner.device.transport.Backoff;
import dev.otasigner.device.transport.StatusException;
import dev.otasigner.verifier.ImageVersion;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A device from a cold boot until it is switched off.
 *
 * <p>The application is held until the service has been asked; what is on offer is taken first,
 * with nobody's leave. Where no service answers the application starts after a while all the same,
 * and after a longer while also where one does: what it sends is then fetched beside it. From then
 * on every call may bring an offer, which is taken at once unless the application defers it. A
 * reset on the way to another build is a boot like the first.
 */
public final class PoweredDevice {
  private final Machine machine;
  private final Application application;
  private final Timer timer;
  private final Pacing pacing;
  private final Steps steps;
  private final Backoff backoff;
  private final SplittableRandom random;
  private final CompletableFuture<Void> end = new CompletableFuture<>();

  /** Held by whoever works on the machine. */
  private final ReentrantLock working = new ReentrantLock();

  // These are guarded by this.
  private boolean isOn;
  private boolean applicationRuns;
  private boolean holdIsOver;
  private boolean longestHoldIsOver;

  /** The device is between two builds: no time for the application, however long it waited. */
  private boolean isChanging;

  /** The service has been reached, or an image is on trial: no time for the application. */
  private boolean isBusy;

  private @Nullable Deferral deferral;

  /**
   * A wish for later.
   *
   * @param until by the timer; nothing is until the next boot
   */
  private record Deferral(ImageVersion version, Optional<Duration> until) {}

  /**
   * A device that is still off.
   *
   * @param seed the device's own: equal seeds give equal waits
   */
  public PoweredDevice(
      EmulatedDevice device, Application application, Timer timer, Pacing pacing, long seed) {
    this(device.machine(), application, timer, pacing, seed, device.steps());
  }

  PoweredDevice(
      Machine machine,
      Application application,
      Timer timer,
      Pacing pacing,
      long seed,
      Steps steps) {
    this.machine = machine;
    this.application = application;
    this.timer = timer;
    this.pacing = pacing;
    this.steps = steps;
    this.random = new SplittableRandom(seed);
    this.backoff = pacing.backoff(random.nextLong());
  }

  /**
   * Cold boot; returns as soon as an image runs.
   *
   * @throws IOException when none boots, or the flash cannot be used
   */
  public void switchOn() throws IOException {
    machine.boot();
    synchronized (this) {
      isOn = true;
      isBusy = machine.isOnTrial();
      isChanging = isBusy;
    }
    steps.step("hold", "the application waits for the service, " + seconds(pacing.hold()));
    timer.after(pacing.hold(), this::holdEnds);
    timer.after(pacing.longestHold(), this::longestHoldEnds);
    timer.after(upTo(pacing.spread()), this::call);
  }

  /** Ends by {@link #switchOff}, or badly when the flash cannot be used or no image boots. */
  public CompletionStage<Void> end() {
    return end;
  }

  /**
   * Switches the device off; what is under way may go on for so long, and is then left as it is.
   *
   * @return whether nothing of the device runs any more
   */
  public boolean switchOff(Duration patience) {
    synchronized (this) {
      isOn = false;
      stopApplication();
    }
    boolean isQuiet = false;
    try {
      isQuiet = working.tryLock(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (isQuiet) {
      working.unlock();
    }
    end.complete(null);
    return isQuiet;
  }

  private synchronized boolean isOn() {
    return isOn;
  }

  private void holdEnds() {
    boolean starts;
    synchronized (this) {
      holdIsOver = true;
      starts = !isBusy;
    }
    if (starts) {
      startApplication("no service was reached in " + seconds(pacing.hold()));
    }
  }

  private void longestHoldEnds() {
    boolean starts;
    synchronized (this) {
      longestHoldIsOver = true;
      starts = !isChanging;
    }
    if (starts) {
      startApplication("held for " + seconds(pacing.longestHold()) + ", which is the longest");
    }
  }

  private void call() {
    working.lock();
    try {
      if (isOn()) {
        Duration wait = work();
        timer.after(wait, this::call);
      }
    } catch (IOException | RuntimeException | Error e) {
      fail(e);
    } finally {
      working.unlock();
    }
  }

  /** Returns how long to wait for the next call. */
  private Duration work() throws IOException {
    try {
      return settle(machine.cycle(new Told()));
    } catch (UnbootableException | FlashFileException e) {
      throw e;
    } catch (IOException e) {
      Duration wait =
          backoff.failed(
              e instanceof StatusException status ? status.retryAfter() : Optional.empty());
      if (e instanceof FlashFullException) {
        // No network is at fault, and none will help: only what is taken out of the store.
        steps.step("full", "the agent's store is full: " + e.getMessage());
      }
      steps.step("wait", seconds(wait) + ": " + e.getMessage());
      boolean starts;
      synchronized (this) {
        isBusy = false;
        isChanging = false;
        // Holding it longer makes no room.
        holdIsOver |= e instanceof FlashFullException;
        starts = holdIsOver;
      }
      if (starts) {
        startApplication(
            e instanceof FlashFullException
                ? "the agent's store is full"
                : "the service is not reached");
      }
      return wait;
    }
  }

  private Duration settle(Cycle cycle) {
    if (cycle.outcome() instanceof Installed) {
      // Perhaps it was a bridge: what lies behind it comes before the application too.
      backoff.succeeded();
      boolean starts;
      synchronized (this) {
        isChanging = false;
        starts = longestHoldIsOver;
      }
      if (starts) {
        startApplication("it was held for the longest");
      }
      return Duration.ZERO;
    }
    synchronized (this) {
      isBusy = false;
      isChanging = false;
      holdIsOver = true;
    }
    if (cycle.outcome() instanceof Refused refused) {
      steps.step("refused", refused.reason().code() + ": " + refused.message());
    }
    startApplication("the service was asked");
    Duration told = cycle.next().orElse(pacing.poll());
    Duration wish = told.compareTo(pacing.shortest()) < 0 ? pacing.shortest() : told;
    Duration wait = backoff.succeeded(wish);
    if (cycle.outcome() instanceof Deferred deferred && deferred.time().isPresent()) {
      Duration left = deferred.time().get();
      wait = left.compareTo(wait) < 0 ? left : wait;
    }
    steps.step("wait", seconds(wait));
    return wait;
  }

  private void startApplication(String why) {
    try {
      ImageVersion running = machine.running();
      synchronized (this) {
        if (isOn && !applicationRuns) {
          applicationRuns = true;
          steps.step("start", "the application, on " + running + ": " + why);
          application.started(running);
        }
      }
    } catch (IOException | RuntimeException e) {
      fail(e);
    }
  }

  private synchronized void stopApplication() {
    if (applicationRuns) {
      applicationRuns = false;
      application.stopped();
    }
  }

  private void fail(Throwable e) {
    synchronized (this) {
      isOn = false;
      stopApplication();
    }
    end.completeExceptionally(e);
  }

  private Duration upTo(Duration bound) {
    return Duration.ofMillis(random.nextLong(bound.toMillis() + 1));
  }

  private static String seconds(Duration wait) {
    long tenths = wait.toMillis() / 100;
    return tenths / 10 + "." + tenths % 10 + " s";
  }

  /** What a cycle is told, and tells. */
  private final class Told implements Occasions {
    private @Nullable ImageVersion taken;

    @Override
    public void reached() {
      synchronized (PoweredDevice.this) {
        isBusy = true;
      }
    }

    @Override
    public void resetting() {
      synchronized (PoweredDevice.this) {
        isBusy = true;
        isChanging = true;
        deferral = null;
        stopApplication();
      }
    }

    @Override
    public Consent.Answer asked(ImageVersion offered) {
      synchronized (PoweredDevice.this) {
        if (!isOn) {
          return Consent.Defer.untilNextBoot();
        }
        return applicationRuns ? ask(offered) : new Consent.Take();
      }
    }

    private Consent.Answer ask(ImageVersion offered) {
      if (offered.equals(taken)) {
        return new Consent.Take();
      }
      Duration now = timer.now();
      Deferral wish = deferral;
      if (wish != null && wish.version().equals(offered)) {
        if (wish.until().isEmpty()) {
          return Consent.Defer.untilNextBoot();
        }
        Duration left = wish.until().get().minus(now);
        if (left.compareTo(Duration.ZERO) > 0) {
          return Consent.Defer.by(left);
        }
      }
      Consent.Answer answer = application.offered(offered);
      deferral =
          answer instanceof Consent.Defer later
              ? new Deferral(offered, later.time().map(now::plus))
              : null;
      taken = deferral == null ? offered : null;
      return answer;
    }
  }
}
