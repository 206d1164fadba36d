package dev.otasigner.device.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.agent.UpdateOutcome.Installed;
import dev.otasigner.device.agent.UpdateOutcome.UpToDate;
import dev.otasigner.device.testing.TestDevice;
import dev.otasigner.device.testing.TestService;
import dev.otasigner.device.transport.Server;
import dev.otasigner.device.transport.StatusException;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.tuf.RepositorySimulator;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A device that was switched off for a year, and what became of its service meanwhile. */
class YearOfflineTests extends UpdateBench {
  private static final Instant THEN = TestService.NOW;
  private static final Instant BACK = THEN.plus(Duration.ofDays(365));

  /** A device that was up to date when it was switched off. */
  private TestDevice switchedOff(ClockClass clock, Instant certificateEnds) throws IOException {
    return switchedOff(clock, THEN.minus(Duration.ofDays(1)), certificateEnds);
  }

  private TestDevice switchedOff(ClockClass clock, Instant begins, Instant ends)
      throws IOException {
    TestDevice device = device(clock, begins, ends);
    service.time(THEN);
    service.release("first", build("33.0").make());
    // Its own clock has gone on, and the catalogue that it holds has ended.
    service.lineage("first").expires("timestamp", THEN.plus(Duration.ofDays(7)));
    service.release("first", build("33.0").make());
    assertThat(device.update(service.dialling())).isInstanceOf(UpToDate.class);
    assertThat(service.requestedKeys()).as("it was not due yet").isEmpty();
    device.clock(BACK);
    return device;
  }

  /** Every key was changed, some of them twice, and everything was signed anew. */
  private void aYearPasses() {
    service.time(BACK);
    RepositorySimulator repository = service.lineage("first");
    for (String generation : List.of("-2", "-3")) {
      for (String role : List.of("root", "timestamp", "snapshot", "targets")) {
        repository.keys(role, 1, RepositorySimulator.key(role + generation));
      }
      repository.publishRoot();
    }
    for (String role : List.of("root", "timestamp", "snapshot", "targets", TestService.ROLE)) {
      repository.expires(role, BACK.plus(Duration.ofDays(30)));
    }
    repository.issued(BACK.minusSeconds(60)).publishRoot();
    service.release("first", build("38.0").make(), build("36.0").make());
  }

  @ParameterizedTest
  @EnumSource(ClockClass.class)
  void deviceClimbsTheRootsAndEndsAtTheHead(ClockClass clock) throws IOException {
    TestDevice device = switchedOff(clock, Instant.parse("2079-01-01T00:00:00Z"));
    aYearPasses();
    long before = device.state().rootVersion();
    assertThat(device.update(service.dialling()))
        .isEqualTo(new Installed(TestFleet.version("38.0")));
    assertThat(device.state().rootVersion()).isEqualTo(before + 3);
  }

  /** The one without a clock learns of it from the service's answer. */
  @ParameterizedTest
  @EnumSource(ClockClass.class)
  void certificateThatEndedWithinHalfAYearIsRenewed(ClockClass clock) throws IOException {
    TestDevice device = switchedOff(clock, BACK.minus(Duration.ofDays(170)));
    aYearPasses();
    assertThat(device.update(service.dialling()))
        .isEqualTo(new Installed(TestFleet.version("38.0")));
    assertThat(device.state().clientCert().notAfter()).isAfter(BACK);
    assertThat(service.requestedKeys()).hasSize(1);
  }

  /** The worst day to be switched off: the last on which it was not renewed yet. */
  @ParameterizedTest
  @EnumSource(ClockClass.class)
  void deviceThatWasSwitchedOffJustBeforeItWasToRenewIsLetInAYearLater(ClockClass clock)
      throws IOException {
    Duration life = Duration.ofDays(730);
    Instant ends = THEN.plus(life.dividedBy(3)).plus(Duration.ofHours(1));
    TestDevice device = switchedOff(clock, ends.minus(life), ends);
    aYearPasses();
    assertThat(device.update(service.dialling()))
        .isEqualTo(new Installed(TestFleet.version("38.0")));
    assertThat(device.state().clientCert().notAfter()).isAfter(BACK);
  }

  @Test
  void certificateThatEndedLongerAgoIsANamedEnd() throws IOException {
    TestDevice device = switchedOff(ClockClass.RTC, BACK.minus(Duration.ofDays(181)));
    aYearPasses();
    assertThatThrownBy(() -> device.update(service.dialling()))
        .isInstanceOf(CertificateEndedException.class)
        .hasMessageContaining("ended more than 180 days ago")
        .hasMessageContaining("another one-time secret and a new enrolment");
    assertThat(device.state().running().version()).isEqualTo(TestFleet.FACTORY_VERSION);
  }

  /** The clock is two years ahead, and the certificate has not ended at all. */
  @Test
  void clockThatIsAheadMakesNoEndOfARefusalOfAnotherKind() throws IOException {
    TestDevice device = switchedOff(ClockClass.RTC, THEN.plus(Duration.ofDays(195)));
    device.clock(THEN.plus(Duration.ofDays(800)));
    service.knowsOnly(RSA.keys().getPublic());
    assertThatThrownBy(() -> device.update(service.dialling()))
        .isInstanceOf(StatusException.class)
        .hasMessageContaining("another key is known");
    assertThat(device.steps()).anyMatch(s -> s.endsWith("the service is believed"));
  }

  @ParameterizedTest
  @ValueSource(ints = {409, 500, 503})
  void answerOfAnotherKindIsNotTakenForThatEnd(int status) throws IOException {
    TestDevice device = switchedOff(ClockClass.RTC, BACK.minus(Duration.ofDays(181)));
    Server.Dialling refusing =
        (profile, identity, now, clockRuns) ->
            new TestService.Refusing(path -> new StatusException(path, status, "not now"));
    assertThatThrownBy(() -> device.update(refusing))
        .isNotInstanceOf(CertificateEndedException.class)
        .hasMessageContaining("not now");
  }

  /** The device's own refusal of a server is not the service's of the device. */
  @Test
  void serverThatTheDeviceRefusesIsNotTakenForThatEnd() throws IOException {
    TestDevice device = switchedOff(ClockClass.RTC, BACK.minus(Duration.ofDays(181)));
    Server.Dialling refusing =
        (profile, identity, now, clockRuns) ->
            new TestService.Refusing(
                path -> new SSLHandshakeException("not an authority of the profile"));
    assertThatThrownBy(() -> device.update(refusing))
        .isNotInstanceOf(CertificateEndedException.class)
        .hasMessageContaining("not an authority of the profile");
  }

  @Test
  void serviceThatIsAwayIsNotTakenForThatEnd() throws IOException {
    TestDevice device = switchedOff(ClockClass.RTC, BACK.minus(Duration.ofDays(181)));
    service.failAfter(0);
    service.time(THEN);
    assertThatThrownBy(() -> device.update(service.dialling()))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(CertificateEndedException.class);
  }
}
