package dev.otasigner.device.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.agent.UpdateOutcome.Installed;
import dev.otasigner.device.agent.UpdateOutcome.Refused;
import dev.otasigner.device.agent.UpdateOutcome.UpToDate;
import dev.otasigner.device.testing.TestDevice;
import dev.otasigner.device.transport.ClientIdentity;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.testing.TestProfile;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The whole way from the catalogue to the confirmed build, and every way in which it ends early.
 */
class UpdateTests extends UpdateBench {
  @Test
  void newerBuildIsTakenConfirmedAndReported() throws IOException {
    Made next = build("34.0").counter(6).make();
    service.release("first", next);
    TestDevice device = device();
    assertThat(device.update(wire)).isEqualTo(new Installed(TestFleet.version("34.0")));
    assertThat(device.state().running().version()).isEqualTo(TestFleet.version("34.0"));
    assertThat(device.state().running().manifest()).isEqualTo(Digest.of(next.envelope()));
    assertThat(device.state().securityCounter()).isEqualTo(6);
    assertThat(service.checkIns()).hasSize(1);
    assertThat(service.checkIns().get(0))
        .contains("\"outcome\":{\"result\":\"installed\",\"version\":\"34.0.0+0\"}")
        .contains("\"securityCounter\":6")
        .contains("\"version\":\"34.0.0+0\"");
    assertThat(device.update(wire)).isEqualTo(new UpToDate(TestFleet.version("34.0")));
    assertThat(service.checkIns().get(1)).doesNotContain("outcome").contains("\"seq\":2");
  }

  @Test
  void nothingReleasedIsUpToDate() throws IOException {
    service.lineage("first");
    assertThat(device().update(wire)).isInstanceOf(UpToDate.class);
  }

  @Test
  void counterRisesAtTheResetAfterConfirmationAndNotBefore() throws IOException {
    service.release("first", build("34.0").counter(9).make());
    TestDevice device = device();
    List<Long> counters = new ArrayList<>();
    device.update(
        (profile, identity, now, runs) -> {
          counters.add(counter(device));
          return wire.under(profile, identity, now, runs);
        });
    // The old build's cycle, the new build's trial, the new build's check-in.
    assertThat(counters).containsExactly(5L, 5L, 9L);
  }

  private static long counter(TestDevice device) {
    try {
      return device.state().securityCounter();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void buildThatCannotReachItsServiceIsReverted() throws IOException {
    Made next = build("34.0").counter(9).make();
    service.release("first", next);
    TestDevice device = device();
    int[] dialled = {0};
    // The second connection is the one of the trial.
    UpdateOutcome outcome =
        device.update(
            (profile, identity, now, runs) -> {
              if (++dialled[0] == 2) {
                service.failAfter(0);
              } else {
                service.failAfter(Integer.MAX_VALUE);
              }
              return wire.under(profile, identity, now, runs);
            });
    assertThat(outcome).isInstanceOf(Refused.class);
    assertThat(((Refused) outcome).reason()).isEqualTo(Reason.NOT_CONFIRMED);
    assertThat(device.state().running().version()).isEqualTo(TestFleet.FACTORY_VERSION);
    assertThat(device.state().securityCounter()).isEqualTo(TestFleet.FACTORY_COUNTER);
    assertThat(service.checkIns().get(0)).contains("\"result\":\"reverted\"");
    service.failAfter(Integer.MAX_VALUE);
    assertThat(device.update(wire)).isInstanceOf(Installed.class);
  }

  @Test
  void buildThatIsRevertedAgainAndAgainIsLeftAlone() throws IOException {
    service.release("first", build("34.0").make());
    TestDevice device = device();
    for (int i = 0; i < 3; i++) {
      int[] dialled = {0};
      device.update(
          (profile, identity, now, runs) -> {
            service.failAfter(++dialled[0] == 2 ? 0 : Integer.MAX_VALUE);
            return wire.under(profile, identity, now, runs);
          });
    }
    service.failAfter(Integer.MAX_VALUE);
    assertRefused(device, Reason.NOT_CONFIRMED);
    assertThat(service.requests()).noneMatch(r -> r.contains(".img"));
  }

  @Test
  void unreachableServiceIsNoRefusal() {
    service.lineage("first");
    service.failAfter(0);
    assertThatThrownBy(() -> device().update(wire)).isInstanceOf(IOException.class);
  }

  @Test
  void downloadGoesOnWhereTheConnectionBroke() throws IOException {
    service.release("first", build("34.0").make());
    service.breakDownloadsAfter(2500);
    TestDevice device = device();
    assertThat(device.update(wire)).isInstanceOf(Installed.class);
    // All that came is kept, but for what fills no write of 8 bytes.
    assertThat(service.downloadOffsets()).containsExactly(0L, 2496L);
  }

  @Test
  void downloadThatMakesNoProgressIsGivenUpAndResumedLater() throws IOException {
    service.release("first", build("34.0").make());
    service.breakDownloadsAfter(7);
    TestDevice device = device();
    assertThatThrownBy(() -> device.update(wire)).isInstanceOf(IOException.class);
    service.breakDownloadsAfter(Integer.MAX_VALUE);
    assertThat(device.update(wire)).isInstanceOf(Installed.class);
    assertThat(device.steps()).anyMatch(t -> t.startsWith("resume"));
  }

  // --- rotation

  @Test
  void bridgeBringsBootloaderProfileLineageAndCertificate() throws IOException {
    TestKey newImage = TestKey.of(SignatureSuite.RSA_PSS_3072_SHA256, "image");
    TestKey ed = TestKey.of(SignatureSuite.ED25519, "manifest");
    TestKey ml = TestKey.of(SignatureSuite.ML_DSA_65, "manifest");
    TestProfile modern =
        TestProfile.all(ed, ml)
            .lineage("second")
            .root(service.root("second"))
            .serverAnchors(RSA.spkiDigest())
            .clientKey(ClientKeyType.P_384);
    Made bridge =
        build("36.14")
            .counter(7)
            .profile(modern)
            .image("main", TestFleet.OLD_IMAGE_KEY, newImage)
            .manifestBy(TestFleet.OLD_MANIFEST_KEY, ed, ml)
            .brings(TestFleet.bootloader("boot-2", newImage.bootAnchor()), TestFleet.OLD_IMAGE_KEY)
            .bridge()
            .make();
    service.release("first", bridge);
    service.release("second", bridge);
    TestDevice device = device();
    assertThat(device.update(wire)).isInstanceOf(Installed.class);
    assertThat(device.state().bootloader().id()).isEqualTo("boot-2");
    assertThat(device.state().bootloader().anchors()).containsExactly(newImage.bootAnchor());
    assertThat(device.state().bootloader().trialAnchors()).isEmpty();
    assertThat(device.state().lineage()).isEqualTo("second");
    assertThat(device.state().clientCert().keyType()).isEqualTo(ClientKeyType.P_384);

    Made byOldKeyOnly = build("36.15").counter(7).profile(modern).manifestBy(ed, ml).make();
    service.release("second", byOldKeyOnly);
    UpdateOutcome refused = device.update(wire);
    assertThat(((Refused) refused).reason()).isEqualTo(Reason.NO_VARIANT);

    Made byNewKey =
        build("36.16").counter(7).profile(modern).image("main", newImage).manifestBy(ed, ml).make();
    service.release("second", byNewKey);
    assertThat(device.update(wire)).isEqualTo(new Installed(TestFleet.version("36.16")));
  }

  @Test
  void certificateIsRenewedInTheLastThirdOfItsLife() throws IOException {
    service.release("first", build("33.0").make());
    X509Certificate old =
        RSA.device(KEYS.getPublic(), "gw-0001", Instant.parse("2027-01-01T00:00:00Z"));
    TestDevice device =
        TestDevice.at(
            TestDevice.LAYOUT,
            TestFleet.factoryBootloader(),
            ClockClass.RTC,
            build("33.0").make(),
            service.rootBytes("first"),
            new ClientIdentity(KEYS.getPrivate(), RSA.chainOf(old)));
    assertThat(device.update(wire)).isInstanceOf(UpToDate.class);
    assertThat(device.state().clientCert().notAfter())
        .isEqualTo(Instant.parse("2080-01-01T00:00:00Z"));
    assertThat(service.requestedKeys()).hasSize(1).doesNotContain(KEYS.getPublic());
    device.update(wire);
    assertThat(service.requestedKeys()).hasSize(1);
  }

  @Test
  void renewalWhoseAnswerWasLostAsksAgainForTheSameKey() throws IOException {
    service.release(
        "first", build("33.0").profile(profile().clientKey(ClientKeyType.P_384)).make());
    TestDevice device =
        TestDevice.at(
            TestDevice.LAYOUT,
            TestFleet.factoryBootloader(),
            ClockClass.NONE,
            build("33.0").profile(profile().clientKey(ClientKeyType.P_384)).make(),
            service.rootBytes("first"),
            service.rsaIdentity(KEYS));
    service.failPosts(true);
    assertThatThrownBy(() -> device.update(wire)).isInstanceOf(IOException.class);
    assertThat(device.state().clientCert().keyType()).isEqualTo(ClientKeyType.RSA_2048);
    service.failPosts(false);
    assertThat(device.update(wire)).isInstanceOf(UpToDate.class);
    assertThat(device.state().clientCert().keyType()).isEqualTo(ClientKeyType.P_384);
    assertThat(service.requestedKeys()).hasSize(2);
    assertThat(service.requestedKeys().get(0)).isEqualTo(service.requestedKeys().get(1));
  }

  @Test
  void fixedBootloaderRefusesAComponent() throws IOException {
    TestKey newImage = TestKey.of(SignatureSuite.RSA_PSS_3072_SHA256, "image");
    service.release(
        "first",
        build("34.0")
            .image("main", TestFleet.OLD_IMAGE_KEY, newImage)
            .brings(TestFleet.bootloader("boot-2", newImage.bootAnchor()), TestFleet.OLD_IMAGE_KEY)
            .make());
    TestDevice device =
        TestDevice.at(
            TestDevice.LAYOUT,
            TestFleet.fixed(TestFleet.factoryBootloader()),
            ClockClass.NONE,
            build("33.0").make(),
            service.rootBytes("first"),
            service.rsaIdentity(KEYS));
    assertRefused(device, Reason.BOOTLOADER_FIXED);
  }

  /** Its file is not even fetched: nobody has to keep it up for those who have it. */
  @Test
  void aBootloaderThatIsThereIsNotInstalledAgain() throws IOException {
    TestKey newImage = TestKey.of(SignatureSuite.RSA_PSS_3072_SHA256, "image");
    Bootloader second = TestFleet.bootloader("boot-2", newImage.bootAnchor());
    Bootloader there = TestFleet.fixed(second);
    service.release(
        "first",
        build("34.0")
            .image("main", TestFleet.OLD_IMAGE_KEY, newImage)
            .brings(second, TestFleet.OLD_IMAGE_KEY)
            .make());
    TestDevice device =
        TestDevice.at(
            TestDevice.LAYOUT,
            there,
            ClockClass.NONE,
            build("33.0").image("main", newImage).make(),
            service.rootBytes("first"),
            service.rsaIdentity(KEYS));
    assertThat(device.update(wire)).isEqualTo(new Installed(TestFleet.version("34.0")));
    assertThat(device.state().bootloader()).isEqualTo(there);
  }
}
