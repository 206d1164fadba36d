package dev.otasigner.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.agent.UpdateOutcome;
import dev.otasigner.device.agent.UpdateOutcome.Installed;
import dev.otasigner.device.agent.UpdateOutcome.Refused;
import dev.otasigner.device.agent.UpdateOutcome.UpToDate;
import dev.otasigner.device.boot.BootReport;
import dev.otasigner.device.boot.BootSequence;
import dev.otasigner.device.flash.CountedPower;
import dev.otasigner.device.flash.FlashLayout;
import dev.otasigner.device.flash.FlashLayout.Region;
import dev.otasigner.device.flash.PowerCutException;
import dev.otasigner.device.flash.PowerSupply;
import dev.otasigner.device.flash.PowerSupply.Power;
import dev.otasigner.device.testing.TestAuthority;
import dev.otasigner.device.testing.TestDevice;
import dev.otasigner.device.testing.TestService;
import dev.otasigner.device.transport.Server;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestBuild;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.testing.TestProfile;
import java.io.IOException;
import java.security.KeyPair;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The power is cut before, during and after every flash operation of an upgrade. After each cut the
 * device boots an image that is whole, the counter has not gone back, boot trust boots what is
 * there, and the next attempt succeeds.
 */
class PowerCutTests {
  private static final Logger LOG = Logger.getLogger(PowerCutTests.class.getName());
  private static final TestAuthority RSA = TestAuthority.rsa();
  private static final TestAuthority P384 = TestAuthority.p384();
  private static final KeyPair KEYS = TestAuthority.rsaKeys();
  private static final TestKey NEW_IMAGE = TestKey.of(SignatureSuite.ED25519, "new-image");
  private static final TestKey NEW_MANIFEST = TestKey.of(SignatureSuite.ED25519, "new-manifest");
  private static final Set<Power> CUTS = EnumSet.complementOf(EnumSet.of(Power.STEADY));

  private final TestService service = new TestService(RSA, P384);
  private final Made factory = build("33.0").make();

  private TestProfile factoryProfile() {
    return TestFleet.factoryProfile()
        .knowsToo("ed25519")
        .lineage("first")
        .root(service.root("first"));
  }

  private TestBuild build(String version) {
    return TestBuild.of(version)
        .profile(factoryProfile())
        .built(Instant.parse("2026-05-01T00:00:00Z"));
  }

  private TestDevice device(FlashLayout layout) {
    return TestDevice.at(
        layout,
        TestFleet.factoryBootloader(),
        ClockClass.NONE,
        factory,
        service.rootBytes("first"),
        service.rsaIdentity(KEYS));
  }

  /** Brings everything at once: bootloader, profile, lineage, and so a new certificate. */
  private Made bridge() {
    return build("36.14")
        .counter(7)
        .profile(
            TestProfile.any(NEW_MANIFEST)
                .lineage("second")
                .root(service.root("second"))
                .servers("second.example")
                .clientKey(ClientKeyType.P_384))
        .image("main", TestFleet.OLD_IMAGE_KEY, NEW_IMAGE)
        .manifestBy(TestFleet.OLD_MANIFEST_KEY, NEW_MANIFEST)
        .brings(TestFleet.bootloader("boot-2", NEW_IMAGE.bootAnchor()), TestFleet.OLD_IMAGE_KEY)
        .bridge()
        .make();
  }

  @ParameterizedTest
  @CsvSource({"8,255,1024", "1,255,4096", "32,0,2048"})
  void everyOperationOfAnUpgrade(int align, int erased, int sector) throws IOException {
    Made next = build("34.0").counter(6).make();
    service.release("first", next);
    FlashLayout layout = FlashLayout.of(align, (byte) erased, TestFleet.SLOT_BYTES, sector);
    TestDevice fresh = device(layout);
    long operations = operations(fresh, service.dialling());
    for (Power how : CUTS) {
      for (long cut = 1; cut <= operations; cut++) {
        TestDevice device = cut(fresh, cut, how, service.dialling());
        requireSound(device, 6, next);
        finish(device, how + " at " + cut);
        requireInstalled(device, "34.0", 6);
      }
    }
    LOG.info(
        () ->
            "upgrade, alignment "
                + align
                + ", erased "
                + erased
                + ", sectors of "
                + sector
                + ": "
                + operations * CUTS.size()
                + " power cuts");
  }

  @Test
  void everyOperationOfABridge() throws IOException {
    Made bridge = bridge();
    service.release("first", bridge);
    service.release("second", bridge);
    TestDevice fresh = device(TestDevice.LAYOUT);
    long operations = operations(fresh, service.dialling());
    for (Power how : CUTS) {
      for (long cut = 1; cut <= operations; cut++) {
        TestDevice device = cut(fresh, cut, how, service.dialling());
        requireSound(device, 7, bridge);
        finish(device, how + " at " + cut);
        requireInstalled(device, "36.14", 7);
        assertThat(device.state().bootloader().id()).isEqualTo("boot-2");
        assertThat(device.state().lineage()).isEqualTo("second");
        assertThat(device.state().clientCert().keyType()).isEqualTo(ClientKeyType.P_384);
      }
    }
    LOG.info(() -> "bridge: " + operations * CUTS.size() + " power cuts");
  }

  @Test
  void everyOperationOfARevert() throws IOException {
    Made bridge = bridge();
    service.release("first", bridge);
    // Under the new profile no server answers: the build cannot confirm itself.
    Server.Dialling broken =
        (profile, identity, now, runs) -> {
          service.failAfter(profile.servers().contains("second.example") ? 0 : Integer.MAX_VALUE);
          return service.dialling().under(profile, identity, now, runs);
        };
    TestDevice fresh = device(TestDevice.LAYOUT);
    long operations = operations(fresh, broken);
    for (Power how : CUTS) {
      for (long cut = 1; cut <= operations; cut++) {
        TestDevice device = cut(fresh, cut, how, broken);
        requireSound(device, TestFleet.FACTORY_COUNTER, bridge);
        device.update(broken);
        DeviceState state = device.state();
        assertThat(state.running().version()).isEqualTo(TestFleet.FACTORY_VERSION);
        assertThat(state.securityCounter()).isEqualTo(TestFleet.FACTORY_COUNTER);
        assertThat(state.bootloader()).isEqualTo(TestFleet.factoryBootloader());
        assertThat(state.lineage()).isEqualTo("first");
      }
    }
    LOG.info(() -> "revert: " + operations * CUTS.size() + " power cuts");
  }

  @Test
  void manyCutsInOneUpgrade() throws IOException {
    Made bridge = bridge();
    service.release("first", bridge);
    service.release("second", bridge);
    TestDevice fresh = device(TestDevice.LAYOUT);
    int cuts = 0;
    for (int seed = 0; seed < 40; seed++) {
      Random random = new Random(seed);
      List<Power> kinds = List.copyOf(CUTS);
      PowerSupply flickering =
          () -> random.nextInt(40) == 0 ? kinds.get(random.nextInt(kinds.size())) : Power.STEADY;
      TestDevice device = fresh.copy(PowerSupply.MAINS);
      boolean done = false;
      while (!done) {
        try {
          done = device.on(flickering).update(service.dialling()) instanceof UpToDate;
        } catch (PowerCutException e) {
          cuts++;
        }
      }
      requireInstalled(device, "36.14", 7);
    }
    int total = cuts;
    assertThat(total).isGreaterThan(40);
    LOG.info(() -> "random: " + total + " power cuts");
  }

  private static long operations(TestDevice fresh, Server.Dialling dialling) throws IOException {
    CountedPower counter = CountedPower.counting();
    TestDevice device = fresh.copy(counter);
    assertThat(device.update(dialling)).isInstanceOfAny(Installed.class, Refused.class);
    assertThat(counter.operations()).isGreaterThan(50);
    return counter.operations();
  }

  /** The device as the cut leaves it, on good power again. */
  private static TestDevice cut(TestDevice fresh, long cut, Power how, Server.Dialling dialling) {
    TestDevice device = fresh.copy(PowerSupply.MAINS);
    TestDevice failing = device.on(CountedPower.cutAt(cut, how));
    assertThatThrownBy(() -> failing.update(dialling)).isInstanceOf(PowerCutException.class);
    return device;
  }

  /**
   * A trial that was cut short counts as not confirmed, for the bootloader cannot tell it from an
   * image that hangs; the attempt after it succeeds.
   */
  private void finish(TestDevice device, String cut) throws IOException {
    UpdateOutcome outcome = device.update(service.dialling());
    if (outcome instanceof Refused refused && refused.reason() == Reason.NOT_CONFIRMED) {
      outcome = device.update(service.dialling());
    }
    assertThat(outcome).as("after %s", cut).isInstanceOfAny(Installed.class, UpToDate.class);
  }

  /**
   * It boots the old or the new image whole; from a copy, so that this boot is not a second one.
   */
  private void requireSound(TestDevice device, long highestCounter, Made next) throws IOException {
    TestDevice copy = device.copy(PowerSupply.MAINS);
    BootReport report = BootSequence.reset(copy.flash());
    int length = (int) report.status().primaryBytes();
    Digest booted = Digest.of(copy.flash().region(Region.PRIMARY).read(0, length));
    assertThat(booted).isIn(Digest.of(factory.image("main")), Digest.of(next.image("main")));
    assertThat(copy.state().securityCounter()).isBetween(TestFleet.FACTORY_COUNTER, highestCounter);
  }

  private static void requireInstalled(TestDevice device, String version, long counter)
      throws IOException {
    DeviceState state = device.state();
    assertThat(state.running().version()).isEqualTo(TestFleet.version(version));
    assertThat(state.securityCounter()).isEqualTo(counter);
    assertThat(state.bootloader().trialAnchors()).isEmpty();
  }
}
