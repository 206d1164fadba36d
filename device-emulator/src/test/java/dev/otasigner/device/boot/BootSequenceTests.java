package dev.otasigner.device.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.agent.OsFlash;
import dev.otasigner.device.boot.BootStatus.Outcome;
import dev.otasigner.device.boot.BootStatus.Result;
import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.flash.FlashLayout.Region;
import dev.otasigner.device.flash.FlashRegion;
import dev.otasigner.device.testing.TestDevice;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestBuild;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.testing.TestKey;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The bootloader trusts nobody: here an operating system asks it for everything. */
class BootSequenceTests {
  private static final TestKey NEW_KEY = TestKey.of(SignatureSuite.ED25519, "new-image");
  private static final TestKey STRANGER =
      TestKey.of(SignatureSuite.RSA_PSS_2048_SHA256, "stranger");
  private static final Bootloader NEXT = TestFleet.bootloader("boot-2", NEW_KEY.bootAnchor());

  private final Flash flash = Flash.inMemory(TestDevice.LAYOUT);

  @BeforeEach
  void factory() throws IOException {
    provision(TestFleet.factoryBootloader());
  }

  private void provision(Bootloader bootloader) throws IOException {
    byte[] image = TestBuild.of("33.0").make().image("main");
    write(Region.PRIMARY, image);
    BootMemory.open(flash.region(Region.BOOTLOADER), flash.region(Region.COUNTER))
        .provision(bootloader, TestFleet.FACTORY_COUNTER, image.length);
  }

  private void write(Region slot, byte[] image) throws IOException {
    FlashRegion region = flash.region(slot);
    for (int sector = 0; sector < region.sectorCount(); sector++) {
      region.eraseIfUsed(sector);
    }
    byte[] aligned = Arrays.copyOf(image, (image.length + 7) / 8 * 8);
    Arrays.fill(aligned, image.length, aligned.length, (byte) 0xff);
    region.write(0, aligned);
  }

  private BootMemory memory() throws IOException {
    return BootMemory.open(flash.region(Region.BOOTLOADER), flash.region(Region.COUNTER));
  }

  private Mailbox mailbox() throws IOException {
    return Mailbox.open(flash.region(Region.MAILBOX));
  }

  private BootReport request(long attempt, byte[] image, Optional<byte[]> component)
      throws IOException {
    write(Region.SECONDARY, image);
    mailbox().request(new Mailbox.Request(attempt, image.length, component.map(Bytes::copyOf)));
    return BootSequence.reset(flash);
  }

  private void assertRefused(BootReport report, long attempt, Reason reason) {
    Outcome outcome = report.outcomeOf(attempt).orElseThrow();
    assertThat(outcome.result()).isEqualTo(Result.REFUSED);
    assertThat(outcome.reason()).as(outcome.detail()).hasValue(reason);
    assertThat(report.version()).hasValue(TestFleet.FACTORY_VERSION);
    assertThat(report.isTrial()).isFalse();
  }

  private static TestBuild bridge() {
    return TestBuild.of("34.0")
        .image("main", TestFleet.OLD_IMAGE_KEY, NEW_KEY)
        .brings(NEXT, TestFleet.OLD_IMAGE_KEY);
  }

  @Test
  void factoryImageBoots() throws IOException {
    assertThat(BootSequence.reset(flash).version()).hasValue(TestFleet.FACTORY_VERSION);
  }

  @Test
  void newImageRunsOnTrialThenStaysOnceConfirmed() throws IOException {
    BootReport trial =
        request(1, TestBuild.of("34.0").counter(8).make().image("main"), Optional.empty());
    assertThat(trial.isTrial()).isTrue();
    assertThat(trial.version()).hasValue(TestFleet.version("34.0"));
    assertThat(memory().counter()).isEqualTo(TestFleet.FACTORY_COUNTER);
    mailbox().confirm(1);
    assertThat(memory().counter()).isEqualTo(TestFleet.FACTORY_COUNTER);
    BootReport steady = BootSequence.reset(flash);
    assertThat(steady.isTrial()).isFalse();
    assertThat(steady.outcomeOf(1)).map(Outcome::result).hasValue(Result.CONFIRMED);
    assertThat(memory().counter()).isEqualTo(8);
    assertThat(BootSequence.reset(flash).version()).hasValue(TestFleet.version("34.0"));
  }

  @Test
  void unconfirmedImageIsRevertedAtTheNextReset() throws IOException {
    request(1, TestBuild.of("34.0").counter(8).make().image("main"), Optional.empty());
    BootReport reverted = BootSequence.reset(flash);
    assertThat(reverted.version()).hasValue(TestFleet.FACTORY_VERSION);
    assertThat(reverted.outcomeOf(1)).map(Outcome::result).hasValue(Result.REVERTED);
    assertThat(memory().counter()).isEqualTo(TestFleet.FACTORY_COUNTER);
  }

  @Test
  void confirmationOfAnotherAttemptDoesNotCount() throws IOException {
    mailbox().confirm(7);
    request(1, TestBuild.of("34.0").make().image("main"), Optional.empty());
    mailbox().confirm(2);
    assertThat(BootSequence.reset(flash).version()).hasValue(TestFleet.FACTORY_VERSION);
  }

  @Test
  void requestIsTakenUpOnce() throws IOException {
    request(1, TestBuild.of("34.0").make().image("main"), Optional.empty());
    BootSequence.reset(flash);
    assertThat(BootSequence.reset(flash).isTrial()).isFalse();
    assertThat(BootSequence.reset(flash).version()).hasValue(TestFleet.FACTORY_VERSION);
  }

  @Test
  void imageByAnUnknownKeyIsNeverSwapped() throws IOException {
    byte[] image = TestBuild.of("34.0").image("main", STRANGER).make().image("main");
    assertRefused(request(1, image, Optional.empty()), 1, Reason.IMAGE_KEY_UNKNOWN);
  }

  @Test
  void imageWithAnOlderCounterIsNeverSwapped() throws IOException {
    byte[] image = TestBuild.of("34.0").counter(4).make().image("main");
    assertRefused(request(1, image, Optional.empty()), 1, Reason.SECURITY_COUNTER_TOO_LOW);
  }

  @Test
  void halfAnImageIsNeverSwapped() throws IOException {
    byte[] image = TestBuild.of("34.0").make().image("main");
    BootReport report = request(1, Arrays.copyOf(image, 3000), Optional.empty());
    assertThat(report.outcomeOf(1)).map(Outcome::result).hasValue(Result.REFUSED);
    assertThat(report.version()).hasValue(TestFleet.FACTORY_VERSION);
  }

  @Test
  void lengthBeyondTheSlotIsRefused() throws IOException {
    mailbox().request(new Mailbox.Request(1, Long.MAX_VALUE, Optional.empty()));
    assertRefused(BootSequence.reset(flash), 1, Reason.IMAGE_TOO_LARGE);
  }

  @Test
  void componentIsOnTrialWithItsImageAndCommittedWithIt() throws IOException {
    Made bridge = bridge().make();
    request(1, bridge.image("main"), bridge.component());
    assertThat(memory().bootloader().anchors())
        .containsExactly(TestFleet.OLD_IMAGE_KEY.bootAnchor());
    assertThat(memory().bootloader().trialAnchors()).containsExactly(NEW_KEY.bootAnchor());
    mailbox().confirm(1);
    BootSequence.reset(flash);
    assertThat(memory().bootloader()).isEqualTo(NEXT);
    byte[] old = TestBuild.of("35.0").make().image("main");
    Outcome refused = request(2, old, Optional.empty()).outcomeOf(2).orElseThrow();
    assertThat(refused.result()).isEqualTo(Result.REFUSED);
  }

  @Test
  void componentGoesWithAnImageThatIsReverted() throws IOException {
    Made bridge = bridge().make();
    request(1, bridge.image("main"), bridge.component());
    BootSequence.reset(flash);
    assertThat(memory().bootloader()).isEqualTo(TestFleet.factoryBootloader());
  }

  @Test
  void componentThatOnlyItsOwnKeysVouchForIsRefused() throws IOException {
    Made bridge = bridge().brings(NEXT, NEW_KEY).make();
    assertRefused(
        request(1, bridge.image("main"), bridge.component()), 1, Reason.BOOTLOADER_COMPONENT);
  }

  @Test
  void componentOnTrialVouchesForNoOther() throws IOException {
    Made bridge = bridge().make();
    request(1, bridge.image("main"), bridge.component());
    // Reverted: what the component brought counts no longer.
    BootSequence.reset(flash);
    Made second = bridge().brings(NEXT, NEW_KEY).make();
    assertRefused(
        request(2, second.image("main"), second.component()), 2, Reason.BOOTLOADER_COMPONENT);
  }

  @Test
  void componentForAnotherDivisionOfTheFlashIsRefused() throws IOException {
    Bootloader larger =
        new Bootloader(
            "boot-2",
            NEXT.anchors(),
            NEXT.trialAnchors(),
            true,
            true,
            true,
            NEXT.keyTlv(),
            2 * TestFleet.SLOT_BYTES);
    Made bridge = bridge().brings(larger, TestFleet.OLD_IMAGE_KEY).make();
    assertRefused(
        request(1, bridge.image("main"), bridge.component()), 1, Reason.BOOTLOADER_COMPONENT);
  }

  @Test
  void osImageIsNoComponent() throws IOException {
    Made bridge = bridge().make();
    byte[] image = TestBuild.of("34.0").make().image("main");
    assertRefused(
        request(1, bridge.image("main"), Optional.of(image)), 1, Reason.BOOTLOADER_COMPONENT);
  }

  @Test
  void imageThatTheNewBootloaderAloneWouldNotBootIsRefusedWithIt() throws IOException {
    Made bridge = bridge().make();
    byte[] oldOnly = TestBuild.of("34.0").make().image("main");
    BootReport report = request(1, oldOnly, bridge.component());
    assertThat(report.outcomeOf(1)).map(Outcome::result).hasValue(Result.REFUSED);
    assertThat(memory().bootloader()).isEqualTo(TestFleet.factoryBootloader());
  }

  @Test
  void fixedBootloaderTakesNoComponent() throws IOException {
    register(TestFleet.fixed(TestFleet.factoryBootloader()));
    Made bridge = bridge().make();
    assertRefused(request(1, bridge.image("main"), bridge.component()), 1, Reason.BOOTLOADER_FIXED);
  }

  private void register(Bootloader bootloader) throws IOException {
    memory()
        .provision(
            bootloader,
            TestFleet.FACTORY_COUNTER,
            TestBuild.of("33.0").make().image("main").length);
  }

  @Test
  void operatingSystemCanOnlyReadBootTrust() throws IOException {
    BootMemory asTheOsSeesIt = OsFlash.of(flash).bootMemory();
    assertThat(asTheOsSeesIt.bootloader()).isEqualTo(TestFleet.factoryBootloader());
    assertThatThrownBy(() -> asTheOsSeesIt.raiseCounter(100))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("locked");
    assertThatThrownBy(() -> asTheOsSeesIt.provision(NEXT, 0, 1))
        .isInstanceOf(IllegalStateException.class);
    assertThat(memory().bootloader()).isEqualTo(TestFleet.factoryBootloader());
  }

  @Test
  void counterIsNeverLowered() throws IOException {
    memory().raiseCounter(9);
    memory().raiseCounter(3);
    assertThat(memory().counter()).isEqualTo(9);
  }

  @Test
  void deviceWhoseOnlyImageIsBrokenSaysSo() throws IOException {
    byte[] broken = TestBuild.of("33.0").make().image("main");
    broken[1000] ^= 1;
    write(Region.PRIMARY, broken);
    assertThatThrownBy(() -> BootSequence.reset(flash))
        .isInstanceOf(UnbootableException.class)
        .hasMessageContaining("no image boots");
  }
}
