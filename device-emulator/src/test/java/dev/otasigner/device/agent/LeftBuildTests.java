package dev.otasigner.device.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.agent.UpdateOutcome.Installed;
import dev.otasigner.device.agent.UpdateOutcome.Refused;
import dev.otasigner.device.flash.FlashLayout.Region;
import dev.otasigner.device.flash.FlashRegion;
import dev.otasigner.device.testing.TestDevice;
import dev.otasigner.device.testing.TestService;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestBuild;
import dev.otasigner.verifier.testing.TestFleet;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A build that will not do stands in the way of no other. */
class LeftBuildTests extends UpdateBench {

  /** Signed and listed as it is, and no bootloader boots it: a byte stands behind it. */
  private TestBuild bad(String version) {
    return build(version).editImage(bytes -> Arrays.copyOf(bytes, bytes.length + 1));
  }

  private static Installed installed(String version) {
    return new Installed(TestFleet.version(version));
  }

  @Test
  void olderBuildIsTakenWhenTheNewestWasRefusedOnItsBytes() throws IOException {
    service.release("first", bad("36.0").make(), build("34.0").make());
    TestDevice device = device();
    assertRefused(device, Reason.IMAGE_TRAILING_BYTES);
    assertThat(device.update(wire)).isEqualTo(installed("34.0"));
    assertThat(service.checkIns().get(0)).contains("\"reason\":\"image-trailing-bytes\"");
  }

  @Test
  void imageLongerThanTheSlotStandsInTheWayOfNoOther() throws IOException {
    int room = Math.toIntExact(device().flash().region(Region.SECONDARY).lengthBytes());
    service.release(
        "first",
        build("36.0").editImage(bytes -> Arrays.copyOf(bytes, room + 1)).make(),
        build("34.0").make());
    TestDevice device = device();
    assertRefused(device, Reason.IMAGE_TOO_LARGE);
    assertThat(service.requests()).noneMatch(r -> r.endsWith(".img"));
    assertThat(device.update(wire)).isEqualTo(installed("34.0"));
  }

  @Test
  void olderBuildIsTakenWhenTheNewestWasRevertedThreeTimes() throws IOException {
    service.release("first", build("36.0").make(), build("34.0").make());
    TestDevice device = device();
    revert(device, 3);
    assertThat(device.update(wire)).isEqualTo(installed("34.0"));
  }

  @Test
  void buildThatWasRevertedTwiceHasAnotherChance() throws IOException {
    service.release("first", build("36.0").make(), build("34.0").make());
    TestDevice device = device();
    revert(device, 2);
    assertThat(device.update(wire)).isEqualTo(installed("36.0"));
  }

  /** Power cuts and blocked networks look like an image that hangs: no build is left for good. */
  @Test
  void buildThatWasRevertedThreeTimesHasAnotherChanceADayLater() throws IOException {
    service.release("first", build("36.0").make());
    TestDevice device = device(ClockClass.RTC);
    revert(device, 3);
    assertRefused(device, Reason.NOT_CONFIRMED);
    device.clock(TestService.NOW.plus(Duration.ofDays(1)).minusSeconds(1));
    assertRefused(device, Reason.NOT_CONFIRMED);
    device.clock(TestService.NOW.plus(Duration.ofDays(1)));
    assertThat(device.update(wire)).isEqualTo(installed("36.0"));
  }

  @Test
  void eachWaitIsTwiceTheLastAndNoneOverAMonthOrSo() throws IOException {
    service.release("first", build("36.0").make());
    TestDevice device = device(ClockClass.RTC);
    Instant now = TestService.NOW;
    for (int days : new int[] {1, 2, 4, 8, 16, 32, 32}) {
      device.clock(now);
      revert(device, 3);
      Instant next = now.plus(Duration.ofDays(days));
      assertThat(left(device)).singleElement().matches(l -> l.until().equals(Optional.of(next)));
      now = next;
    }
    device.clock(now);
    assertThat(device.update(wire)).isEqualTo(installed("36.0"));
  }

  /** The second connection of each is the trial's, which fails. */
  private void revert(TestDevice device, int times) throws IOException {
    for (int i = 0; i < times; i++) {
      int[] dialled = {0};
      UpdateOutcome outcome =
          device.update(
              (profile, identity, now, runs) -> {
                service.failAfter(++dialled[0] == 2 ? 0 : Integer.MAX_VALUE);
                return wire.under(profile, identity, now, runs);
              });
      assertThat(outcome).isInstanceOf(Refused.class);
    }
    service.failAfter(Integer.MAX_VALUE);
  }

  @Test
  void refusedImageIsNotDownloadedAgain() throws IOException {
    service.release("first", bad("36.0").make());
    TestDevice device = device();
    assertRefused(device, Reason.IMAGE_TRAILING_BYTES);
    int downloads = service.downloadOffsets().size();
    assertRefused(device, Reason.IMAGE_TRAILING_BYTES);
    assertThat(service.downloadOffsets()).hasSize(downloads);
    assertThat(device.steps()).contains("select leaves 36.0.0+0 alone: image-trailing-bytes");
  }

  @Test
  void sameManifestWithAnotherImageFileHasAnotherChance() throws IOException {
    Made good = build("36.0").make();
    byte[] image = good.image("main");
    Made mislaid =
        new Made(
            good.manifest(),
            good.envelope(),
            Map.of("main", Arrays.copyOf(image, image.length + 1)),
            good.component(),
            good.profile(),
            good.listing());
    service.release("first", mislaid);
    TestDevice device = device();
    assertRefused(device, Reason.IMAGE_LENGTH_MISMATCH);
    service.release("first", good);
    assertThat(device.update(wire)).isEqualTo(installed("36.0"));
  }

  @Test
  void buildThatIsListedNoLongerIsForgotten() throws IOException {
    Made bad = bad("36.0").make();
    service.release("first", bad);
    TestDevice device = device();
    assertRefused(device, Reason.IMAGE_TRAILING_BYTES);
    assertThat(left(device)).hasSize(1);
    service.release("first", build("33.0").make());
    device.update(wire);
    assertThat(left(device)).isEmpty();
  }

  @Test
  void anotherRunningBuildJudgesAnew() throws IOException {
    service.release("first", bad("36.0").make(), build("34.0").make());
    TestDevice device = device();
    assertRefused(device, Reason.IMAGE_TRAILING_BYTES);
    device.update(wire);
    assertThat(left(device)).isEmpty();
  }

  private static List<LeftBuild> left(TestDevice device) throws IOException {
    return OsFlash.of(device.flash()).store().leftBuilds();
  }

  /** Else whoever damages files on their way could choose the build. */
  @Test
  void damageOnTheWayIsHeldAgainstNoBuild() throws IOException {
    service.release("first", build("36.0").make(), build("34.0").make());
    TestDevice device = device();
    service.tamper(
        "36.0.0+0.main.img",
        image -> {
          byte[] changed = image.clone();
          changed[1000] ^= 1;
          return changed;
        });
    for (int i = 0; i < 4; i++) {
      assertRefused(device, Reason.TARGET_DIGEST_MISMATCH);
    }
    assertThat(left(device)).isEmpty();
    service.tamper("36.0.0+0.main.img", image -> image);
    assertThat(device.steps()).noneMatch(s -> s.startsWith("installed"));
  }

  @Test
  void noMoreThanSixteenAreRemembered() throws IOException {
    TestDevice device = device();
    AgentStore store = OsFlash.of(device.flash()).store();
    List<LeftBuild> many = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      many.add(
          new LeftBuild(
              TestFleet.digest("manifest " + i),
              TestFleet.digest("image " + i),
              TestFleet.version("40." + i),
              Reason.IMAGE_SIGNATURE,
              i,
              i % 2 == 0 ? Optional.empty() : Optional.of(TestService.NOW)));
    }
    store.saveLeftBuilds(many);
    assertThat(store.leftBuilds()).containsExactlyElementsOf(many.subList(4, 20));
  }

  /** Cells go bad between staging and the next start: that says nothing about the build. */
  @Test
  void slotThatWasDamagedAfterStagingIsFilledAgain() throws IOException {
    service.release("first", build("34.0").make());
    TestDevice device = device();
    // The connection breaks before the fresh look: the image stays staged.
    service.tamper(
        ".img",
        bytes -> {
          service.failAfter(0);
          return bytes;
        });
    assertThatThrownBy(() -> device.update(wire)).isInstanceOf(IOException.class);
    service.failAfter(Integer.MAX_VALUE);
    service.tamper(".img", bytes -> bytes);
    FlashRegion secondary = device.flash().region(Region.SECONDARY);
    secondary.erase(1);
    assertThat(device.update(wire)).isEqualTo(installed("34.0"));
    assertThat(device.steps()).contains("resume what was staged is damaged");
  }
}
