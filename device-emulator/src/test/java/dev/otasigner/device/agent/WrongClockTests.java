package dev.otasigner.device.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.agent.UpdateOutcome.Installed;
import dev.otasigner.device.agent.UpdateOutcome.Refused;
import dev.otasigner.device.agent.UpdateOutcome.UpToDate;
import dev.otasigner.device.testing.TestAuthority;
import dev.otasigner.device.testing.TestDevice;
import dev.otasigner.device.testing.TestServer;
import dev.otasigner.device.testing.TestService;
import dev.otasigner.device.transport.Server;
import dev.otasigner.device.transport.Timeouts;
import dev.otasigner.device.transport.TlsDialling;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.testing.TestFleet;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A device whose clock is wrong ends where the others do, and believes no more than it has to. */
class WrongClockTests extends UpdateBench {
  private static final Instant NOW = TestService.NOW;
  private static final Duration MONTH = Duration.ofDays(30);

  /** A server whose certificate began lately and ends soon. */
  private TestServer shortLived(TestAuthority authority) {
    return TestServer.start(
        new TestServer.Tls(
            KEYS,
            authority.chainOf(
                authority.serverBetween(KEYS.getPublic(), NOW.minus(MONTH), NOW.plus(MONTH))),
            List.of(RSA.certificate(), P384.certificate()),
            List.of("TLSv1.2"),
            List.of("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256")),
        service.answer());
  }

  private static Server.Dialling to(TestServer server) {
    return new TlsDialling(Map.of(443, server.port()), Timeouts.DEFAULT);
  }

  @ParameterizedTest
  @CsvSource({
    "RTC,     2001-01-01T00:00:00Z",
    "RTC,     2026-06-02T00:00:00Z",
    "RTC,     2039-01-01T00:00:00Z",
    "NETWORK, 1970-01-01T00:00:00Z",
    "NETWORK, 2026-06-02T00:00:00Z",
    "NETWORK, 2039-01-01T00:00:00Z",
    "NONE,    1970-01-01T00:00:00Z",
    "NONE,    2039-01-01T00:00:00Z"
  })
  void deviceEndsAtTheHeadWhateverItsClockSays(ClockClass kind, Instant clock) throws IOException {
    service.time(NOW);
    service.release("first", build("34.0").make());
    try (TestServer dated = shortLived(RSA)) {
      TestDevice device = device(kind).clock(clock);
      assertThat(device.update(to(dated))).isEqualTo(new Installed(TestFleet.version("34.0")));
      assertThat(device.update(to(dated))).isEqualTo(new UpToDate(TestFleet.version("34.0")));
    }
  }

  @Test
  void clockThatIsAheadAlsoOfTheMetadataAloneIsSetRight() throws IOException {
    service.time(NOW);
    service.release("first", build("34.0").make());
    TestDevice device = device(ClockClass.RTC).clock(Instant.parse("2039-01-01T00:00:00Z"));
    assertThat(device.update(wire)).isEqualTo(new Installed(TestFleet.version("34.0")));
    assertThat(device.steps())
        .contains(
            "clock 2039-01-01T00:00:00Z by the clock, 2026-06-02T00:00:00Z by the service:"
                + " the service is believed");
  }

  @Test
  void clockIsNotDoubtedAsLongAsNothingIsRefusedForItsDate() throws IOException {
    service.time(NOW.plus(Duration.ofDays(90)));
    service.release("first", build("34.0").make());
    TestDevice device = device(ClockClass.RTC);
    assertThat(device.update(wire)).isInstanceOf(Installed.class);
    assertThat(device.steps()).noneMatch(s -> s.startsWith("clock"));
  }

  /** A server's key and an old catalogue put no clock back that may be right. */
  @Test
  void clockThatIsAheadByLessThanAYearIsBelievedRatherThanTheService() throws IOException {
    Instant later = TestService.NEXT_YEAR.plus(Duration.ofDays(1));
    service.time(later.minus(Duration.ofDays(364)));
    service.release("first", build("34.0").make());
    TestDevice device = device(ClockClass.RTC).clock(later);
    assertRefused(device, Reason.METADATA_EXPIRED);
    assertThat(device.steps())
        .anyMatch(s -> s.startsWith("clock") && s.endsWith("the clock is believed"));
  }

  /** Whoever has the server's key and old metadata takes a device no further back than it was. */
  @Test
  void noTimeBeforeTheFloorIsBelieved() throws IOException {
    service.time(NOW);
    service.release("first", build("33.0").make());
    TestDevice device = device(ClockClass.RTC);
    assertThat(device.update(wire)).isInstanceOf(UpToDate.class);
    device.clock(Instant.parse("2039-01-01T00:00:00Z"));
    service.time(NOW.minus(Duration.ofDays(5)));
    service
        .lineage("first")
        .issued(NOW.minus(Duration.ofDays(6)))
        .expires("timestamp", NOW.minus(Duration.ofDays(1)));
    service.release("first", build("34.0").make());
    assertRefused(device, Reason.METADATA_EXPIRED);
  }

  @Test
  void serverThatNobodyPinnedDoesNotTellTheTime() throws IOException {
    service.time(NOW);
    service.release("first", build("34.0").make());
    TestAuthority stranger = TestAuthority.rsa();
    try (TestServer dated = shortLived(stranger)) {
      TestDevice device = device(ClockClass.RTC).clock(Instant.EPOCH);
      assertThatThrownBy(() -> device.update(to(dated))).isInstanceOf(IOException.class);
      assertThat(device.steps()).noneMatch(s -> s.startsWith("clock"));
    }
  }

  @Test
  void newBuildSetsItsClockRightOnItsTrialToo() throws IOException {
    service.time(NOW);
    service.release("first", build("34.0").make());
    TestDevice device = device(ClockClass.RTC).clock(Instant.parse("2039-01-01T00:00:00Z"));
    assertThat(device.update(wire)).isNotInstanceOf(Refused.class);
    // Once for the old build, once on trial; by then the new one is confirmed and only reports.
    assertThat(device.steps().stream().filter(s -> s.startsWith("clock"))).hasSize(2);
  }
}
