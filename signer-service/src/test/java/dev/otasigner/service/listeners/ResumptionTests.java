package dev.otasigner.service.listeners;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.MovingClock;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.service.fleet.FleetFixture;
import dev.otasigner.service.fleet.TestDevice;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSessionContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Sessions that are resumed: that they are, and whom they let in. */
@ServiceTest
class ResumptionTests {
  private static final String PRODUCT = "resumed";

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private FleetFixture.Factory factory;
  @Autowired private MovingClock clock;
  @Autowired private JdbcClient jdbc;

  private static final Map<Version, Integer> LISTENERS = new EnumMap<>(Version.class);
  private static Admin admin = Admin.anonymous(0);
  private static Digest profile = FleetFixture.MANIFEST;
  private static int enrol;
  private static int count;

  private String id = "";

  /** A listener of each version. */
  enum Version {
    TLS12("TLSv1.2", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", ClientKeyType.RSA_2048),
    TLS13("TLSv1.3", "TLS_AES_256_GCM_SHA384", ClientKeyType.P_384);

    private final String code;
    private final String suite;
    private final ClientKeyType key;

    Version(String code, String suite, ClientKeyType key) {
      this.code = code;
      this.suite = suite;
      this.key = key;
    }

    String tls() {
      return "'versions':['"
          + code
          + "'],'suites':['"
          + suite
          + "'],'groups':['secp384r1'],'serverKey':'"
          + key.code()
          + "'";
    }
  }

  @BeforeEach
  void openListenersOnce() {
    if (count == 0) {
      admin = Admin.withEveryRole(port, printed.password());
      profile = FleetFixture.product(admin, factory, PRODUCT);
      enrol = FleetFixture.listener(admin, "resumed-enrol", "enrol", Version.TLS13.tls());
      for (Version version : Version.values()) {
        LISTENERS.put(
            version,
            FleetFixture.listener(
                admin, "resumed-" + version.suite.length(), "device", version.tls()));
      }
    }
    id = "s" + ++count;
  }

  @AfterEach
  void backToNow() {
    clock.reset();
  }

  private interface Try {
    TestDevice run() throws Exception;
  }

  /**
   * The session asked, and not the certificate. Both sides hold sessions softly, so that one may be
   * forgotten when memory is short; three in a row are not.
   */
  private void requireResumed(Try tried) throws Exception {
    int shown = 0;
    for (int i = 0; i < 3 && shown != 1; i++) {
      clock.reset();
      id = "s" + ++count;
      shown = tried.run().timesShown();
    }
    assertThat(shown).isEqualTo(1);
  }

  private static int listener(Version version) {
    return LISTENERS.getOrDefault(version, 0);
  }

  private TestDevice enrolled(Version version) throws IOException {
    return FleetFixture.enrolled(admin, enrol, PRODUCT, id, version.key)
        .speaking(version.code, version.suite)
        .resuming();
  }

  private static Answer checkIn(TestDevice device, Version version, long seq) throws IOException {
    return device.post(listener(version), "/device/v1/checkin", FleetFixture.checkIn(seq, profile));
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void sessionIsResumedWithoutTheCertificate(Version version) throws Exception {
    requireResumed(
        () -> {
          TestDevice device = enrolled(version);
          for (int seq = 1; seq <= 4; seq++) {
            checkIn(device, version, seq).expect(200);
          }
          return device;
        });
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void sessionOutlivesNoCertificate(Version version) throws Exception {
    requireResumed(
        () -> {
          TestDevice device = enrolled(version);
          checkIn(device, version, 1).expect(200);
          clock.advance(Duration.ofDays(731));
          checkIn(device, version, 2).expectProblem(403, "certificate-expired");
          device
              .get(listener(version), "/" + PRODUCT + "/main/metadata/timestamp.json")
              .expectProblem(403, "certificate-expired");
          return device;
        });
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void sessionOfADeviceThatWasRemovedLetsNobodyIn(Version version) throws Exception {
    requireResumed(
        () -> {
          TestDevice device = enrolled(version);
          checkIn(device, version, 1).expect(200);
          jdbc.sql("delete from fleet_device where device_id = ?").param(id).update();
          checkIn(device, version, 2).expectProblem(403, "unknown-device");
          return device;
        });
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void sessionOfAKeyThatWasReplacedLetsNobodyIn(Version version) throws Exception {
    requireResumed(
        () -> {
          TestDevice device = enrolled(version);
          checkIn(device, version, 1).expect(200);
          TestDevice next = new TestDevice(version.key).speaking(version.code, version.suite);
          next.install(
              device
                  .post(
                      listener(version),
                      "/device/v1/renew",
                      Json.object().put("csr", next.csr()).build())
                  .expect(201));
          checkIn(next, version, 2).expect(200);
          checkIn(device, version, 3).expectProblem(403, "unknown-device");
          return device;
        });
  }

  /** What one listener let in is nothing to another, whose policy may be stricter. */
  @Test
  void sessionOfOneListenerIsNotResumedByAnother() throws Exception {
    TestDevice device = enrolled(Version.TLS13);
    checkIn(device, Version.TLS13, 1).expect(200);
    int other =
        FleetFixture.listener(admin, "resumed-other" + count, "device", Version.TLS13.tls());
    device.post(other, "/device/v1/checkin", FleetFixture.checkIn(2, profile)).expect(200);
    assertThat(device.timesShown()).isEqualTo(2);
  }

  @Test
  void sessionsHaveAnEndAndAreCounted() throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, null, null);
    SSLSessionContext sessions = context.getServerSessionContext();
    new SessionLimits(120, 7).limit(sessions);
    assertThat(sessions.getSessionTimeout()).isEqualTo(120);
    assertThat(sessions.getSessionCacheSize()).isEqualTo(7);
    assertThatThrownBy(() -> new SessionLimits(0, 7)).hasMessageContaining("session-seconds");
    assertThatThrownBy(() -> new SessionLimits(120, 0)).hasMessageContaining("sessions");
  }
}
