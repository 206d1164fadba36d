package dev.otasigner.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.device.PowerCuts.Scenario;
import dev.otasigner.device.agent.UpdateOutcome;
import dev.otasigner.device.agent.UpdateOutcome.Installed;
import dev.otasigner.device.agent.UpdateOutcome.Refused;
import dev.otasigner.device.agent.UpdateOutcome.UpToDate;
import dev.otasigner.device.boot.BootReport;
import dev.otasigner.device.boot.BootSequence;
import dev.otasigner.device.flash.FlashLayout;
import dev.otasigner.device.flash.FlashLayout.Region;
import dev.otasigner.device.flash.FlashLayout.Sectors;
import dev.otasigner.device.flash.PowerSupply;
import dev.otasigner.device.testing.TestAuthority;
import dev.otasigner.device.testing.TestDevice;
import dev.otasigner.device.testing.TestService;
import dev.otasigner.device.transport.Server;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.Bootloader;
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
import java.util.EnumMap;
import java.util.Map;

/** A device on its way from the factory's build to the next. */
class CutUpgrade implements Scenario {
  static final TestKey NEW_IMAGE = TestKey.of(SignatureSuite.ED25519, "new-image");
  private static final TestKey NEW_MANIFEST = TestKey.of(SignatureSuite.ED25519, "new-manifest");
  private static final TestAuthority RSA = TestAuthority.rsa();
  private static final TestAuthority P384 = TestAuthority.p384();
  private static final KeyPair KEYS = TestAuthority.rsaKeys();

  /** What a bridge's profile dials; the factory's dials another. */
  static final String NEW_SERVER = "second.example";

  final TestService service = new TestService(RSA, P384);
  final Made factory = build("33.0").make();
  final Made next;
  private final TestDevice fresh;

  CutUpgrade(FlashLayout layout) {
    this(layout, TestFleet.factoryBootloader());
  }

  CutUpgrade(FlashLayout layout, Bootloader bootloader) {
    next = next();
    service.release("first", next);
    service.release("second", next);
    fresh =
        TestDevice.at(
            layout,
            bootloader,
            ClockClass.NONE,
            factory,
            service.rootBytes("first"),
            service.rsaIdentity(KEYS));
  }

  /**
   * A chip whose regions all have sectors of their own, and stores that are soon full, so that they
   * change banks within one upgrade.
   */
  static FlashLayout uneven(int align, int erased) {
    Map<Region, Sectors> regions = new EnumMap<>(Region.class);
    regions.put(Region.BOOTLOADER, new Sectors(1024, 8));
    regions.put(Region.COUNTER, new Sectors(256, 2));
    regions.put(Region.MAILBOX, new Sectors(2048, 8));
    regions.put(Region.PRIMARY, new Sectors(2048, 64));
    regions.put(Region.SECONDARY, new Sectors(2048, 64));
    regions.put(Region.SCRATCH, new Sectors(512, 4));
    regions.put(Region.AGENT, new Sectors(4096, 12));
    return new FlashLayout(align, (byte) erased, regions);
  }

  TestBuild build(String version) {
    return TestBuild.of(version)
        .profile(factoryProfile())
        .built(Instant.parse("2026-05-01T00:00:00Z"));
  }

  TestProfile factoryProfile() {
    return TestFleet.factoryProfile()
        .knowsToo("ed25519")
        .lineage("first")
        .root(service.root("first"));
  }

  /** The build that is on offer. */
  Made next() {
    return build("34.0").counter(6).make();
  }

  /** One that brings everything at once: bootloader, profile, lineage, and so a new certificate. */
  Made bridge() {
    return build("36.14")
        .counter(7)
        .profile(newProfile().lineage("second").root(service.root("second")))
        .image("main", TestFleet.OLD_IMAGE_KEY, NEW_IMAGE)
        .manifestBy(TestFleet.OLD_MANIFEST_KEY, NEW_MANIFEST)
        .brings(TestFleet.bootloader("boot-2", NEW_IMAGE.bootAnchor()), TestFleet.OLD_IMAGE_KEY)
        .bridge()
        .make();
  }

  static TestProfile newProfile() {
    return TestProfile.any(NEW_MANIFEST).servers(NEW_SERVER).clientKey(ClientKeyType.P_384);
  }

  Server.Dialling dialling() {
    return service.dialling();
  }

  @Override
  public TestDevice fresh() {
    return fresh;
  }

  @Override
  public void run(TestDevice device) throws IOException {
    device.update(dialling());
  }

  /** From a copy, so that this boot is not a second one. */
  @Override
  public void requireSound(TestDevice device, String cut) throws IOException {
    TestDevice copy = device.copy(PowerSupply.MAINS);
    BootReport report = BootSequence.reset(copy.flash());
    Digest booted = booted(copy, report);
    assertThat(booted)
        .as(cut)
        .isIn(Digest.of(factory.image("main")), Digest.of(next.image("main")));
    long highest = Math.max(TestFleet.FACTORY_COUNTER, next.manifest().securityCounter());
    assertThat(copy.state().securityCounter())
        .as(cut)
        .isBetween(TestFleet.FACTORY_COUNTER, highest);
    // And the other slot, where it is needed: what is on trial can be gone back from.
    BootReport again = BootSequence.reset(copy.flash());
    assertThat(again.isTrial()).as(cut).isFalse();
    assertThat(booted(copy, again))
        .as(cut)
        .isEqualTo(report.isTrial() ? Digest.of(factory.image("main")) : booted);
  }

  private static Digest booted(TestDevice device, BootReport report) throws IOException {
    int length = (int) report.status().primaryBytes();
    return Digest.of(device.flash().region(Region.PRIMARY).read(0, length));
  }

  /**
   * A trial that was cut short counts as not confirmed, for the bootloader cannot tell it from an
   * image that hangs; the attempt after it succeeds.
   */
  @Override
  public void requireEnd(TestDevice device, String cut) throws IOException {
    long counter = device.state().securityCounter();
    UpdateOutcome outcome = device.update(service.dialling());
    if (outcome instanceof Refused refused && refused.reason() == Reason.NOT_CONFIRMED) {
      outcome = device.update(service.dialling());
    }
    assertThat(outcome).as(cut).isInstanceOfAny(Installed.class, UpToDate.class);
    DeviceState state = device.state();
    assertThat(state.running().version()).as(cut).isEqualTo(next.manifest().version());
    assertThat(state.securityCounter())
        .as(cut)
        .isEqualTo(next.manifest().securityCounter())
        .isGreaterThanOrEqualTo(counter);
    assertThat(state.bootloader().trialAnchors()).as(cut).isEmpty();
    requireChanged(state, cut);
  }

  /** What else has to be new in the end. */
  void requireChanged(DeviceState state, String cut) {
    assertThat(state.bootloader().id()).as(cut).isEqualTo("boot-1");
  }
}
