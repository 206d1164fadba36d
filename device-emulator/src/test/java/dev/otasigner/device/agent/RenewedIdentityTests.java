package dev.otasigner.device.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.agent.UpdateOutcome.UpToDate;
import dev.otasigner.device.flash.PowerSupply;
import dev.otasigner.device.testing.TestAuthority;
import dev.otasigner.device.testing.TestDevice;
import dev.otasigner.device.testing.TestService;
import dev.otasigner.device.transport.ClientIdentity;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.testing.TestFleet;
import java.io.IOException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a device makes of the answer to a renewal, and what it keeps of the time before. */
class RenewedIdentityTests extends UpdateBench {
  private static final Instant NOW = TestService.NOW;
  private static final UpToDate STAYS = new UpToDate(TestFleet.FACTORY_VERSION);
  private static final PublicKey FIRST = KEYS.getPublic();

  @BeforeEach
  void releaseWhatRuns() {
    service.time(NOW);
    service.release("first", build("33.0").make());
  }

  /** In the last third of its certificate's life. */
  private TestDevice due(ClockClass clock) {
    return device(clock, NOW.minus(days(700)), NOW.plus(days(30)));
  }

  private static Duration days(int days) {
    return Duration.ofDays(days);
  }

  private static PublicKey shown(TestDevice device) throws IOException {
    return OsFlash.of(device.flash()).store().identity().certificate().getPublicKey();
  }

  private static List<PublicKey> earlier(TestDevice device) throws IOException {
    return OsFlash.of(device.flash()).store().identities().earlier().stream()
        .map(held -> held.identity().certificate().getPublicKey())
        .toList();
  }

  private void assertNotRenewed(TestDevice device, String why) throws IOException {
    assertThat(device.update(service.dialling())).isEqualTo(STAYS);
    assertThat(device.steps()).anyMatch(s -> s.startsWith("renew not renewed") && s.contains(why));
    assertThat(shown(device)).isEqualTo(FIRST);
    assertThat(earlier(device)).isEmpty();
    assertThat(service.checkIns()).hasSize(1);
  }

  // --- the answer

  @Test
  void certificateForAnotherDeviceIsNotTaken() throws IOException {
    service.certifies(key -> RSA.device(key, "gw-0002"));
    assertNotRenewed(due(ClockClass.RTC), "the service certified CN=gw-0002");
  }

  @Test
  void certificateUnderAnotherUrnIsNotTaken() throws IOException {
    service.certifies(key -> RSA.device(key, "gw-0001", "urn:ota:device:another:gw-0001"));
    assertNotRenewed(due(ClockClass.RTC), "not this device under its present names");
  }

  @Test
  void certificateThatHasEndedIsNotTaken() throws IOException {
    service.certifies(key -> RSA.device(key, "gw-0001", NOW.minus(days(9)), NOW.minus(days(1))));
    assertNotRenewed(due(ClockClass.RTC), "and it is 2026-06-02T00:00:00Z");
  }

  @Test
  void certificateThatBeginsLongAfterNowIsNotTaken() throws IOException {
    service.certifies(key -> RSA.device(key, "gw-0001", NOW.plus(days(2)), NOW.plus(days(99))));
    assertNotRenewed(due(ClockClass.RTC), "and it is 2026-06-02T00:00:00Z");
  }

  @Test
  void certificateForAnotherKeyIsNotTaken() throws IOException {
    KeyPair foreign = TestAuthority.rsaKeys();
    service.certifies(key -> RSA.device(foreign.getPublic(), "gw-0001"));
    assertNotRenewed(due(ClockClass.RTC), "another key than the one asked for");
  }

  /** The device's clock stands years ago, and only the service's answer tells. */
  @Test
  void clockThatIsWrongIsSetRightBeforeACertificateIsRefusedForItsDates() throws IOException {
    service.certifies(key -> RSA.device(key, "gw-0001", NOW, NOW.plus(days(730))));
    TestDevice device =
        device(ClockClass.RTC, BUILT.minus(days(900)), BUILT.plus(days(30))).clock(Instant.EPOCH);
    assertThat(device.update(service.dialling())).isEqualTo(STAYS);
    assertThat(shown(device)).isEqualTo(service.requestedKeys().get(0));
  }

  // --- what was before

  @Test
  void serviceThatWasRestoredFromBeforeTheRenewalIsServedTheKeyThatItKnows() throws IOException {
    TestDevice device = due(ClockClass.RTC);
    assertThat(device.update(service.dialling())).isEqualTo(STAYS);
    PublicKey second = shown(device);
    assertThat(second).isNotEqualTo(FIRST);
    assertThat(service.checkIns()).as("taken over the new one").hasSize(1);
    service.knowsOnly(FIRST);
    assertThat(device.update(service.dialling())).isEqualTo(STAYS);
    assertThat(service.checkIns()).hasSize(2);
    assertThat(shown(device)).isEqualTo(FIRST);
    // And from there on as ever: it is due, and renews.
    service.knowsEverybody();
    assertThat(device.update(service.dialling())).isEqualTo(STAYS);
    assertThat(shown(device)).isNotIn(FIRST, second);
    assertThat(service.checkIns()).hasSize(3);
  }

  @Test
  void deviceThatNobodyKnowsShowsEachIdentityOnceAndNamesTheFirstRefusal() throws IOException {
    TestDevice device = due(ClockClass.RTC);
    assertThat(device.update(service.dialling())).isEqualTo(STAYS);
    PublicKey second = shown(device);
    service.knowsOnly(RSA.keys().getPublic());
    device.steps().clear();
    assertThatThrownBy(() -> device.update(service.dialling()))
        .hasMessageContaining("another key is known");
    assertThat(device.steps().stream().filter(s -> s.startsWith("identity"))).hasSize(1);
    assertThat(shown(device)).as("nothing was accepted").isEqualTo(second);
    service.knowsOnly(second);
    assertThat(device.update(service.dialling())).isEqualTo(STAYS);
  }

  @Test
  void falseIdentitiesPushOutNoneFromBeforeThem() throws IOException {
    TestDevice device = due(ClockClass.RTC);
    HeldIdentities held = OsFlash.of(device.flash()).store().identities();
    for (int i = 0; i < 5; i++) {
      KeyPair keys = TestAuthority.p384Keys();
      X509Certificate leaf = P384.device(keys.getPublic(), "gw-0001");
      held.renewed(new ClientIdentity(keys.getPrivate(), P384.chainOf(leaf)), NOW);
    }
    assertThat(earlier(device)).hasSize(HeldIdentities.MAX_EARLIER).contains(FIRST);
  }

  @Test
  void identityThatCouldNotBeRenewedAnyMoreIsForgotten() throws IOException {
    TestDevice device = due(ClockClass.RTC);
    HeldIdentities held = OsFlash.of(device.flash()).store().identities();
    held.renewed(service.rsaIdentity(TestAuthority.rsaKeys()), NOW);
    held.renewed(service.rsaIdentity(TestAuthority.rsaKeys()), NOW.plus(days(30 + 179)));
    assertThat(earlier(device)).contains(FIRST);
    held.renewed(service.rsaIdentity(TestAuthority.rsaKeys()), NOW.plus(days(30 + 181)));
    assertThat(earlier(device)).doesNotContain(FIRST);
  }

  // --- a flash that was copied

  @Test
  void copyOfADeviceCountsItsCheckInsOnFromWhereTheServiceIs() throws IOException {
    service.countsCheckIns();
    TestDevice device = device();
    TestDevice copy = device.copy(PowerSupply.MAINS);
    for (int i = 0; i < 3; i++) {
      assertThat(device.update(wire)).isEqualTo(STAYS);
    }
    assertThat(copy.update(wire)).isEqualTo(STAYS);
    assertThat(device.update(wire)).isEqualTo(STAYS);
    assertThat(service.checkIns()).hasSize(5);
    assertThat(service.checkIns().get(4)).contains("\"seq\":5");
  }

  /** Whoever could have a device count to the end of numbers would silence it for good. */
  @Test
  void numberThatIsOutOfAllReasonIsNotCountedOnFrom() throws IOException {
    service.countsCheckIns();
    service.heard(Long.MAX_VALUE - 1);
    TestDevice device = device();
    assertThatThrownBy(() -> device.update(wire)).hasMessageContaining("HTTP 409");
    service.heard(7);
    assertThat(device.update(wire)).isEqualTo(STAYS);
    assertThat(service.checkIns().get(0)).contains("\"seq\":8");
  }
}
