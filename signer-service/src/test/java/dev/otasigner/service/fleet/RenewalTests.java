package dev.otasigner.service.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.MovingClock;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The one way back in after a certificate has ended, and who does not find it. */
@ServiceTest
class RenewalTests {
  private static final String PRODUCT = "renewals";
  private static final String CBC = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256";
  private static final String GCM = "TLS_AES_256_GCM_SHA384";
  private static final Duration LIFE = Duration.ofDays(730);
  private static final Duration LAST_DAY = LIFE.plusDays(180).minusHours(1);

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private FleetFixture.Factory factory;
  @Autowired private MovingClock clock;
  @Autowired private JdbcClient jdbc;

  private static Admin admin = Admin.anonymous(0);
  private static Digest profile = FleetFixture.MANIFEST;
  private static int legacy;
  private static int modern;
  private static int enrol;
  private static int count;

  private String id = "";

  @BeforeEach
  void openListenersOnce() {
    if (count == 0) {
      admin = Admin.withEveryRole(port, printed.password());
      profile = FleetFixture.product(admin, factory, PRODUCT);
      String twelve = "'versions':['TLSv1.2'],'suites':['" + CBC + "'],'serverKey':'rsa-2048'";
      String thirteen = "'versions':['TLSv1.3'],'suites':['" + GCM + "'],'serverKey':'p-384'";
      legacy = FleetFixture.listener(admin, "renew-legacy", "device", twelve);
      modern = FleetFixture.listener(admin, "renew-modern", "device", thirteen);
      enrol = FleetFixture.listener(admin, "renew-enrol", "enrol", thirteen);
    }
    id = "r" + ++count;
  }

  @AfterEach
  void backToNow() {
    clock.reset();
  }

  private TestDevice enrolled(ClientKeyType type) throws IOException {
    return FleetFixture.enrolled(admin, enrol, PRODUCT, id, type);
  }

  private static Answer renew(TestDevice device, int listener, TestDevice next) throws IOException {
    return device.post(listener, "/device/v1/renew", Json.object().put("csr", next.csr()).build());
  }

  private static Answer checkIn(TestDevice device, int listener, long seq) throws IOException {
    return device.post(listener, "/device/v1/checkin", FleetFixture.checkIn(seq, profile));
  }

  /** A year offline and a new profile: the old key asks for a certificate of the new kind. */
  @Test
  void expiredRsaKeyRenewsToP384OverTls12OnTheLastDay() throws Exception {
    TestDevice old = enrolled(ClientKeyType.RSA_2048).speaking("TLSv1.2", CBC);
    TestDevice next = new TestDevice(ClientKeyType.P_384).speaking("TLSv1.3", GCM);
    clock.advance(LAST_DAY);
    next.install(renew(old, legacy, next).expect(201));
    checkIn(next, modern, 1).expect(200);
    renew(old, legacy, old).expectProblem(403, "unknown-device");
  }

  @Test
  void expiredKeyRenewsItselfOverTls12() throws Exception {
    TestDevice device = enrolled(ClientKeyType.RSA_2048).speaking("TLSv1.2", CBC);
    clock.advance(LAST_DAY);
    checkIn(device, legacy, 1).expectProblem(403, "certificate-expired");
    device.install(renew(device, legacy, device).expect(201));
    checkIn(device, legacy, 1).expect(200);
  }

  /** The worst day to be switched off is the last before the last third, in which devices renew. */
  @Test
  void deviceThatWasOffForAYearFromJustBeforeItWasToRenewIsLetIn() throws Exception {
    TestDevice device = enrolled(ClientKeyType.P_384);
    Duration switchedOff = LIFE.multipliedBy(2).dividedBy(3).minusHours(1);
    clock.advance(switchedOff);
    checkIn(device, modern, 1).expect(200);
    clock.advance(Duration.ofDays(366));
    checkIn(device, modern, 2).expectProblem(403, "certificate-expired");
    device.install(renew(device, modern, device).expect(201));
    checkIn(device, modern, 2).expect(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/device/v1/checkin",
        "/device/v1/renew/",
        "/device/v1//renew",
        "/device/v1/renew;checkin",
        "/device/v1/./renew",
        "/device/v1/%72enew",
        "/renewals/main/metadata/timestamp.json",
        "/renewals/main/targets/device/v1/renew",
        "/renewals/main/metadata/../../../device/v1/renew"
      })
  void expiredCertificateOpensNoOtherPath(String path) throws Exception {
    TestDevice device = enrolled(ClientKeyType.P_384);
    clock.advance(LIFE.plusSeconds(60));
    Json body = Json.object().put("csr", device.csr()).build();
    assertThat(device.post(modern, path, body).status()).as("POST").isIn(400, 403, 404);
    assertThat(device.get(modern, path).status()).as("GET").isIn(400, 403, 404);
    if (path.matches("/device/v1/checkin|/renewals/main/metadata/timestamp.json")) {
      device.get(modern, path).expectProblem(403, "certificate-expired");
    }
    renew(device, modern, device).expect(201);
  }

  @Test
  void certificateThatEndedTooLongAgoIsNotLetInOverTls12() throws Exception {
    TestDevice device = enrolled(ClientKeyType.RSA_2048).speaking("TLSv1.2", CBC);
    checkIn(device, legacy, 1).expect(200); // the listener knows the certificate
    clock.advance(LIFE.plusDays(180).plusHours(1));
    assertThatThrownBy(() -> renew(device, legacy, device)).isInstanceOf(IOException.class);
  }

  /** The session was made in time; the certificate's date is looked at again. */
  @Test
  void sessionThatIsResumedDoesNotRenewTooLongAfterTheEnd() throws Exception {
    TestDevice device = enrolled(ClientKeyType.RSA_2048).speaking("TLSv1.2", CBC).resuming();
    checkIn(device, legacy, 1).expect(200);
    clock.advance(LIFE.plusDays(180).plusHours(1));
    renew(device, legacy, device).expectProblem(403, "certificate-expired");
    assertThat(device.timesShown()).isEqualTo(1);
  }

  @Test
  void certificateThatIsNotValidYetIsNotLetIn() throws Exception {
    TestDevice device = enrolled(ClientKeyType.P_384);
    checkIn(device, modern, 1).expect(200); // the listener knows the certificate
    clock.advance(Duration.ofDays(-2));
    assertThatThrownBy(() -> renew(device, modern, device)).isInstanceOf(IOException.class);
  }

  @Test
  void expiredCertificateOfAnotherAuthorityIsNotLetIn() throws Exception {
    TestDevice device = enrolled(ClientKeyType.RSA_2048).speaking("TLSv1.2", CBC);
    TestDevice forger = new TestDevice(ClientKeyType.RSA_2048).speaking("TLSv1.2", CBC);
    forger.install(ForeignAuthority.like(device.chain().get(0), forger.pair()));
    clock.advance(LIFE.plusDays(1));
    assertThatThrownBy(() -> renew(forger, legacy, forger)).isInstanceOf(IOException.class);
  }

  @Test
  void expiredCertificateOfADeviceThatIsNotOnRecordAnyMoreRenewsNothing() throws Exception {
    TestDevice device = enrolled(ClientKeyType.P_384);
    jdbc.sql("delete from fleet_device where device_id = ?").param(id).update();
    clock.advance(LIFE.plusDays(1));
    renew(device, modern, device).expectProblem(403, "unknown-device");
  }

  /** Who stole the key that was replaced has only the certificate, which still has half a year. */
  @Test
  void expiredKeyThatWasReplacedRenewsNothing() throws Exception {
    TestDevice stolen = enrolled(ClientKeyType.P_384);
    checkIn(stolen, modern, 1).expect(200);
    String secret =
        admin
            .post("/api/v1/products/" + PRODUCT + "/devices/" + id + "/secret", "{}")
            .expect(201)
            .string("secret");
    TestDevice anew = new TestDevice(ClientKeyType.P_384);
    anew.post(enrol, "/device/v1/enrol", FleetFixture.enrolment(PRODUCT, id, secret, anew))
        .expect(201);
    clock.advance(LIFE.plusDays(1));
    renew(stolen, modern, stolen).expectProblem(403, "unknown-device");
  }

  @Test
  void nobodyRenewsWithoutACertificate() {
    TestDevice stranger = new TestDevice(ClientKeyType.P_384);
    assertThatThrownBy(() -> renew(stranger, modern, stranger)).isInstanceOf(IOException.class);
  }

  @Test
  void enrolmentListenerDoesNotRenew() throws Exception {
    TestDevice device = enrolled(ClientKeyType.P_384);
    renew(device, enrol, device).expectProblem(404, "not-found");
  }
}
