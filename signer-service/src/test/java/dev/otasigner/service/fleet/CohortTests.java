package dev.otasigner.service.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.MovingClock;
import dev.otasigner.service.OnBothDatabases;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.json.Fields;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.transaction.support.TransactionTemplate;

/** Devices are counted by their state, as they are and as they change. */
@OnBothDatabases
@ServiceTest
class CohortTests {
  private static final String CBC = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256";

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private FleetFixture.Factory factory;
  @Autowired private MovingClock clock;
  @Autowired private Cohorts cohorts;
  @Autowired private TransactionTemplate transaction;

  private static int count;
  private static int enrol;
  private static int listener;

  private Admin admin = Admin.anonymous(0);
  private Digest profile = FleetFixture.MANIFEST;
  private String product = "";

  @BeforeEach
  void aProduct() {
    admin = Admin.withEveryRole(port, printed.password());
    product = "co" + ++count;
    profile = FleetFixture.product(admin, factory, product);
    if (enrol == 0) {
      enrol =
          FleetFixture.listener(
              admin,
              "co-enrol",
              "enrol",
              "'versions':['TLSv1.2'],'suites':['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],"
                  + "'serverKey':'rsa-2048'");
      listener =
          FleetFixture.listener(
              admin,
              "co-device",
              "device",
              "'versions':['TLSv1.2'],'suites':['" + CBC + "'],'serverKey':'rsa-2048'");
    }
  }

  @AfterEach
  void backToNow() {
    clock.reset();
  }

  private List<Fields> list(String query) throws RejectedException {
    return admin
        .get("/api/v1/products/" + product + "/cohorts" + query)
        .expect(200)
        .json()
        .objects("cohorts", 100);
  }

  private static long number(Fields cohort, String member) throws RejectedException {
    return cohort.integer(member, 0, Long.MAX_VALUE);
  }

  private void manufacture(String... devices) {
    for (String device : devices) {
      FleetFixture.manufacture(admin, product, device);
    }
  }

  private TestDevice enrolled(String device) throws IOException {
    return FleetFixture.enrolled(admin, enrol, product, device, ClientKeyType.RSA_2048)
        .speaking("TLSv1.2", CBC);
  }

  private void checkIn(TestDevice device, long seq, long counter) throws IOException {
    device
        .post(
            listener,
            "/device/v1/checkin",
            FleetFixture.report(seq, profile).put("securityCounter", counter).build())
        .expect(200);
  }

  @Test
  void devicesNeverHeardOfCountAtTheirFactoryBuild() throws Exception {
    assertThat(list("")).isEmpty();
    manufacture("b", "a", "c");
    Fields one = list("").get(0);
    assertThat(list("")).hasSize(1);
    assertThat(number(one, "count")).isEqualTo(3);
    assertThat(number(one, "unseen")).isEqualTo(3);
    assertThat(one.string("first")).isEqualTo("a");
    assertThat(one.string("version")).isEqualTo("34.11.0+0");
    assertThat(one.has("lastSeen")).isFalse();
    assertThat(one.has("clientKey")).isFalse();
  }

  @Test
  void aDeviceThatSaysSomethingElseIsInAnotherCohort() throws Exception {
    TestDevice a = enrolled("a");
    TestDevice b = enrolled("b");
    checkIn(a, 1, 3);
    checkIn(b, 1, 3);
    Fields both = list("").get(0);
    assertThat(list("")).hasSize(1);
    assertThat(number(both, "count")).isEqualTo(2);
    assertThat(both.string("clientKey")).isEqualTo("rsa-2048");
    clock.advance(Duration.ofMinutes(5));
    checkIn(a, 2, 4);
    List<Fields> apart = list("");
    assertThat(apart).hasSize(2);
    assertThat(number(apart.get(0), "cohort")).isEqualTo(number(both, "cohort"));
    assertThat(apart.get(0).string("first")).isEqualTo("b");
    assertThat(number(apart.get(1), "securityCounter")).isEqualTo(4);
    assertThat(apart.get(1).time("lastSeen")).isAfter(apart.get(0).time("lastSeen"));
    // What was said before, said again, moves nobody.
    checkIn(a, 3, 4);
    assertThat(number(list("").get(1), "cohort")).isEqualTo(number(apart.get(1), "cohort"));
    checkIn(a, 4, 3);
    assertThat(list("")).hasSize(1);
  }

  @Test
  void devicesThatEnrolledAreApartFromThoseThatDidNotAndByTheMonthInWhichTheirCertificateEnds()
      throws Exception {
    manufacture("factory");
    enrolled("now");
    clock.advance(Duration.ofDays(70));
    admin = Admin.withEveryRole(port, printed.password()); // the session has ended
    enrolled("later");
    List<Fields> three = list("");
    assertThat(three).hasSize(3);
    assertThat(three.stream().filter(c -> c.has("certificateFrom"))).hasSize(2);
  }

  @Test
  void filtersTellWhichCohorts() throws Exception {
    manufacture("a");
    checkIn(enrolled("b"), 1, 5);
    assertThat(list("?channel=stable&hardware=board&bootloader=boot1&lineage=main")).hasSize(2);
    assertThat(list("?unseen=true")).hasSize(1);
    assertThat(list("?version=34.12.0%2B0")).isEmpty();
    for (String other :
        List.of("channel=beta", "hardware=x", "bootloader=boot2", "lineage=hybrid")) {
      assertThat(list("?" + other)).as(other).isEmpty();
    }
  }

  @Test
  void devicesOfACohortComeInPages() throws Exception {
    manufacture("a", "b", "c");
    String base =
        "/api/v1/products/"
            + product
            + "/cohorts/"
            + number(list("").get(0), "cohort")
            + "/devices";
    Fields page = admin.get(base + "?limit=2").expect(200).json();
    assertThat(page.objects("devices", 9)).hasSize(2);
    String next = page.string("next");
    Fields rest = admin.get(base + "?from=" + next).expect(200).json();
    assertThat(rest.objects("devices", 9).get(0).string("deviceId")).isEqualTo("c");
    assertThat(rest.has("next")).isFalse();
    admin.get("/api/v1/products/" + product + "/cohorts/0/devices").expectProblem(404, "not-found");
    admin.get("/api/v1/products/nobody/cohorts").expectProblem(404, "not-found");
  }

  /** What a device said is on record, whatever becomes of the question that wrote it down. */
  @Test
  void whatWasHeardOutlastsAQuestionThatIsUndone() throws Exception {
    TestDevice a = enrolled("a");
    checkIn(a, 1, 9);
    transaction.executeWithoutResult(
        status -> {
          assertThat(cohorts.of(product).get(0).state().securityCounter()).isEqualTo(9);
          status.setRollbackOnly();
        });
    assertThat(number(list("").get(0), "securityCounter")).isEqualTo(9);
  }
}
