package dev.otasigner.device.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.agent.OsFlash;
import dev.otasigner.device.boot.BootStatus.Outcome;
import dev.otasigner.device.boot.BootStatus.Result;
import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.flash.FlashLayout.Region;
import dev.otasigner.device.flash.FlashRegion;
import dev.otasigner.device.flash.FlashStore;
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
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The regions that an operating system writes, written by one that means ill: the bootloader boots
 * what it booted, and an honest system after it can still ask for an upgrade.
 */
class HostileMailboxTests {
  private static final int MAGIC = 0x4f54_4153;
  private static final int WHOLE = 0x8000_0000;
  private static final TestKey NEW_KEY = TestKey.of(SignatureSuite.ED25519, "new-image");

  private final Flash flash = Flash.inMemory(TestDevice.LAYOUT);

  @BeforeEach
  void factory() throws IOException {
    byte[] image = TestBuild.of("33.0").make().image("main");
    write(Region.PRIMARY, image);
    BootMemory.open(flash.region(Region.BOOTLOADER), flash.region(Region.COUNTER))
        .provision(TestFleet.factoryBootloader(), TestFleet.FACTORY_COUNTER, image.length);
  }

  private void write(Region slot, byte[] image) throws IOException {
    FlashRegion region = flash.region(slot);
    Mailbox.clear(region);
    byte[] aligned = Arrays.copyOf(image, (image.length + 7) / 8 * 8);
    Arrays.fill(aligned, image.length, aligned.length, region.erased());
    region.write(0, aligned);
  }

  private FlashStore mailboxStore() throws IOException {
    return FlashStore.open(flash.region(Region.MAILBOX));
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

  /** The system in whose place another one has come asks as it should. */
  private void assertUpgrades(long attempt) throws IOException {
    byte[] next = TestBuild.of("34.0").make().image("main");
    assertThat(request(attempt, next, Optional.empty()).isTrial()).isTrue();
    mailbox().confirm(attempt);
    assertThat(BootSequence.reset(flash).version()).hasValue(TestFleet.version("34.0"));
  }

  private void assertBootsAsBefore() throws IOException {
    BootReport report = BootSequence.reset(flash);
    assertThat(report.version()).hasValue(TestFleet.FACTORY_VERSION);
    assertThat(report.isTrial()).isFalse();
  }

  @Test
  void valuesOfOtherLengthsAreNoWishes() throws IOException {
    for (int length : new int[] {0, 1, 7, 8, 15, 17, 400}) {
      mailboxStore()
          .change()
          .put("request", new byte[length])
          .put("confirmed", new byte[length])
          .commit();
      assertBootsAsBefore();
    }
    assertUpgrades(1);
  }

  /** A checksum is no signature: whoever writes the region can compute it. */
  @Test
  void entriesWithTrueChecksumsAndNonsenseWithinNeverHappened() throws IOException {
    Random random = new Random(7);
    FlashRegion region = flash.region(Region.MAILBOX);
    for (int round = 0; round < 400; round++) {
      Mailbox.clear(region);
      byte[] body = new byte[random.nextInt(64)];
      random.nextBytes(body);
      if (body.length > 5 && random.nextBoolean()) {
        // One that begins well: a name of one letter, and a length of whatever size.
        body[0] = 1;
        ByteBuffer.wrap(body).putInt(2, random.nextInt());
      }
      long sequence = random.nextBoolean() ? 1 : random.nextLong();
      region.write(0, entry(sequence, body));
      assertBootsAsBefore();
    }
    assertUpgrades(1);
  }

  /** Else no number would be left for an entry after it. */
  @Test
  void sequenceBeyondReasonIsNotBelieved() throws IOException {
    FlashRegion region = flash.region(Region.MAILBOX);
    byte[] body = ByteBuffer.allocate(7).put((byte) 1).put((byte) 'a').putInt(1).array();
    region.write(0, entry(Long.MAX_VALUE, body));
    assertThat(mailboxStore().get("a")).isEmpty();
    assertUpgrades(1);
  }

  private static byte[] entry(long sequence, byte[] body) {
    ByteBuffer header =
        ByteBuffer.allocate(24)
            .putInt(MAGIC)
            .putLong(sequence)
            .putInt(body.length | WHOLE)
            .putInt(checksum(body));
    header.putInt(checksum(Arrays.copyOf(header.array(), 20)));
    byte[] entry = new byte[24 + (body.length + 7) / 8 * 8];
    Arrays.fill(entry, (byte) 0xff);
    System.arraycopy(header.array(), 0, entry, 0, 24);
    System.arraycopy(body, 0, entry, 24, body.length);
    return entry;
  }

  private static int checksum(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  @Test
  void numberFarAheadIsNotTakenUp() throws IOException {
    byte[] next = TestBuild.of("34.0").make().image("main");
    for (long attempt : new long[] {Long.MAX_VALUE, 2, 0, -1, Long.MIN_VALUE}) {
      BootReport report = request(attempt, next, Optional.empty());
      assertThat(report.isTrial()).isFalse();
      assertThat(report.status().attempt()).isZero();
    }
    assertUpgrades(1);
  }

  /** Else a build that hangs would stay, though nobody ever saw it run. */
  @Test
  void confirmationThatCameBeforeTheTrialDoesNotCount() throws IOException {
    mailbox().confirm(1);
    BootReport trial = request(1, TestBuild.of("34.0").make().image("main"), Optional.empty());
    assertThat(trial.isTrial()).isTrue();
    BootReport after = BootSequence.reset(flash);
    assertThat(after.version()).hasValue(TestFleet.FACTORY_VERSION);
    assertThat(after.outcomeOf(1)).map(Outcome::result).hasValue(Result.REVERTED);
  }

  @Test
  void imageToGoBackToIsLockedWhileAnotherIsOnTrial() throws IOException {
    request(1, TestBuild.of("34.0").make().image("main"), Optional.empty());
    FlashRegion secondary = OsFlash.of(flash).secondary();
    assertThatThrownBy(() -> secondary.erase(0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("locked");
    BootSequence.reset(flash);
    OsFlash.of(flash).secondary().erase(0);
    assertBootsAsBefore();
  }

  /** By the chip's own fault, as nobody can write there. */
  @Test
  void imageOnTrialStaysWhenTheOneToGoBackToIsDamaged() throws IOException {
    request(1, TestBuild.of("34.0").counter(8).make().image("main"), Optional.empty());
    flash.region(Region.SECONDARY).erase(0);
    BootReport after = BootSequence.reset(flash);
    assertThat(after.version()).hasValue(TestFleet.version("34.0"));
    assertThat(after.isTrial()).isFalse();
    assertThat(after.outcomeOf(1)).map(Outcome::result).hasValue(Result.CONFIRMED);
  }

  @Test
  void componentThatChecksLessIsRefused() throws IOException {
    Bootloader plain = TestFleet.bootloader("boot-2", NEW_KEY.bootAnchor());
    for (boolean[] checks : new boolean[][] {{false, true}, {true, false}}) {
      Bootloader less =
          new Bootloader(
              plain.id(),
              plain.anchors(),
              plain.trialAnchors(),
              checks[0],
              checks[1],
              true,
              plain.keyTlv(),
              plain.slotBytes());
      Made bridge =
          TestBuild.of("34.0")
              .image("main", TestFleet.OLD_IMAGE_KEY, NEW_KEY)
              .brings(less, TestFleet.OLD_IMAGE_KEY)
              .make();
      long attempt = BootSequence.reset(flash).status().attempt() + 1;
      BootReport report = request(attempt, bridge.image("main"), bridge.component());
      Outcome outcome = report.outcomeOf(attempt).orElseThrow();
      assertThat(outcome.reason()).hasValue(Reason.BOOTLOADER_COMPONENT);
      assertThat(outcome.detail()).contains("checks less");
    }
  }
}
