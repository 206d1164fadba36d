package dev.otasigner.device.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.device.agent.UpdateOutcome.Installed;
import dev.otasigner.device.agent.UpdateOutcome.Refused;
import dev.otasigner.device.agent.UpdateOutcome.UpToDate;
import dev.otasigner.device.boot.BootReport;
import dev.otasigner.device.boot.BootSequence;
import dev.otasigner.device.boot.BootStatus.Result;
import dev.otasigner.device.boot.Mailbox;
import dev.otasigner.device.flash.FlashLayout.Region;
import dev.otasigner.device.flash.FlashRegion;
import dev.otasigner.device.testing.TestDevice;
import dev.otasigner.device.testing.TestService;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.catalogue.CataloguePaths;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestFleet;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * With major 34 an epoch begins: another format, and a higher security counter. From there no way
 * leads back, whoever asks; into it leads one build. And odd majors are internal.
 */
class EpochTests extends UpdateBench {
  private static final ImageVersion EPOCH = TestFleet.version("34.0");

  /** The first of the epoch: every older device may take it. */
  private Made epoch() {
    return build("34.0").counter(6).from("0.0", "33.255").bridge().make();
  }

  /** Later ones are made for devices that are in it. */
  private Made later(String version) {
    return build(version).counter(6).from("34.0", "255.0").make();
  }

  private TestDevice inTheEpoch() throws IOException {
    service.release("first", epoch());
    TestDevice device = device();
    assertThat(device.update(wire)).isEqualTo(new Installed(EPOCH));
    return device;
  }

  @Test
  void deviceBelowTheEpochGoesThroughItsFirstBuild() throws IOException {
    service.release("first", later("36.0"), epoch());
    TestDevice device = device();
    assertThat(device.update(wire)).isEqualTo(new Installed(EPOCH));
    assertThat(device.update(wire)).isEqualTo(new Installed(TestFleet.version("36.0")));
  }

  @Test
  void deviceBelowTheEpochTakesNoLaterBuildOfItAtOnce() throws IOException {
    service.release("first", later("36.0"));
    assertRefused(device(), Reason.NOT_FROM_HERE);
  }

  @Test
  void deviceOfTheEpochTakesNoOlderVersion() throws IOException {
    TestDevice device = inTheEpoch();
    service.release("first", build("33.9").counter(6).make());
    assertThat(device.update(wire)).isEqualTo(new UpToDate(EPOCH));
  }

  /** Whatever it calls itself: the counter is what the epoch goes by. */
  @Test
  void deviceOfTheEpochTakesNoBuildWithALowerCounter() throws IOException {
    TestDevice device = inTheEpoch();
    service.release("first", build("40.0").counter(5).make());
    UpdateOutcome outcome = device.update(wire);
    assertThat(((Refused) outcome).reason()).isEqualTo(Reason.SECURITY_COUNTER_TOO_LOW);
    assertThat(device.state().running().version()).isEqualTo(EPOCH);
  }

  /**
   * The image of 33 lies in the secondary slot since the swap: the bootloader has the last word.
   */
  @Test
  void bootloaderOfTheEpochBootsNothingBelowItWhoeverAsks() throws IOException {
    service.release("first", epoch());
    TestDevice device = device();
    int length = (int) BootSequence.reset(device.flash()).status().primaryBytes();
    byte[] old = device.flash().region(Region.PRIMARY).read(0, length);
    assertThat(device.update(wire)).isEqualTo(new Installed(EPOCH));
    assertThat(device.flash().region(Region.SECONDARY).read(0, length)).isEqualTo(old);
    OsFlash.of(device.flash())
        .mailbox()
        .request(new Mailbox.Request(2, old.length, Optional.empty()));
    BootReport report = BootSequence.reset(device.flash());
    assertThat(report.outcomeOf(2).orElseThrow().result()).isEqualTo(Result.REFUSED);
    assertThat(report.outcomeOf(2).orElseThrow().reason())
        .hasValue(Reason.SECURITY_COUNTER_TOO_LOW);
    assertThat(report.version()).hasValue(EPOCH);
  }

  @Test
  void onlyTheFirstBuildOfTheEpochThatNeverConfirmedItselfIsGoneBackFrom() throws IOException {
    service.release("first", epoch());
    TestDevice device = device();
    int[] dialled = {0};
    UpdateOutcome outcome =
        device.update(
            (profile, identity, now, runs) -> {
              service.failAfter(++dialled[0] == 2 ? 0 : Integer.MAX_VALUE);
              return wire.under(profile, identity, now, runs);
            });
    assertThat(((Refused) outcome).reason()).isEqualTo(Reason.NOT_CONFIRMED);
    assertThat(device.state().securityCounter()).isEqualTo(TestFleet.FACTORY_COUNTER);
    assertThat(device.state().running().version()).isEqualTo(TestFleet.FACTORY_VERSION);
  }

  /** That a stable channel lists no odd major is the service's rule; a device asks its channel. */
  @Test
  void internalBuildIsForDevicesWhoseChannelListsIt() throws IOException {
    service.release("first", build("35.0").make());
    assertThat(device().update(wire)).isEqualTo(new Installed(TestFleet.version("35.0")));
  }

  @Test
  void internalBuildOfAnotherChannelIsNotTaken() throws IOException {
    Made internal = build("35.0").make();
    service.release("first", build("33.0").make());
    // The head file of the internal channel, where that of the device's own belongs.
    String head =
        new String(Made.head(internal).toJson().canonicalBytes(), StandardCharsets.UTF_8)
            .replace("\"" + TestFleet.CHANNEL + "\"", "\"internal\"");
    service
        .lineage("first")
        .add(
            TestService.ROLE,
            CataloguePaths.head(TestFleet.CHANNEL, TestFleet.HARDWARE.id()),
            head.getBytes(StandardCharsets.UTF_8));
    service.lineage("first").publish();
    assertRefused(device(), Reason.LISTING_MISMATCH);
  }

  @Test
  void deviceOnAnInternalBuildGoesOnToTheNextEvenOne() throws IOException {
    service.release("first", build("35.0").make());
    TestDevice device = device();
    device.update(wire);
    service.release("first", build("36.0").make());
    assertThat(device.update(wire)).isEqualTo(new Installed(TestFleet.version("36.0")));
  }

  // --- the slot

  @Test
  void slotFullOfOldGarbageTakesAnUpgrade() throws IOException {
    service.release("first", build("34.0").make());
    TestDevice device = device();
    garbage(device.flash().region(Region.SECONDARY));
    garbage(device.flash().region(Region.SCRATCH));
    assertThat(device.update(wire)).isEqualTo(new Installed(EPOCH));
  }

  private static void garbage(FlashRegion region) throws IOException {
    byte[] garbage = new byte[Math.toIntExact(region.lengthBytes())];
    Arrays.fill(garbage, (byte) 0xa5);
    region.write(0, garbage);
  }

  @Test
  void imageAsLongAsTheSlotIsTaken() throws IOException {
    service.release("first", build("34.0").editImage(i -> padded(i, 0)).make());
    assertThat(device().update(wire)).isEqualTo(new Installed(EPOCH));
  }

  @Test
  void imageOneByteLongerThanTheSlotIsRefused() throws IOException {
    service.release("first", build("34.0").editImage(i -> padded(i, 1)).make());
    assertRefused(device(), Reason.IMAGE_TOO_LARGE);
  }

  /** The image and erased flash behind it, as a padded image has it, up to the slot's end. */
  private static byte[] padded(byte[] image, int more) {
    byte[] padded = Arrays.copyOf(image, Math.toIntExact(TestFleet.SLOT_BYTES) + more);
    Arrays.fill(padded, image.length, padded.length, (byte) 0xff);
    return padded;
  }
}
