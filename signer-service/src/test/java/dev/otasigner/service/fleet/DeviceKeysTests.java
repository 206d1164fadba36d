package dev.otasigner.service.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.Admin;
import dev.otasigner.service.OnBothDatabases;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.service.access.Attempts;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.authority.Authorities;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.ClockClass;
import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

/** Requests of one device that come at the same moment, and a key that somebody stole. */
@OnBothDatabases
@ServiceTest
class DeviceKeysTests {
  private static final String PRODUCT = "twofold";
  private static final String ADDRESS = "192.0.2.7";

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private FleetFixture.Factory factory;
  @Autowired private DeviceStore store;
  @Autowired private JdbcClient jdbc;
  @Autowired private JdbcTemplate batches;
  @Autowired private CheckIns checkIns;
  @Autowired private Bootloaders bootloaders;
  @Autowired private Products products;
  @Autowired private FactoryAuthorities factories;
  @Autowired private Authorities authorities;
  @Autowired private Attempts attempts;
  @Autowired private AuditLog audit;
  @Autowired private TransactionTemplate transaction;

  private static Admin admin = Admin.anonymous(0);
  private static Digest profile = FleetFixture.MANIFEST;
  private static int listener;
  private static int enrol;
  private static int count;

  private DeviceKey key = new DeviceKey(PRODUCT, "none");
  private final TestDevice first = new TestDevice(ClientKeyType.P_256);
  private final TestDevice second = new TestDevice(ClientKeyType.P_256);

  @BeforeEach
  void newDevice() {
    if (count == 0) {
      admin = Admin.withEveryRole(port, printed.password());
      profile = FleetFixture.product(admin, factory, PRODUCT);
      listener = FleetFixture.freePort();
      open(listener, "device");
      enrol = FleetFixture.freePort();
      open(enrol, "enrol");
    }
    key = new DeviceKey(PRODUCT, "t" + ++count);
  }

  private static void open(int number, String kind) {
    admin
        .post(
            "/api/v1/listeners",
            "{'name':'twofold-"
                + kind
                + "','port':"
                + number
                + ",'kind':'"
                + kind
                + "','tls':{'versions':['TLSv1.3'],'suites':['TLS_AES_256_GCM_SHA384'],"
                + "'serverKey':'p-384'}}")
        .expect(201);
  }

  private String manufactured() {
    return FleetFixture.manufacture(admin, PRODUCT, key.deviceId());
  }

  private Enrolment.Wish wish(TestDevice device, String secret) {
    return new Enrolment.Wish(
        key,
        "board",
        "boot1",
        "stable",
        ClockClass.RTC,
        Optional.of(secret),
        Optional.empty(),
        CertificateRequest.read(device.csr()));
  }

  /** Whoever looked the device up before others changed it. */
  private Enrolment lookedUpBefore() {
    Device before = device();
    DeviceStore late =
        new DeviceStore(jdbc, batches) {
          @Override
          Optional<Device> find(DeviceKey wanted) {
            return Optional.of(before);
          }
        };
    return enrolment(late);
  }

  private Enrolment enrolment(DeviceStore devices) {
    return new Enrolment(
        devices,
        checkIns,
        bootloaders,
        products,
        factories,
        authorities,
        attempts,
        audit,
        transaction,
        365);
  }

  private Device device() {
    return store.find(key).orElseThrow();
  }

  private Optional<Digest> present() {
    return device().certified().map(Device.Certified::spki);
  }

  private static void assertRefused(ProblemType type, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(SignerException.class, e -> assertThat(e.type()).isEqualTo(type));
  }

  @Test
  void firstUseOfANewKeyByTwoRequestsAtOnceLeavesItTheDevices() {
    enrolment(store).enrol(wish(first, manufactured()), ADDRESS);
    enrolment(store).renew(device(), CertificateRequest.read(second.csr()));
    store.promote(key, second.spki());
    store.promote(key, second.spki()); // the other one, which had looked the device up by then
    assertThat(present()).contains(second.spki());
    assertThat(device().next()).isEmpty();
  }

  @Test
  void oneSecretEnrolsOneKeyAlsoOfTwoThatAskAtOnce() {
    String secret = manufactured();
    Enrolment late = lookedUpBefore();
    enrolment(store).enrol(wish(first, secret), ADDRESS);
    assertRefused(ProblemType.ENROLMENT_REFUSED, () -> late.enrol(wish(second, secret), ADDRESS));
    assertThat(present()).contains(first.spki());
    late.enrol(wish(first, secret), ADDRESS);
  }

  @Test
  void secretThatWasReplacedMeanwhileEnrolsNothing() {
    String secret = manufactured();
    Enrolment late = lookedUpBefore();
    newSecret();
    assertRefused(ProblemType.ENROLMENT_REFUSED, () -> late.enrol(wish(first, secret), ADDRESS));
    assertThat(present()).isEmpty();
  }

  @Test
  void renewalByTheOldKeyIsOverOnceTheDeviceEnrolledAnew() {
    enrolment(store).enrol(wish(first, manufactured()), ADDRESS);
    Device before = device();
    enrolment(store).enrol(wish(second, newSecret()), ADDRESS);
    CertificateRequest other = CertificateRequest.read(new TestDevice(ClientKeyType.P_256).csr());
    assertRefused(ProblemType.UNKNOWN_DEVICE, () -> enrolment(store).renew(before, other));
    assertThat(device().next()).isEmpty();
  }

  @Test
  void certificateOfTheOldKeyIsNotExtendedOnceTheDeviceEnrolledAnew() {
    enrolment(store).enrol(wish(first, manufactured()), ADDRESS);
    Device before = device();
    enrolment(store).enrol(wish(second, newSecret()), ADDRESS);
    CertificateRequest same = CertificateRequest.read(first.csr());
    assertRefused(ProblemType.UNKNOWN_DEVICE, () -> enrolment(store).renew(before, same));
  }

  private String newSecret() {
    return admin
        .post("/api/v1/products/" + PRODUCT + "/devices/" + key.deviceId() + "/secret", "{}")
        .expect(201)
        .string("secret");
  }

  /** Else whoever stole the key could keep the device from enrolling anew, by checking in. */
  @Test
  void newSecretIsNotSpentByTheKeyThatIsThereAlready() throws IOException {
    first.install(enrolOver(first, manufactured()).expect(201));
    checkIn(first, 1).expect(200);
    String secret = newSecret();
    checkIn(first, 2).expect(200);
    second.install(enrolOver(second, secret).expect(201));
    checkIn(second, 1).expect(200);
    checkIn(first, 3).expectProblem(403, "unknown-device");
    enrolOver(second, secret).expectProblem(403, "enrolment-refused");
  }

  private Admin.Answer enrolOver(TestDevice device, String secret) throws IOException {
    return device.post(
        enrol, "/device/v1/enrol", FleetFixture.enrolment(PRODUCT, key.deviceId(), secret, device));
  }

  private static Admin.Answer checkIn(TestDevice device, long seq) throws IOException {
    return device.post(listener, "/device/v1/checkin", FleetFixture.checkIn(seq, profile));
  }
}
