package dev.otasigner.device.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.agent.UpdateOutcome.Installed;
import dev.otasigner.device.agent.UpdateOutcome.Refused;
import dev.otasigner.device.flash.PowerCutException;
import dev.otasigner.device.flash.PowerSupply;
import dev.otasigner.device.flash.PowerSupply.Power;
import dev.otasigner.device.testing.TestAuthority;
import dev.otasigner.device.testing.TestDevice;
import dev.otasigner.device.testing.TestService;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestBuild;
import dev.otasigner.verifier.testing.TestFleet;
import java.io.IOException;
import java.security.KeyPair;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class LabDeviceTests {
  private static final TestAuthority RSA = TestAuthority.rsa();
  private static final KeyPair KEYS = TestAuthority.rsaKeys();

  private final TestService service = new TestService(RSA, TestAuthority.p384());
  private final LabDevice device = device();

  @Test
  void aCopyGoesItsOwnWay() throws IOException {
    service.release("first", build("34.0"));
    LabDevice copy = device.copy();
    assertThat(copy.update()).isEqualTo(new Installed(TestFleet.version("34.0")));
    assertThat(copy.version()).isEqualTo(TestFleet.version("34.0"));
    assertThat(device.version()).isEqualTo(TestFleet.version("33.0"));
  }

  @Test
  void everyOperationCanBeTheLastAndTheNextUpdateGoesOn() throws IOException {
    service.release("first", build("34.0"));
    LabDevice whole = device.copy();
    whole.update();
    assertThat(whole.operations()).isGreaterThan(10);
    for (long at = 1; at <= whole.operations(); at += 7) {
      LabDevice cut = device.copy();
      cut.cutPower(at, Power.CUT_TORN);
      assertThatThrownBy(cut::update).isInstanceOf(PowerCutException.class);
      assertThat(cut.operations()).isEqualTo(at);
      // A cut on trial brings the old build back, and the cycle ends with telling so.
      if (cut.updateUntilIdle() instanceof Refused refused) {
        assertThat(refused.reason()).isEqualTo(Reason.NOT_CONFIRMED);
        cut.updateUntilIdle();
      }
      assertThat(cut.version()).isEqualTo(TestFleet.version("34.0"));
    }
  }

  @Test
  void aCutBeyondTheEndOfAnUpdateDoesNotHappen() throws IOException {
    service.release("first", build("34.0"));
    device.cutPower(1_000_000, Power.CUT_BEFORE);
    assertThat(device.update()).isInstanceOf(Installed.class);
  }

  @Test
  void aSteadyCutIsNone() {
    assertThatThrownBy(() -> device.cutPower(1, Power.STEADY))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> device.cutPower(0, Power.CUT_AFTER))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theClockIsTheTests() throws IOException {
    service.release("first", build("34.0"));
    device.setClock(Clock.fixed(TestService.NEXT_YEAR.plus(Duration.ofDays(1)), ZoneOffset.UTC));
    assertThat(device.update()).asString().contains("EXPIRED");
    assertThat(device.version()).isEqualTo(TestFleet.version("33.0"));
    assertThat(device.steps()).isNotEmpty().first().asString().startsWith("boot ");
  }

  private Made build(String version) {
    return TestBuild.of(version)
        .built(Instant.parse("2026-05-01T00:00:00Z"))
        .profile(
            TestFleet.factoryProfile()
                .knowsToo("ed25519")
                .lineage("first")
                .root(service.root("first"))
                .serverAnchors(Digest.of(new byte[0])))
        .make();
  }

  private LabDevice device() {
    return LabDevice.in(
        TestDevice.at(
                TestDevice.LAYOUT,
                TestFleet.factoryBootloader(),
                ClockClass.RTC,
                build("33.0"),
                service.rootBytes("first"),
                service.rsaIdentity(KEYS))
            .copy(PowerSupply.MAINS)
            .flash(),
        service.dialling(),
        Clock.fixed(TestService.NOW, ZoneOffset.UTC));
  }
}
