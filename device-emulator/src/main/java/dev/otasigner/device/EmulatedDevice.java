package dev.otasigner.device;

import dev.otasigner.device.agent.Consent;
import dev.otasigner.device.agent.DeviceClock;
import dev.otasigner.device.agent.OsFlash;
import dev.otasigner.device.agent.Steps;
import dev.otasigner.device.agent.Surroundings;
import dev.otasigner.device.agent.UpdateAgent;
import dev.otasigner.device.agent.UpdateOutcome;
import dev.otasigner.device.boot.BootReport;
import dev.otasigner.device.boot.BootSequence;
import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.transport.NetworkMemory;
import dev.otasigner.device.transport.Server;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.tuf.TufLimits;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A device under power: bootloader and update agent take turns until there is nothing to do. */
public final class EmulatedDevice {
  /** An upgrade needs three: into the trial, to make it final, and one for what was interrupted. */
  private static final int MAX_RESETS = 8;

  private static final int MAX_UPGRADES = 64;

  private final Flash flash;
  private final Surroundings around;

  /** With the limits by which the publisher's own client judges before it publishes. */
  public EmulatedDevice(Flash flash, DeviceClock clock, Server.Dialling dialling, Steps steps) {
    this(flash, clock, dialling, TufLimits.COMMON, steps);
  }

  public EmulatedDevice(
      Flash flash, DeviceClock clock, Server.Dialling dialling, TufLimits limits, Steps steps) {
    this.flash = flash;
    this.around = new Surroundings(clock, dialling, limits, Consent.AT_ONCE, steps);
  }

  /** What the device is, without switching it on. */
  public static DeviceState state(Flash flash) throws IOException {
    return OsFlash.of(flash).state();
  }

  /** What the build that runs demands of the next one. */
  public static Profile runningProfile(Flash flash) throws IOException {
    return OsFlash.of(flash).runningProfile();
  }

  /** The proxy that is set, and the route that worked last. */
  public static NetworkMemory network(Flash flash) throws IOException {
    return OsFlash.of(flash).store().network();
  }

  /** The newest checkpoint of the maker's audit log that the device has seen, a signed note. */
  public static Optional<byte[]> checkpoint(Flash flash) throws IOException {
    return OsFlash.of(flash).store().logNote();
  }

  /** When and why the device refused a newer one, if it did. */
  public static Optional<String> checkpointRefused(Flash flash) throws IOException {
    return OsFlash.of(flash).store().logRefused();
  }

  /**
   * Switches the device on for one update cycle.
   *
   * @throws IOException when the service is not reached, or no image boots
   */
  public UpdateOutcome update() throws IOException {
    Body body = new Body();
    body.boot();
    return body.cycle(around).outcome();
  }

  /** Update cycles until there is nothing left to take, or something is refused. */
  public UpdateOutcome updateUntilIdle() throws IOException {
    for (int i = 0; i < MAX_UPGRADES; i++) {
      UpdateOutcome outcome = update();
      if (!(outcome instanceof UpdateOutcome.Installed)) {
        return outcome;
      }
    }
    throw new IOException("the device took " + MAX_UPGRADES + " upgrades and was offered more");
  }

  Machine machine() {
    return new Body();
  }

  Steps steps() {
    return around.steps();
  }

  /** From one switch-on on. */
  private final class Body implements Machine {
    private @Nullable BootReport report;

    @Override
    public void boot() throws IOException {
      BootReport fresh = BootSequence.reset(flash);
      String version = fresh.version().map(Object::toString).orElse("an opaque image");
      around.steps().step("boot", version + (fresh.isTrial() ? ", on trial" : ""));
      report = fresh;
    }

    private BootReport report() {
      BootReport latest = report;
      if (latest == null) {
        throw new IllegalStateException("the device is off");
      }
      return latest;
    }

    @Override
    public boolean isOnTrial() {
      return report().isTrial();
    }

    @Override
    public ImageVersion running() throws IOException {
      return state(flash).running().version();
    }

    @Override
    public Cycle cycle(Occasions occasions) throws IOException {
      Server.Dialling noticed = new ReachedServer.Dialling(around.dialling(), occasions::reached);
      Surroundings asking =
          new Surroundings(around.clock(), noticed, around.limits(), occasions, around.steps());
      return cycle(asking, occasions::resetting);
    }

    private Cycle cycle(Surroundings surroundings) throws IOException {
      return cycle(surroundings, () -> {});
    }

    private Cycle cycle(Surroundings surroundings, Runnable resetting) throws IOException {
      for (int resets = 0; resets < MAX_RESETS; resets++) {
        UpdateAgent agent = new UpdateAgent(OsFlash.of(flash), report(), surroundings);
        if (agent.run() instanceof UpdateAgent.Done done) {
          return new Cycle(done.outcome(), done.next());
        }
        resetting.run();
        boot();
      }
      throw new IOException("the device was reset " + MAX_RESETS + " times in one cycle");
    }
  }
}
