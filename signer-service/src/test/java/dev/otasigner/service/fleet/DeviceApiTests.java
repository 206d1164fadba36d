package dev.otasigner.service.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.MovingClock;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.scheduling.annotation.ScheduledAnnotationBeanPostProcessor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

/** Devices enrol, renew and check in over real TLS. */
@ServiceTest
class DeviceApiTests {
  private static final String CBC = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256";
  private static final String GCM = "TLS_AES_256_GCM_SHA384";

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private FleetFixture.Factory factory;
  @Autowired private MovingClock clock;
  @Autowired private CheckIns checkIns;
  @Autowired private DeviceStore store;
  @Autowired private Population population;
  @Autowired private Participants participants;
  @Autowired private ScheduledAnnotationBeanPostProcessor jobs;
  @Autowired private ThreadPoolTaskScheduler scheduler;

  private static Admin admin = Admin.anonymous(0);
  private static int legacy;
  private static int modern;
  private static int enrol;
  private static Digest profile = FleetFixture.MANIFEST;
  private static boolean prepared;
  private static int count;

  @BeforeEach
  void openListenersOnce() {
    if (prepared) {
      return;
    }
    admin = Admin.withEveryRole(port, printed.password());
    profile = FleetFixture.product(admin, factory, "gadget");
    FleetFixture.product(admin, factory, "other");
    legacy = FleetFixture.freePort();
    modern = FleetFixture.freePort();
    enrol = FleetFixture.freePort();
    open("legacy", legacy, "device", "TLSv1.2", CBC, "rsa-2048");
    open("modern", modern, "device", "TLSv1.3", GCM, "p-384");
    open("enrol", enrol, "enrol", "TLSv1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "rsa-2048");
    prepared = true;
  }

  @AfterEach
  void backToNow() {
    clock.reset();
  }

  private static void open(
      String name, int number, String kind, String version, String suite, String key) {
    admin
        .post(
            "/api/v1/listeners",
            "{'name':'"
                + name
                + "','port':"
                + number
                + ",'kind':'"
                + kind
                + "','tls':{'versions':['"
                + version
                + "'],'suites':['"
                + suite
                + "'],'serverKey':'"
                + key
                + "'}}")
        .expect(201);
  }

  private static String nextId() {
    return "d" + ++count;
  }

  private TestDevice enrolled(String id, ClientKeyType type) throws IOException {
    TestDevice device = new TestDevice(type);
    device.install(enrol(id, FleetFixture.manufacture(admin, "gadget", id), device).expect(201));
    return device;
  }

  private Answer enrol(String id, String secret, TestDevice device) throws IOException {
    return device.post(
        enrol, "/device/v1/enrol", FleetFixture.enrolment("gadget", id, secret, device));
  }

  private Answer checkIn(TestDevice device, int listener, long seq) throws IOException {
    return device.post(listener, "/device/v1/checkin", FleetFixture.checkIn(seq, profile));
  }

  private static Answer state(String id) {
    return admin.get("/api/v1/products/gadget/devices/" + id).expect(200);
  }

  @Test
  void rsaDeviceChecksInOverTls12Cbc() throws Exception {
    String id = nextId();
    TestDevice device = enrolled(id, ClientKeyType.RSA_2048).speaking("TLSv1.2", CBC);
    assertThat(checkIn(device, legacy, 1).expect(200).json().integer("nextSeconds", 1, 86400))
        .isPositive();
    assertThat(state(id).string("lastListener")).isEqualTo("legacy");
    assertThat(state(id).json().bool("enrolled")).isTrue();
  }

  @Test
  void p384DeviceChecksInOverTls13() throws Exception {
    String id = nextId();
    TestDevice device = enrolled(id, ClientKeyType.P_384).speaking("TLSv1.3", GCM);
    checkIn(device, modern, 1).expect(200);
    assertThat(state(id).string("lastListener")).isEqualTo("modern");
    assertThat(device.server().get(0).getSigAlgName()).isEqualTo("SHA384withECDSA");
  }

  @Test
  void rsaDeviceMovesToP384OverTheOldListener() throws Exception {
    String id = nextId();
    TestDevice old = enrolled(id, ClientKeyType.RSA_2048).speaking("TLSv1.2", CBC);
    TestDevice next = new TestDevice(ClientKeyType.P_384).speaking("TLSv1.3", GCM);
    next.install(renew(old, legacy, next).expect(201));
    // Until the new key is used, the answer may have been lost: the old one still works.
    checkIn(old, legacy, 1).expect(200);
    checkIn(next, modern, 2).expect(200);
    checkIn(old, legacy, 3).expectProblem(403, "unknown-device");
    assertThat(state(id).json().object("clientCert").string("keyType")).isEqualTo("p-384");
  }

  private static Answer renew(TestDevice device, int listener, TestDevice next) throws IOException {
    return device.post(listener, "/device/v1/renew", Json.object().put("csr", next.csr()).build());
  }

  @Test
  void certificateNamesTheDeviceWhateverTheRequestSays() throws Exception {
    String id = nextId();
    TestDevice device = new TestDevice(ClientKeyType.P_256);
    device.install(
        device
            .post(
                enrol,
                "/device/v1/enrol",
                FleetFixture.enrolment("gadget", id)
                    .put("secret", FleetFixture.manufacture(admin, "gadget", id))
                    .put("csr", device.csr("somebody-else"))
                    .build())
            .expect(201));
    assertThat(device.chain().get(0).getSubjectX500Principal().getName()).isEqualTo("CN=" + id);
    assertThat(String.valueOf(device.chain().get(0).getSubjectAlternativeNames()))
        .contains("urn:ota:device:gadget:" + id);
    assertThat(device.chain().get(0).getBasicConstraints()).isEqualTo(-1);
  }

  @Test
  void deviceListenerRefusesAConnectionWithoutCertificate() {
    TestDevice stranger = new TestDevice(ClientKeyType.RSA_2048).speaking("TLSv1.2", CBC);
    assertThatThrownBy(() -> checkIn(stranger, legacy, 1)).isInstanceOf(IOException.class);
  }

  @Test
  void deviceListenerRefusesACertificateOfAnotherAuthority() throws Exception {
    TestDevice device = enrolled(nextId(), ClientKeyType.RSA_2048).speaking("TLSv1.2", CBC);
    TestDevice forger = new TestDevice(ClientKeyType.RSA_2048).speaking("TLSv1.2", CBC);
    forger.install(ForeignAuthority.like(device.chain().get(0), forger.pair()));
    assertThatThrownBy(() -> checkIn(forger, legacy, 1)).isInstanceOf(IOException.class);
  }

  @Test
  void listenerSpeaksNoOtherVersionAndNoOtherSuite() throws Exception {
    TestDevice device = enrolled(nextId(), ClientKeyType.P_384);
    for (String[] other :
        new String[][] {{"TLSv1.3", GCM}, {"TLSv1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"}}) {
      assertThatThrownBy(() -> checkIn(device.speaking(other[0], other[1]), legacy, 1))
          .isInstanceOf(SSLException.class);
    }
    for (String[] other :
        new String[][] {
          {"TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256"},
          {"TLSv1.3", "TLS_AES_128_GCM_SHA256"},
          {"TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"}
        }) {
      assertThatThrownBy(() -> checkIn(device.speaking(other[0], other[1]), modern, 1))
          .isInstanceOf(SSLException.class);
    }
    checkIn(device.speaking("TLSv1.3", GCM), modern, 1).expect(200);
  }

  @Test
  void expiredCertificateRenewsButDoesNothingElse() throws Exception {
    String id = nextId();
    TestDevice device = enrolled(id, ClientKeyType.P_384);
    checkIn(device, modern, 1).expect(200);
    clock.advance(Duration.ofDays(730 + 179));
    checkIn(device, modern, 2).expectProblem(403, "certificate-expired");
    device
        .get(modern, "/gadget/main/metadata/timestamp.json")
        .expectProblem(403, "certificate-expired");
    TestDevice next = new TestDevice(ClientKeyType.P_384);
    next.install(renew(device, modern, next).expect(201));
    checkIn(next, modern, 2).expect(200);
  }

  @Test
  void certificateExpiredOver180DaysAgoIsNotLetIn() throws Exception {
    TestDevice device = enrolled(nextId(), ClientKeyType.P_384);
    clock.advance(Duration.ofDays(730 + 181));
    assertThatThrownBy(() -> renew(device, modern, device)).isInstanceOf(IOException.class);
  }

  @Test
  void deviceGetsNoFilesOfAnotherProduct() throws Exception {
    TestDevice device = enrolled(nextId(), ClientKeyType.P_384);
    device.get(modern, "/other/main/metadata/timestamp.json").expectProblem(403, "forbidden");
    device.get(modern, "/gadget/main/metadata/none.json").expectProblem(404, "not-found");
  }

  @Test
  void wrongSecretDoesNotEnrol() throws Exception {
    String id = nextId();
    FleetFixture.manufacture(admin, "gadget", id);
    TestDevice device = new TestDevice(ClientKeyType.P_256);
    enrol(id, "otd_wrong", device).expectProblem(403, "enrolment-refused");
  }

  @Test
  void deviceThatWasNotManufacturedDoesNotEnrol() throws Exception {
    enrol("never-made", "otd_any", new TestDevice(ClientKeyType.P_256))
        .expectProblem(403, "enrolment-refused");
  }

  @Test
  void secretGuessingIsSlowedDown() throws Exception {
    String id = nextId();
    FleetFixture.manufacture(admin, "gadget", id);
    TestDevice device = new TestDevice(ClientKeyType.P_256);
    for (int i = 0; i < 5; i++) {
      enrol(id, "otd_wrong" + i, device).expectProblem(403, "enrolment-refused");
    }
    enrol(id, "otd_wrong", device).expectProblem(429, "too-many-attempts");
  }

  @Test
  void lostAnswerIsAskedForAgainWithTheSameKeyOnly() throws Exception {
    String id = nextId();
    String secret = FleetFixture.manufacture(admin, "gadget", id);
    TestDevice device = new TestDevice(ClientKeyType.P_256);
    enrol(id, secret, device).expect(201);
    device.install(enrol(id, secret, device).expect(201));
    enrol(id, secret, new TestDevice(ClientKeyType.P_256)).expectProblem(403, "enrolment-refused");
    checkIn(device, modern, 1).expect(200);
  }

  @Test
  void secretIsSpentOnceTheCertificateWasUsed() throws Exception {
    String id = nextId();
    String secret = FleetFixture.manufacture(admin, "gadget", id);
    TestDevice device = new TestDevice(ClientKeyType.P_256);
    device.install(enrol(id, secret, device).expect(201));
    checkIn(device, modern, 1).expect(200);
    enrol(id, secret, device).expectProblem(403, "enrolment-refused");
  }

  @Test
  void requestSignedByAnotherKeyIsNoProofOfPossession() throws Exception {
    String id = nextId();
    String secret = FleetFixture.manufacture(admin, "gadget", id);
    TestDevice device = new TestDevice(ClientKeyType.P_256);
    String csr = device.csr();
    // The last bytes of the body are the signature's.
    String broken = csr.replaceFirst("....(=*\n-----END)", "AAAA$1");
    device
        .post(
            enrol,
            "/device/v1/enrol",
            FleetFixture.enrolment("gadget", id).put("secret", secret).put("csr", broken).build())
        .expectProblem(400, "bad-request");
  }

  @Test
  void factoryCertificateEnrolsTheKeyTheDeviceWasBornWith() throws Exception {
    ForeignAuthority factoryCa = new ForeignAuthority("Factory");
    admin
        .post(
            "/api/v1/products/gadget/factories",
            Json.object()
                .put("name", "plant" + ++count)
                .put("certificate", factoryCa.pem())
                .build())
        .expect(201);
    String id = nextId();
    FleetFixture.manufacture(admin, "gadget", id);
    TestDevice device = new TestDevice(ClientKeyType.P_256);
    String certificate = factoryCa.certify(id, device.pair());
    TestDevice thief = new TestDevice(ClientKeyType.P_256);
    thief
        .post(
            enrol,
            "/device/v1/enrol",
            FleetFixture.enrolment("gadget", id)
                .put("factoryCert", certificate)
                .put("csr", thief.csr())
                .build())
        .expectProblem(403, "enrolment-refused");
    device.install(
        device
            .post(
                enrol,
                "/device/v1/enrol",
                FleetFixture.enrolment("gadget", id)
                    .put("factoryCert", certificate)
                    .put("csr", device.csr())
                    .build())
            .expect(201));
    checkIn(device, modern, 1).expect(200);
  }

  @Test
  void factoryCertificateOfAnUnknownFactoryEnrolsNothing() throws Exception {
    String id = nextId();
    FleetFixture.manufacture(admin, "gadget", id);
    TestDevice device = new TestDevice(ClientKeyType.P_256);
    device
        .post(
            enrol,
            "/device/v1/enrol",
            FleetFixture.enrolment("gadget", id)
                .put("factoryCert", new ForeignAuthority("Nobody").certify(id, device.pair()))
                .put("csr", device.csr())
                .build())
        .expectProblem(403, "enrolment-refused");
  }

  @Test
  void factoryCertificateOfAnotherDeviceEnrolsNobodyElse() throws Exception {
    ForeignAuthority factoryCa = new ForeignAuthority("Factory");
    admin
        .post(
            "/api/v1/products/gadget/factories",
            Json.object()
                .put("name", "plant" + ++count)
                .put("certificate", factoryCa.pem())
                .build())
        .expect(201);
    String victim = nextId();
    FleetFixture.manufacture(admin, "gadget", victim);
    TestDevice neighbour = new TestDevice(ClientKeyType.P_256);
    neighbour
        .post(
            enrol,
            "/device/v1/enrol",
            FleetFixture.enrolment("gadget", victim)
                .put("factoryCert", factoryCa.certify(nextId(), neighbour.pair()))
                .put("csr", neighbour.csr(victim))
                .build())
        .expectProblem(403, "enrolment-refused");
  }

  @Test
  void recordOfACertificateNamesItAndItsIssuer() throws Exception {
    String id = nextId();
    TestDevice device = enrolled(id, ClientKeyType.P_384);
    assertRecorded("device.enrolled", id, device);
    TestDevice next = new TestDevice(ClientKeyType.P_384);
    next.install(
        device
            .post(modern, "/device/v1/renew", Json.object().put("csr", next.csr(id)).build())
            .expect(201));
    assertRecorded("device.renewed", id, next);
  }

  private static void assertRecorded(String action, String id, TestDevice device)
      throws GeneralSecurityException {
    String certificate = Digest.of(device.chain().get(0).getEncoded()).hex();
    String issuer = Digest.of(device.chain().get(1).getPublicKey().getEncoded()).hex();
    assertThat(admin.get("/api/v1/audit/export").expect(200).text().lines())
        .filteredOn(line -> line.contains(action) && line.contains("gadget/" + id + "\""))
        .singleElement()
        .asString()
        .contains("\"certificate\":\"" + certificate + "\"", "\"issuer\":\"" + issuer + "\"");
  }

  @Test
  void renewalNamesTheDeviceWhateverTheRequestSays() throws Exception {
    String victim = nextId();
    enrolled(victim, ClientKeyType.P_384);
    String id = nextId();
    TestDevice neighbour = enrolled(id, ClientKeyType.P_384);
    TestDevice next = new TestDevice(ClientKeyType.P_384);
    next.install(
        neighbour
            .post(modern, "/device/v1/renew", Json.object().put("csr", next.csr(victim)).build())
            .expect(201));
    assertThat(next.chain().get(0).getSubjectX500Principal().getName()).isEqualTo("CN=" + id);
    assertThat(String.valueOf(next.chain().get(0).getSubjectAlternativeNames()))
        .contains("urn:ota:device:gadget:" + id)
        .doesNotContain(victim);
    checkIn(next, modern, 5).expect(200);
    assertThat(state(id).json().has("lastSeen")).isTrue();
    assertThat(state(victim).json().has("lastSeen")).isFalse();
  }

  @Test
  void sequenceNeverGoesBack() throws Exception {
    TestDevice device = enrolled(nextId(), ClientKeyType.P_384);
    checkIn(device, modern, 7).expect(200);
    checkIn(device, modern, 7).expect(200);
    checkIn(device, modern, 6).expectProblem(409, "stale-sequence");
    device
        .post(
            modern,
            "/device/v1/checkin",
            FleetFixture.report(7, profile).put("securityCounter", 4).build())
        .expectProblem(409, "stale-sequence");
    checkIns.flush();
    checkIn(device, modern, 7).expect(200);
    checkIn(device, modern, 6).expectProblem(409, "stale-sequence");
  }

  @Test
  void checkInIsDurableByItselfWithinAMinute() throws Exception {
    String id = nextId();
    TestDevice device = enrolled(id, ClientKeyType.P_384);
    device
        .post(
            modern,
            "/device/v1/checkin",
            FleetFixture.report(1, profile)
                .put(
                    "outcome",
                    Json.object()
                        .put("version", "34.12.0+0")
                        .put("result", "refused")
                        .put("reason", "image-signature")
                        .build())
                .build())
        .expect(200);
    DeviceKey key = new DeviceKey("gadget", id);
    Instant end = Instant.now().plusSeconds(60);
    while (store.find(key).orElseThrow().report().seq() < 1 && Instant.now().isBefore(end)) {
      TimeUnit.MILLISECONDS.sleep(100); // until the job that nobody here calls has run
    }
    Device recorded = store.find(key).orElseThrow();
    assertThat(recorded.report().seq()).isEqualTo(1);
    assertThat(recorded.seen().orElseThrow().through().orElseThrow().listener())
        .isEqualTo("modern");
    assertThat(recorded.report().outcome().orElseThrow().result()).isEqualTo(Report.Result.REFUSED);
  }

  /** A job that takes long must not keep check-ins from the disk. */
  @Test
  void everyScheduledJobHasAThreadOfItsOwn() {
    assertThat(jobs.getScheduledTasks())
        .hasSizeLessThanOrEqualTo(scheduler.getScheduledThreadPoolExecutor().getCorePoolSize());
  }

  @Test
  void componentsOfACheckInAreTheDevicesState() throws Exception {
    String id = nextId();
    TestDevice device = enrolled(id, ClientKeyType.P_384);
    device
        .post(
            modern,
            "/device/v1/checkin",
            FleetFixture.report(1, profile)
                .put("components", Json.object().put("modem", "2.0.1+0").build())
                .build())
        .expect(200);
    assertThat(population.member("gadget", id).orElseThrow().state().components())
        .isEqualTo(Map.of("modem", new ImageVersion(2, 0, 1, 0)));
    checkIns.flush();
    assertThat(store.find(new DeviceKey("gadget", id)).orElseThrow().report().components())
        .containsOnlyKeys("modem");
    checkIn(device, modern, 2).expect(200);
    checkIns.flush();
    assertThat(population.member("gadget", id).orElseThrow().state().components()).isEmpty();
  }

  @Test
  void componentsThatAreNoneAreRefused() throws Exception {
    TestDevice device = enrolled(nextId(), ClientKeyType.P_384);
    Json.Builder many = Json.object();
    for (int i = 0; i < 65; i++) {
      many.put("c" + i, "1.0.0+0");
    }
    for (Json.Obj components :
        List.of(
            Json.object().put("Modem", "2.0.0+0").build(),
            Json.object().put("modem", "2.0").build(),
            Json.object().put("modem", 2).build(),
            many.build())) {
      device
          .post(
              modern,
              "/device/v1/checkin",
              FleetFixture.report(1, profile).put("components", components).build())
          .expectProblem(400, "bad-request");
    }
  }

  @Test
  void whenAnOutcomeWasToldIsKept() throws Exception {
    String id = nextId();
    TestDevice device = enrolled(id, ClientKeyType.P_384);
    Instant before = Instant.now();
    device
        .post(
            modern,
            "/device/v1/checkin",
            FleetFixture.report(1, profile)
                .put(
                    "outcome",
                    Json.object().put("version", "34.12.0+0").put("result", "reverted").build())
                .build())
        .expect(200);
    Participants.Tried tried = participant(id).tried().orElseThrow();
    assertThat(tried.installed()).isFalse();
    assertThat(tried.at()).isBetween(before.minusMillis(1), Instant.now());
    checkIn(device, modern, 2).expect(200);
    assertThat(participant(id).tried().orElseThrow().at())
        .as("a check-in without an outcome tells of none")
        .isEqualTo(tried.at());
  }

  private Participants.Participant participant(String id) {
    List<Participants.Participant> found = new ArrayList<>();
    DeviceState state = population.member("gadget", id).orElseThrow().state();
    participants.forEach("gadget", state.channel(), state.hardware().id(), found::add);
    return found.stream().filter(p -> p.deviceId().equals(id)).findFirst().orElseThrow();
  }

  @Test
  void checkInWithAFieldMissingOrUnknownIsRefused() throws Exception {
    TestDevice device = enrolled(nextId(), ClientKeyType.P_384);
    device
        .post(modern, "/device/v1/checkin", Json.object().put("seq", 1).build())
        .expectProblem(400, "bad-request");
    device
        .post(
            modern,
            "/device/v1/checkin",
            FleetFixture.report(1, profile).put("bootloaderId", "unheard-of").build())
        .expectProblem(400, "bad-request");
  }

  /** What a device says that it trusts is believed, even when nobody here knows it. */
  @Test
  void aProfileThatIsNotRegisteredIsACohortOfItsOwn() throws Exception {
    String id = nextId();
    TestDevice device = enrolled(id, ClientKeyType.P_384);
    Digest unheardOf = new Digest("5e".repeat(32));
    device
        .post(modern, "/device/v1/checkin", FleetFixture.report(1, unheardOf).build())
        .expect(200);
    assertThat(unregistered()).containsExactly(id + " " + unheardOf.hex());
    checkIn(device, modern, 2).expect(200);
    assertThat(unregistered()).isEmpty();
  }

  private List<String> unregistered() throws Exception {
    List<String> found = new ArrayList<>();
    for (Fields cohort :
        admin.get("/api/v1/products/gadget/cohorts").expect(200).json().objects("cohorts", 99)) {
      if (!cohort.bool("profileRegistered")) {
        found.add(cohort.string("first") + " " + cohort.string("profile"));
      }
    }
    return found;
  }

  @Test
  void enrolmentListenerServesWhatAFactoryWrites() throws Exception {
    TestDevice nobody = new TestDevice(ClientKeyType.P_256);
    String base = "/device/v1/factory/gadget/34.11/board/";
    assertThat(nobody.get(enrol, base + "image").expect(200).text()).isEqualTo("IMAGE of gadget");
    assertThat(nobody.get(enrol, base + "bootloader?bootloader=boot1").expect(200).string("id"))
        .isEqualTo("boot1");
    nobody
        .get(enrol, "/device/v1/factory/gadget/34.99/board/image")
        .expectProblem(404, "not-found");
    nobody.get(enrol, base + "secrets").expectProblem(404, "not-found");
  }
}
