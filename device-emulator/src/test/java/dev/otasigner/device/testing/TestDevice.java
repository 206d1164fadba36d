package dev.otasigner.device.testing;

import dev.otasigner.device.EmulatedDevice;
import dev.otasigner.device.agent.AgentStore;
import dev.otasigner.device.agent.DeviceClock;
import dev.otasigner.device.agent.UpdateOutcome;
import dev.otasigner.device.boot.BootMemory;
import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.flash.FlashLayout;
import dev.otasigner.device.flash.FlashLayout.Region;
import dev.otasigner.device.flash.FlashRegion;
import dev.otasigner.device.flash.PowerSupply;
import dev.otasigner.device.transport.ClientIdentity;
import dev.otasigner.device.transport.Server;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestFleet;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A device whose flash is in memory, as it left the factory. */
public final class TestDevice {
  /** Small sectors, so that a small image has many. */
  public static final FlashLayout LAYOUT =
      FlashLayout.of(8, (byte) 0xff, TestFleet.SLOT_BYTES, 1024);

  private final Flash flash;
  private final List<String> steps = new ArrayList<>();
  private Instant now = TestService.NOW;

  private TestDevice(Flash flash) {
    this.flash = flash;
  }

  /** A device with this bootloader at this build, which follows the build's own lineage. */
  public static TestDevice at(
      FlashLayout layout,
      Bootloader bootloader,
      ClockClass clock,
      Made factory,
      byte[] root,
      ClientIdentity identity) {
    Flash flash = Flash.inMemory(layout);
    try {
      byte[] image = factory.images().values().iterator().next();
      FlashRegion primary = flash.region(Region.PRIMARY);
      int align = layout.writeAlignBytes();
      byte[] aligned = Arrays.copyOf(image, (image.length + align - 1) / align * align);
      Arrays.fill(aligned, image.length, aligned.length, layout.erased());
      primary.write(0, aligned);
      BootMemory.open(flash.region(Region.BOOTLOADER), flash.region(Region.COUNTER))
          .provision(bootloader, factory.manifest().securityCounter(), image.length);
      DeviceState state =
          withClock(factory.installedOn(TestFleet.device(bootloader, factory.profile())), clock);
      AgentStore.open(flash.region(Region.AGENT))
          .provision(
              state,
              factory.envelope().toByteArray(),
              factory.profile().bytes().toByteArray(),
              root,
              identity);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return new TestDevice(flash);
  }

  private static DeviceState withClock(DeviceState s, ClockClass clock) {
    return new DeviceState(
        s.deviceId(),
        s.product(),
        s.hardware(),
        s.channel(),
        new DeviceState.Clock(clock, s.clock().floor()),
        s.bootloader(),
        s.running(),
        s.components(),
        s.securityCounter(),
        s.lineage(),
        s.rootVersion(),
        s.clientCert());
  }

  /** The same device, cell by cell, on another power supply. */
  public TestDevice copy(PowerSupply power) {
    TestDevice copy = new TestDevice(flash.copy(power));
    copy.now = now;
    return copy;
  }

  /** The same flash on another power supply. */
  public TestDevice on(PowerSupply power) {
    TestDevice same = new TestDevice(flash.on(power));
    same.now = now;
    return same;
  }

  public Flash flash() {
    return flash;
  }

  public TestDevice clock(Instant time) {
    now = time;
    return this;
  }

  public DeviceState state() throws IOException {
    return EmulatedDevice.state(flash);
  }

  public List<String> steps() {
    return steps;
  }

  public EmulatedDevice poweredOn(Server.Dialling dialling) {
    return new EmulatedDevice(
        flash,
        new DeviceClock(Clock.fixed(now, ZoneOffset.UTC)),
        dialling,
        (name, text) -> steps.add(name + " " + text));
  }

  public UpdateOutcome update(Server.Dialling dialling) throws IOException {
    return poweredOn(dialling).update();
  }
}
