package dev.otasigner.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.device.agent.UpdateOutcome;
import dev.otasigner.device.agent.UpdateOutcome.Refused;
import dev.otasigner.device.boot.BootSequence;
import dev.otasigner.device.boot.Mailbox;
import dev.otasigner.device.flash.FlashLayout;
import dev.otasigner.device.flash.FlashLayout.Region;
import dev.otasigner.device.flash.FlashRegion;
import dev.otasigner.device.flash.PowerSupply;
import dev.otasigner.device.testing.TestDevice;
import dev.otasigner.device.transport.Server;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestFleet;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/**
 * The same for what changes more than the image: bootloader, profile and certificate, lineage, all
 * at once, and back again.
 */
class PowerCutChangeTests {
  private static final FlashLayout UNEVEN = CutUpgrade.uneven(8, 0);
  private static long total;

  @AfterAll
  static void sum() {
    Logger.getLogger(PowerCutChangeTests.class.getName())
        .info(() -> "changes: " + total + " power cuts in all");
  }

  private static void require(long atLeast, long cuts) {
    total += cuts;
    assertThat(cuts).isGreaterThanOrEqualTo(atLeast);
  }

  /** Everything at once. */
  private static final class Bridge extends CutUpgrade {
    Bridge(FlashLayout layout) {
      super(layout);
    }

    @Override
    Made next() {
      return bridge();
    }

    @Override
    void requireChanged(DeviceState state, String cut) {
      assertThat(state.bootloader().id()).as(cut).isEqualTo("boot-2");
      assertThat(state.lineage()).as(cut).isEqualTo("second");
      assertThat(state.clientCert().keyType()).as(cut).isEqualTo(ClientKeyType.P_384);
    }
  }

  /** Nothing but the bootloader and its anchors. */
  private static final class OtherBootloader extends CutUpgrade {
    OtherBootloader(FlashLayout layout) {
      super(layout);
    }

    @Override
    Made next() {
      return build("34.0")
          .counter(6)
          .image("main", TestFleet.OLD_IMAGE_KEY, NEW_IMAGE)
          .brings(TestFleet.bootloader("boot-2", NEW_IMAGE.bootAnchor()), TestFleet.OLD_IMAGE_KEY)
          .make();
    }

    @Override
    void requireChanged(DeviceState state, String cut) {
      assertThat(state.bootloader().id()).as(cut).isEqualTo("boot-2");
      assertThat(state.bootloader().anchors()).as(cut).containsExactly(NEW_IMAGE.bootAnchor());
      assertThat(state.clientCert().keyType()).as(cut).isEqualTo(ClientKeyType.RSA_2048);
    }
  }

  /** Nothing but the profile: other manifest keys, and another kind of client key. */
  private static final class OtherProfile extends CutUpgrade {
    OtherProfile(FlashLayout layout) {
      super(layout);
    }

    @Override
    Made next() {
      return build("34.0")
          .counter(6)
          .profile(newProfile().lineage("first").root(service.root("first")))
          .make();
    }

    @Override
    void requireChanged(DeviceState state, String cut) {
      assertThat(state.bootloader().id()).as(cut).isEqualTo("boot-1");
      assertThat(state.running().profile()).as(cut).isEqualTo(next.profile().digest());
      assertThat(state.clientCert().keyType()).as(cut).isEqualTo(ClientKeyType.P_384);
    }
  }

  /** Under its new profile the build reaches no server, so it never confirms itself. */
  private static class Revert extends CutUpgrade {
    Revert(FlashLayout layout) {
      super(layout);
    }

    @Override
    Made next() {
      return bridge();
    }

    @Override
    Server.Dialling dialling() {
      return (profile, identity, now, runs) -> {
        service.failAfter(profile.servers().contains(NEW_SERVER) ? 0 : Integer.MAX_VALUE);
        return service.dialling().under(profile, identity, now, runs);
      };
    }

    @Override
    public void requireSound(TestDevice device, String cut) throws IOException {
      super.requireSound(device, cut);
      assertThat(device.state().securityCounter()).as(cut).isEqualTo(TestFleet.FACTORY_COUNTER);
    }

    @Override
    public void requireEnd(TestDevice device, String cut) throws IOException {
      device.update(dialling());
      DeviceState state = device.state();
      assertThat(state.running().version()).as(cut).isEqualTo(TestFleet.FACTORY_VERSION);
      assertThat(state.securityCounter()).as(cut).isEqualTo(TestFleet.FACTORY_COUNTER);
      assertThat(state.bootloader()).as(cut).isEqualTo(TestFleet.factoryBootloader());
      assertThat(state.lineage()).as(cut).isEqualTo("first");
      // Once the new profile's server is there, the same build is taken.
      service.failAfter(Integer.MAX_VALUE);
      requireTaken(device, cut);
    }

    void requireTaken(TestDevice device, String cut) throws IOException {
      super.requireEnd(device, cut);
    }

    @Override
    void requireChanged(DeviceState state, String cut) {
      assertThat(state.bootloader().id()).as(cut).isEqualTo("boot-2");
    }
  }

  /** With two cuts it may have been reverted for the third time, and is left alone then. */
  private static final class RevertTwiceCut extends Revert {
    RevertTwiceCut(FlashLayout layout) {
      super(layout);
    }

    @Override
    void requireTaken(TestDevice device, String cut) throws IOException {
      TestDevice copy = device.copy(PowerSupply.MAINS);
      UpdateOutcome outcome = copy.update(service.dialling());
      boolean isLeftAlone = copy.steps().stream().anyMatch(s -> s.contains("leaves 36.14"));
      if (isLeftAlone) {
        assertThat(outcome).as(cut).isInstanceOf(Refused.class);
      } else {
        super.requireTaken(device, cut);
      }
    }
  }

  /** A component for a bootloader that can never change. */
  private static class FixedBootloader extends CutUpgrade {
    FixedBootloader(FlashLayout layout) {
      super(layout, TestFleet.fixed(TestFleet.factoryBootloader()));
    }

    @Override
    Made next() {
      return bridge();
    }

    @Override
    public void requireEnd(TestDevice device, String cut) throws IOException {
      UpdateOutcome outcome = device.update(service.dialling());
      assertThat(outcome).as(cut).isInstanceOf(Refused.class);
      assertThat(((Refused) outcome).reason()).as(cut).isEqualTo(Reason.BOOTLOADER_FIXED);
      requireAsItWas(device, cut);
    }

    void requireAsItWas(TestDevice device, String cut) throws IOException {
      DeviceState state = device.state();
      assertThat(state.running().version()).as(cut).isEqualTo(TestFleet.FACTORY_VERSION);
      assertThat(state.bootloader())
          .as(cut)
          .isEqualTo(TestFleet.fixed(TestFleet.factoryBootloader()));
      assertThat(state.securityCounter()).as(cut).isEqualTo(TestFleet.FACTORY_COUNTER);
    }
  }

  /** The same, asked for by an operating system that is in other hands. */
  private static final class FixedBootloaderAsked extends FixedBootloader {
    FixedBootloaderAsked(FlashLayout layout) {
      super(layout);
      try {
        byte[] image = next.image("main");
        FlashRegion secondary = fresh().flash().region(Region.SECONDARY);
        int align = secondary.writeAlignBytes();
        byte[] aligned = Arrays.copyOf(image, (image.length + align - 1) / align * align);
        Arrays.fill(aligned, image.length, aligned.length, secondary.erased());
        secondary.write(0, aligned);
        Mailbox.open(fresh().flash().region(Region.MAILBOX))
            .request(new Mailbox.Request(1, image.length, next.component().map(Bytes::copyOf)));
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }

    @Override
    public void run(TestDevice device) throws IOException {
      BootSequence.reset(device.flash());
    }

    @Override
    public void requireEnd(TestDevice device, String cut) throws IOException {
      assertThat(BootSequence.reset(device.flash()).status().outcome().flatMap(o -> o.reason()))
          .as(cut)
          .isEqualTo(Optional.of(Reason.BOOTLOADER_FIXED));
      requireAsItWas(device, cut);
    }
  }

  @Test
  void everyOperationOfABridge() {
    require(580, PowerCuts.everyOperation("bridge", () -> new Bridge(TestDevice.LAYOUT)));
    require(575, PowerCuts.everyOperation("bridge, uneven chip", () -> new Bridge(UNEVEN)));
  }

  @Test
  void everyOperationOfABootloaderChange() {
    require(
        510, PowerCuts.everyOperation("bootloader", () -> new OtherBootloader(TestDevice.LAYOUT)));
  }

  @Test
  void everyOperationOfAProfileChangeWithItsRenewal() {
    require(530, PowerCuts.everyOperation("profile", () -> new OtherProfile(TestDevice.LAYOUT)));
  }

  @Test
  void everyOperationOfARevert() {
    require(800, PowerCuts.everyOperation("revert", () -> new Revert(TestDevice.LAYOUT)));
    require(725, PowerCuts.everyOperation("revert, uneven chip", () -> new Revert(UNEVEN)));
  }

  @Test
  void fixedBootloaderNeverChangesWhateverIsCut() {
    require(10, PowerCuts.everyOperation("fixed", () -> new FixedBootloader(TestDevice.LAYOUT)));
    require(
        10,
        PowerCuts.everyOperation(
            "fixed, asked", () -> new FixedBootloaderAsked(TestDevice.LAYOUT)));
  }

  @Test
  void everyOperationAndOneMoreInItsRecovery() {
    require(350, PowerCuts.withinRecoveries("bridge", 2, () -> new Bridge(UNEVEN)));
    require(430, PowerCuts.withinRecoveries("revert", 2, () -> new RevertTwiceCut(UNEVEN)));
  }

  @Test
  void manyCutsInOneBridge() {
    require(200, PowerCuts.flickering("bridge", 40, () -> new Bridge(TestDevice.LAYOUT)));
  }
}
