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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;

/** What a connection really agrees on, of classical groups and of the hybrid one. */
@ServiceTest
class HybridListenerTests {
  private static final String PRODUCT = "hybrids";
  private static final String HYBRID = "X25519MLKEM768";
  private static final String GCM = "TLS_AES_256_GCM_SHA384";
  private static final String CBC = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256";

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private FleetFixture.Factory factory;
  @Autowired private MovingClock clock;

  private static Admin admin = Admin.anonymous(0);
  private static Digest profile = FleetFixture.MANIFEST;
  private static int enrol;
  private static int rsa;
  private static int p384;
  private static int count;

  private String id = "";

  @BeforeEach
  void openListenersOnce() {
    if (count == 0) {
      admin = Admin.withEveryRole(port, printed.password());
      profile = FleetFixture.product(admin, factory, PRODUCT);
      enrol = FleetFixture.listener(admin, "hybrid-enrol", "enrol", tls13("", "p-384"));
      rsa = FleetFixture.listener(admin, "hybrid-rsa", "device", tls13(HYBRID, "rsa-2048"));
      p384 = FleetFixture.listener(admin, "hybrid-p384", "device", tls13(HYBRID, "p-384"));
    }
    id = "h" + ++count;
  }

  @AfterEach
  void backToNow() {
    clock.reset();
  }

  private static String tls13(String group, String key) {
    return tls("TLSv1.3", GCM, group, key);
  }

  private static String tls(String version, String suite, String group, String key) {
    return "'versions':['"
        + version
        + "'],'suites':['"
        + suite
        + "'],"
        + (group.isEmpty() ? "" : "'groups':['" + group + "'],")
        + "'serverKey':'"
        + key
        + "'";
  }

  private TestDevice enrolled(ClientKeyType type) throws IOException {
    return FleetFixture.enrolled(admin, enrol, PRODUCT, id, type);
  }

  private static Answer checkIn(TestDevice device, int listener, long seq) throws IOException {
    return device.post(listener, "/device/v1/checkin", FleetFixture.checkIn(seq, profile));
  }

  private String agreed(String member) {
    return admin.get("/api/v1/products/" + PRODUCT + "/devices/" + id).expect(200).string(member);
  }

  private static long counted(String listener, String result, String group) {
    String line =
        "signer_tls_handshakes_total{group=\""
            + group
            + "\",listener=\""
            + listener
            + "\",result=\""
            + result
            + "\"";
    return admin
        .get("/actuator/prometheus")
        .expect(200)
        .text()
        .lines()
        .filter(l -> l.startsWith(line))
        .mapToLong(l -> (long) Double.parseDouble(l.substring(l.lastIndexOf(' '))))
        .sum();
  }

  @Test
  void rsaDeviceAgreesOnTheHybridGroup() throws Exception {
    TestDevice device = enrolled(ClientKeyType.RSA_2048).agreeingOn(HYBRID);
    checkIn(device, rsa, 1).expect(200);
    assertThat(agreed("lastGroup")).isEqualTo(HYBRID);
    assertThat(agreed("lastProtocol")).isEqualTo("TLSv1.3");
    assertThat(device.server().get(0).getPublicKey().getAlgorithm()).isEqualTo("RSA");
    assertThat(counted("hybrid-rsa", "done", HYBRID)).isPositive();
  }

  @Test
  void p384DeviceAgreesOnTheHybridGroup() throws Exception {
    TestDevice device = enrolled(ClientKeyType.P_384).agreeingOn(HYBRID, "secp384r1");
    checkIn(device, p384, 1).expect(200);
    assertThat(agreed("lastGroup")).isEqualTo(HYBRID);
    assertThat(device.server().get(0).getSigAlgName()).isEqualTo("SHA384withECDSA");
  }

  /** As when its new profile wants P-384, and its key is still the old one. */
  @Test
  void rsaDeviceRenewsToP384OnTheHybridListener() throws Exception {
    TestDevice old = enrolled(ClientKeyType.RSA_2048).agreeingOn(HYBRID, "secp384r1");
    TestDevice next = new TestDevice(ClientKeyType.P_384).agreeingOn(HYBRID, "secp384r1");
    next.install(
        old.post(p384, "/device/v1/renew", Json.object().put("csr", next.csr()).build())
            .expect(201));
    checkIn(next, p384, 1).expect(200);
    assertThat(agreed("lastGroup")).isEqualTo(HYBRID);
  }

  @Test
  void expiredCertificateRenewsOnTheHybridListenerAndDoesNothingElse() throws Exception {
    TestDevice device = enrolled(ClientKeyType.P_384).agreeingOn(HYBRID, "secp384r1");
    clock.advance(Duration.ofDays(730 + 179));
    checkIn(device, p384, 1).expectProblem(403, "certificate-expired");
    device
        .post(p384, "/device/v1/renew", Json.object().put("csr", device.csr()).build())
        .expect(201);
    clock.advance(Duration.ofDays(2));
    assertThatThrownBy(() -> checkIn(device, p384, 2)).isInstanceOf(IOException.class);
  }

  @Test
  void clientThatOffersTheClassicalGroupOnlyIsRefusedThoughItIsOfferedBeside() throws Exception {
    TestDevice device = enrolled(ClientKeyType.P_384).agreeingOn("secp384r1");
    long before = counted("hybrid-p384", "failed", "-");
    assertThatThrownBy(() -> checkIn(device, p384, 1))
        .isInstanceOf(IOException.class)
        .hasStackTraceContaining("handshake_failure(40)");
    assertThat(counted("hybrid-p384", "failed", "-")).isEqualTo(before + 1);
    assertThat(counted("hybrid-p384", "done", "secp384r1")).isZero();
  }

  @Test
  void clientThatKnowsNoHybridGroupIsRefused() throws Exception {
    for (ClientKeyType type : new ClientKeyType[] {ClientKeyType.RSA_2048, ClientKeyType.P_384}) {
      id = "h" + ++count;
      TestDevice device = enrolled(type).speaking("TLSv1.3", GCM);
      assertThatThrownBy(() -> checkIn(device, rsa, 1)).isInstanceOf(IOException.class);
      assertThatThrownBy(() -> checkIn(device, p384, 1)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void hybridListenerSpeaksNoOtherSuiteAndNoOtherVersion() throws Exception {
    TestDevice device = enrolled(ClientKeyType.P_384).agreeingOn(HYBRID, "secp384r1");
    for (String[] other :
        new String[][] {
          {"TLSv1.3", "TLS_AES_128_GCM_SHA256"},
          {"TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256"},
          {"TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"}
        }) {
      assertThatThrownBy(() -> checkIn(device.speaking(other[0], other[1]), p384, 1))
          .isInstanceOf(IOException.class);
    }
    checkIn(device.speaking("TLSv1.3", GCM), p384, 1).expect(200);
  }

  @Test
  void hybridListenerLetsInNobodyWithoutACertificate() {
    TestDevice stranger = new TestDevice(ClientKeyType.P_384).agreeingOn(HYBRID, "secp384r1");
    assertThatThrownBy(() -> checkIn(stranger, p384, 1)).isInstanceOf(IOException.class);
  }

  @Test
  void classicalGroupIsReadOffTheConnectionInBothVersions() throws Exception {
    int twelve =
        FleetFixture.listener(
            admin, "groups-12", "device", tls("TLSv1.2", CBC, "secp384r1", "rsa-2048"));
    int thirteen = FleetFixture.listener(admin, "groups-13", "device", tls13("secp521r1", "p-384"));
    TestDevice device = enrolled(ClientKeyType.RSA_2048);
    checkIn(device.speaking("TLSv1.2", CBC), twelve, 1).expect(200);
    assertThat(agreed("lastGroup")).isEqualTo("secp384r1");
    assertThat(agreed("lastProtocol")).isEqualTo("TLSv1.2");
    // The client would rather have x25519, and is asked to begin again.
    checkIn(device.speaking("TLSv1.3", GCM), thirteen, 2).expect(200);
    assertThat(agreed("lastGroup")).isEqualTo("secp521r1");
  }

  @Test
  void classicalListenerRefusesAGroupThatIsNotListedInBothVersions() throws Exception {
    int twelve =
        FleetFixture.listener(
            admin, "other-12", "device", tls("TLSv1.2", CBC, "secp384r1", "rsa-2048"));
    int thirteen =
        FleetFixture.listener(admin, "other-13", "device", tls13("secp384r1", "rsa-2048"));
    TestDevice device = enrolled(ClientKeyType.RSA_2048).agreeingOn("secp256r1");
    assertThatThrownBy(() -> checkIn(device.speaking("TLSv1.2", CBC), twelve, 1))
        .hasStackTraceContaining("handshake_failure(40)");
    assertThatThrownBy(() -> checkIn(device.speaking("TLSv1.3", GCM), thirteen, 1))
        .hasStackTraceContaining("TlsFatalAlertReceived");
    assertThat(counted("other-12", "failed", "-")).isEqualTo(1);
    assertThat(counted("other-13", "failed", "-")).isEqualTo(1);
  }

  /** The JDK's engine takes no EC certificate outside the groups; a profile is judged likewise. */
  @Test
  void deviceWithAnEcKeyNeedsItsCurveAmongTheGroups() throws Exception {
    int others = FleetFixture.listener(admin, "curve-x", "device", tls13("x25519", "p-384"));
    int its = FleetFixture.listener(admin, "curve-p", "device", tls13("secp384r1", "p-384"));
    TestDevice device = enrolled(ClientKeyType.P_384).speaking("TLSv1.3", GCM);
    assertThatThrownBy(() -> checkIn(device, others, 1)).isInstanceOf(IOException.class);
    checkIn(device, its, 1).expect(200);
    id = "h" + ++count;
    TestDevice p256 = enrolled(ClientKeyType.P_256).speaking("TLSv1.3", GCM);
    int own = FleetFixture.listener(admin, "curve-o", "device", tls13("secp256r1", "p-256"));
    int both =
        FleetFixture.listener(admin, "curve-b", "device", tls13("secp256r1','secp384r1", "p-256"));
    assertThatThrownBy(() -> checkIn(p256, own, 1)).isInstanceOf(IOException.class);
    checkIn(p256, both, 1).expect(200);
    assertThat(agreed("lastGroup")).isEqualTo("secp256r1");
    TestDevice rsa = new TestDevice(ClientKeyType.RSA_2048).speaking("TLSv1.3", GCM);
    rsa.install(
        device
            .post(its, "/device/v1/renew", Json.object().put("csr", rsa.csr()).build())
            .expect(201));
    checkIn(rsa, others, 2).expect(200);
  }
}
