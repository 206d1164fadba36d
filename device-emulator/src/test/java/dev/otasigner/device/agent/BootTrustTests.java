package dev.otasigner.device.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.boot.BootMemory;
import dev.otasigner.device.boot.BootReport;
import dev.otasigner.device.boot.BootSequence;
import dev.otasigner.device.boot.BootStatus.Result;
import dev.otasigner.device.boot.Mailbox;
import dev.otasigner.device.flash.FlashLayout.Region;
import dev.otasigner.device.flash.FlashRegion;
import dev.otasigner.device.testing.TestDevice;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.testing.TestKey;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * An operating system in other hands has what {@link OsFlash} gives it, and tries all of it. What
 * the bootloader trusts it does not change: that takes a component which the bootloader verified.
 */
class BootTrustTests extends UpdateBench {
  private static final TestKey OTHER = TestKey.of(SignatureSuite.ED25519, "other");
  private static final Bootloader BROUGHT = TestFleet.bootloader("boot-2", OTHER.bootAnchor());

  private final TestDevice device = device();

  @ParameterizedTest
  @EnumSource(names = {"BOOTLOADER", "COUNTER", "PRIMARY", "SCRATCH"})
  void lockedRegionTakesNoWriteAndNoErasure(Region region) throws IOException {
    FlashRegion locked = OsFlash.region(device.flash(), region);
    byte[] before = locked.read(0, locked.sectorBytes());
    byte[] unit = new byte[locked.writeAlignBytes()];
    for (int sector = 0; sector < locked.sectorCount(); sector++) {
      int each = sector;
      List<ThrowingCallable> tries =
          List.of(
              () -> locked.write((long) each * locked.sectorBytes(), unit),
              () -> locked.erase(each));
      for (ThrowingCallable attempt : tries) {
        assertThatThrownBy(attempt)
            .isInstanceOf(IllegalStateException.class)
            .hasMessageEndingWith("is locked until the next reset");
      }
    }
    assertThat(locked.read(0, locked.sectorBytes())).isEqualTo(before);
  }

  @Test
  void systemGetsBootTrustToReadOnly() throws IOException {
    BootMemory memory = OsFlash.of(device.flash()).bootMemory();
    assertThatThrownBy(() -> memory.provision(BROUGHT, 99, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("locked");
    assertThat(OsFlash.of(device.flash()).state().bootloader())
        .isEqualTo(TestFleet.factoryBootloader());
    assertThat(memory.counter()).isEqualTo(TestFleet.FACTORY_COUNTER);
  }

  /** Its own store says another bootloader and a higher counter: nobody asks it. */
  @Test
  void whatTheSystemWritesDownOfBootTrustIsNotBelieved() throws IOException {
    OsFlash system = OsFlash.of(device.flash());
    DeviceState state = system.store().state();
    system
        .store()
        .saveState(
            new DeviceState(
                state.deviceId(),
                state.product(),
                state.hardware(),
                state.channel(),
                state.clock(),
                BROUGHT,
                state.running(),
                state.components(),
                99,
                state.lineage(),
                state.rootVersion(),
                state.clientCert()));
    assertThat(device.state().bootloader()).isEqualTo(TestFleet.factoryBootloader());
    assertThat(device.state().securityCounter()).isEqualTo(TestFleet.FACTORY_COUNTER);
  }

  /** Everything the system can ask for, with a component that somebody else signed. */
  @Test
  void componentThatTheBootloaderDidNotVerifyChangesNoAnchor() throws IOException {
    Made foreign =
        build("34.0").image("main", TestFleet.OLD_IMAGE_KEY, OTHER).brings(BROUGHT, OTHER).make();
    List<Optional<Bytes>> components = new ArrayList<>();
    components.add(foreign.component().map(Bytes::copyOf));
    components.add(Optional.of(Bytes.copyOf(BROUGHT.toJson().canonicalBytes())));
    components.add(Optional.of(Bytes.copyOf(new byte[4096])));
    byte[] image = foreign.image("main");
    fill(image);
    long attempt = 0;
    for (Optional<Bytes> component : components) {
      attempt++;
      mailbox().request(new Mailbox.Request(attempt, image.length, component));
      // Confirmed before it was ever booted, for this attempt and for the next.
      mailbox().confirm(attempt);
      BootReport report = BootSequence.reset(device.flash());
      assertThat(report.outcomeOf(attempt).orElseThrow().result()).isEqualTo(Result.REFUSED);
      assertThat(report.outcomeOf(attempt).orElseThrow().reason())
          .hasValue(Reason.BOOTLOADER_COMPONENT);
      assertThat(device.state().bootloader()).isEqualTo(TestFleet.factoryBootloader());
    }
  }

  /** The one way in, and only once the image has confirmed itself. */
  @Test
  void componentThatTheBootloaderVerifiedChangesTheAnchors() throws IOException {
    Made next =
        build("34.0")
            .image("main", TestFleet.OLD_IMAGE_KEY, OTHER)
            .brings(BROUGHT, TestFleet.OLD_IMAGE_KEY)
            .make();
    byte[] image = next.image("main");
    fill(image);
    mailbox().request(new Mailbox.Request(1, image.length, next.component().map(Bytes::copyOf)));
    assertThat(BootSequence.reset(device.flash()).isTrial()).isTrue();
    assertThat(device.state().bootloader().id()).isEqualTo("boot-1");
    mailbox().confirm(1);
    BootSequence.reset(device.flash());
    assertThat(device.state().bootloader().anchors()).containsExactly(OTHER.bootAnchor());
  }

  @Test
  void secondarySlotThatIsNotAnImageIsNeverBooted() throws IOException {
    byte[] garbage = new byte[2048];
    Arrays.fill(garbage, (byte) 0x5a);
    fill(garbage);
    long[] lengths = {2048, 0, -1, 1, Long.MAX_VALUE};
    for (int i = 0; i < lengths.length; i++) {
      mailbox().request(new Mailbox.Request(i + 1L, lengths[i], Optional.empty()));
      BootReport report = BootSequence.reset(device.flash());
      assertThat(report.outcomeOf(i + 1L).orElseThrow().result()).isEqualTo(Result.REFUSED);
      assertThat(report.version()).hasValue(TestFleet.FACTORY_VERSION);
    }
  }

  private Mailbox mailbox() throws IOException {
    return OsFlash.of(device.flash()).mailbox();
  }

  private void fill(byte[] content) throws IOException {
    FlashRegion secondary = OsFlash.of(device.flash()).secondary();
    int align = secondary.writeAlignBytes();
    byte[] aligned = Arrays.copyOf(content, (content.length + align - 1) / align * align);
    Arrays.fill(aligned, content.length, aligned.length, secondary.erased());
    secondary.write(0, aligned);
  }
}
