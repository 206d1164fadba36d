package dev.otasigner.device.lab;

import dev.otasigner.device.EmulatedDevice;
import dev.otasigner.device.agent.DeviceClock;
import dev.otasigner.device.agent.UpdateOutcome;
import dev.otasigner.device.enrol.Credential;
import dev.otasigner.device.enrol.FactoryLine;
import dev.otasigner.device.enrol.NewDevice;
import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.flash.PowerCutException;
import dev.otasigner.device.flash.PowerSupply;
import dev.otasigner.device.transport.Route;
import dev.otasigner.device.transport.Server;
import dev.otasigner.device.transport.Timeouts;
import dev.otasigner.device.transport.TlsDialer;
import dev.otasigner.device.transport.TlsDialling;
import dev.otasigner.device.transport.TlsPolicy;
import dev.otasigner.device.transport.Uplink;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.tuf.TufLimits;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A device for a test: enrolled at a service, off until the test switches it on, its flash in
 * memory.
 *
 * <p>{@link #update} is one time under power. Whatever the test does in between, the device knows
 * nothing but what is in its flash: a power cut leaves it as a real one would be left. Not for
 * several threads at once; {@link #copy copies} are independent of each other.
 */
public final class LabDevice {
  private final Flash flash;
  private final Server.Dialling dialling;
  private final List<String> steps = new ArrayList<>();
  private Clock clock;
  private long operations;
  private long cutAt;
  private PowerSupply.Power cutHow = PowerSupply.Power.CUT_AFTER;

  private LabDevice(Flash flash, Server.Dialling dialling, Clock clock) {
    this.flash = flash;
    this.dialling = dialling;
    this.clock = clock;
  }

  /**
   * Makes a device and enrols it: the factory build is fetched, checked and written, a key made and
   * certified.
   *
   * @param host of the service's enrolment listener
   * @param port of the same
   * @param serverAnchor SHA-256 of the SPKI of the authority behind it
   * @param credential a one-time secret or a factory's certificate
   * @param clock the device's own
   * @param ports dialled where the profile names others; empty for none
   * @throws IOException when the service is not reached, or turns the device down ({@link
   *     dev.otasigner.device.transport.StatusException})
   * @throws RejectedException when the factory build is none that the device would boot
   */
  public static LabDevice enrol(
      String host,
      int port,
      Digest serverAnchor,
      NewDevice device,
      Credential credential,
      Clock clock,
      Map<Integer, Integer> ports)
      throws IOException, RejectedException {
    TlsDialer dialer =
        new TlsDialer(
            TlsPolicy.ofFactory(serverAnchor),
            Optional.empty(),
            clock.instant(),
            true,
            Timeouts.DEFAULT);
    try (Uplink uplink = new Uplink(List.of(new Route(host, port)), dialer, Timeouts.DEFAULT)) {
      Flash flash =
          FactoryLine.open(uplink, device).make(uplink, device, credential, Optional.empty());
      return new LabDevice(flash, new TlsDialling(ports, Timeouts.DEFAULT), clock);
    }
  }

  /**
   * A device in this flash, which dials as the test says: with faults in between, or to no network
   * at all.
   *
   * @param flash of an enrolled device; in memory if it shall be copied
   */
  public static LabDevice in(Flash flash, Server.Dialling dialling, Clock clock) {
    return new LabDevice(flash, dialling, clock);
  }

  /**
   * Switches the device on for one update cycle: it takes at most one build, and resets as often as
   * that needs.
   *
   * @return installed, up to date, or refused with the reason and what was expected
   * @throws IOException when the service is not reached; what has arrived stays in flash
   * @throws PowerCutException when {@link #cutPower} came true; the device is off, and the next
   *     update starts it again
   */
  public UpdateOutcome update() throws IOException {
    return poweredOn().update();
  }

  /**
   * Update cycles until nothing is left to take, or something is refused: over bridges to what lies
   * behind them.
   *
   * @throws IOException as {@link #update}
   */
  public UpdateOutcome updateUntilIdle() throws IOException {
    return poweredOn().updateUntilIdle();
  }

  private EmulatedDevice poweredOn() {
    steps.clear();
    operations = 0;
    return new EmulatedDevice(
        flash.on(this::power),
        new DeviceClock(clock),
        dialling,
        TufLimits.COMMON,
        (name, text) -> steps.add(name + " " + text));
  }

  private PowerSupply.Power power() {
    operations++;
    if (operations != cutAt) {
      return PowerSupply.Power.STEADY;
    }
    cutAt = 0;
    return cutHow;
  }

  /**
   * The power fails at this flash operation of the next update, once. Looping from 1 to {@link
   * #operations} of an update that went well meets every moment at which a device can be cut off.
   *
   * @param operation an erasure or a write, the first is 1; an update with fewer is not cut
   * @param how before, during or after it
   */
  public void cutPower(long operation, PowerSupply.Power how) {
    if (operation < 1 || how == PowerSupply.Power.STEADY) {
      throw new IllegalArgumentException(
          "operations are counted from 1, and a cut is no steadiness");
    }
    cutAt = operation;
    cutHow = how;
  }

  /** How many erasures and writes of flash the latest update made. */
  public long operations() {
    return operations;
  }

  /** What the device takes for the time from now on, unless its floor is later. */
  public void setClock(Clock now) {
    clock = now;
  }

  /**
   * The same device once more, cell by cell and with the same key: what one of them does next, the
   * other does not know. At the service they are one device.
   *
   * @throws IllegalStateException unless the flash is in memory
   */
  public LabDevice copy() {
    return new LabDevice(flash.copy(PowerSupply.MAINS), dialling, clock);
  }

  /** All that the judgement of the next build depends on, read from flash. */
  public DeviceState state() throws IOException {
    return EmulatedDevice.state(flash);
  }

  /** The build that runs, confirmed. */
  public ImageVersion version() throws IOException {
    return state().running().version();
  }

  /** What the device did when it was last on, a step a line: its name, and a sentence. */
  public List<String> steps() {
    return List.copyOf(steps);
  }
}
