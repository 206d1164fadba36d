package dev.otasigner.service.listeners;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.MovingClock;
import dev.otasigner.service.OnBothDatabases;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.service.fleet.FleetFixture;
import dev.otasigner.service.fleet.TestDevice;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.json.Fields;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.SmartLifecycle;
import org.springframework.jdbc.core.simple.JdbcClient;

/** When a listener is to go, who is on it, and who needs it. */
@OnBothDatabases
@ServiceTest
class ListenerSunsetTests {
  private static final String TLS12 =
      "'versions':['TLSv1.2'],'suites':['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256'],"
          + "'serverKey':'rsa-2048'";

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private FleetFixture.Factory factory;
  @Autowired private MovingClock clock;
  @Autowired private JdbcClient jdbc;
  @Autowired private Listeners listeners;
  @Autowired private ListenerSunsets sunsets;
  @Autowired private List<SmartLifecycle> written;

  private static Admin admin = Admin.anonymous(0);
  private static int enrol;
  private static int count;

  private String name = "";
  private String product = "";

  @BeforeEach
  void nobodyIsOutThere() {
    if (count == 0) {
      admin = Admin.withEveryRole(port, printed.password());
      enrol = FleetFixture.listener(admin, "sunset-enrol", "enrol", TLS12);
    }
    jdbc.sql("delete from fleet_device").update();
    name = "sunset" + ++count;
    product = "sp" + count;
  }

  @AfterEach
  void backToNow() {
    clock.reset();
    for (OpenListener listener : listeners.list()) {
      if (listener.sunset().isPresent()) {
        listeners.setSunset(listener.name(), java.util.Optional.empty());
      }
    }
  }

  private int open() {
    return FleetFixture.listener(admin, name, "device", TLS12);
  }

  private Instant sunsetIn(Duration ahead) {
    Instant at = clock.instant().plus(ahead).truncatedTo(ChronoUnit.SECONDS);
    setSunset("'" + at + "'").expect(200);
    return at;
  }

  private Answer setSunset(String json) {
    return admin.post("/api/v1/listeners/" + name + "/sunset", "{'sunset':" + json + "}");
  }

  private Fields shown() {
    return admin.get("/api/v1/listeners/" + name).expect(200).json();
  }

  /** A product whose profile dials these ports. */
  private Digest product(String ports) {
    FleetFixture.product(admin, factory, product);
    Digest profile =
        new Digest(
            admin
                .post(
                    "/api/v1/products/" + product + "/profiles",
                    FleetFixture.profile(product + "-manifest", ports))
                .expect(201)
                .string("digest"));
    factory.profile(product, profile);
    return profile;
  }

  private void checkIn(String id, int listener, Digest profile) throws IOException {
    TestDevice device =
        FleetFixture.enrolled(admin, enrol, product, id, ClientKeyType.RSA_2048)
            .speaking("TLSv1.2", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256");
    device.post(listener, "/device/v1/checkin", FleetFixture.checkIn(1, profile)).expect(200);
    written.stream()
        .filter(w -> w.getClass().getSimpleName().equals("CheckIns"))
        .forEach(this::write);
  }

  /** What was heard is written when it stops, and else within ten seconds. */
  private void write(SmartLifecycle checkIns) {
    checkIns.stop();
    checkIns.start();
  }

  private static void assertCounts(Fields listener, long devices, long needed)
      throws RejectedException {
    assertThat(listener.integer("devices", 0, 1000)).as("devices").isEqualTo(devices);
    assertThat(listener.integer("needed", 0, 1000)).as("needed").isEqualTo(needed);
  }

  private String health() {
    return Admin.anonymous(port).get("/actuator/health").text();
  }

  private String metric(String metric) {
    return admin
        .get("/actuator/prometheus")
        .expect(200)
        .text()
        .lines()
        .filter(line -> line.startsWith(metric + "{listener=\"" + name + "\"}"))
        .map(line -> line.substring(line.lastIndexOf(' ') + 1))
        .findFirst()
        .orElse("none");
  }

  private long recorded(String action) {
    return admin.get("/api/v1/audit?about=listener:" + name).expect(200).texts("action").stream()
        .filter(action::equals)
        .count();
  }

  @Test
  void sunsetIsSetShownChangedAndTakenBack() throws Exception {
    open();
    assertThat(shown().has("sunset")).isFalse();
    Instant at = sunsetIn(Duration.ofDays(400));
    assertThat(shown().time("sunset")).isEqualTo(at);
    sunsetIn(Duration.ofDays(500));
    assertThat(admin.get("/api/v1/listeners").text()).contains("\"sunset\"");
    setSunset("null").expect(200);
    assertThat(shown().has("sunset")).isFalse();
    setSunset("null").expect(200);
    assertThat(recorded("listener.sunset")).as("what changed nothing is not recorded").isEqualTo(3);
  }

  @Test
  void sunsetIsGivenAtOpening() throws Exception {
    int number = FleetFixture.freePort();
    admin
        .post(
            "/api/v1/listeners",
            "{'name':'"
                + name
                + "','port':"
                + number
                + ",'kind':'device','tls':{"
                + TLS12
                + "},'sunset':'2098-07-01T00:00:00Z'}")
        .expect(201);
    assertThat(shown().time("sunset")).isEqualTo(Instant.parse("2098-07-01T00:00:00Z"));
  }

  @Test
  void sunsetThatIsOverIsRefused() {
    open();
    setSunset("'2020-01-01T00:00:00Z'").expectProblem(400, "bad-request");
  }

  @Test
  void listenerThatIsNotThereHasNoSunset() {
    setSunset("null").expectProblem(404, "not-found");
    admin.get("/api/v1/listeners/" + name).expectProblem(404, "not-found");
  }

  @Test
  void devicesAreCountedWhereTheyWereLastHeardOfAndWhereTheyHaveNoOther() throws Exception {
    int first = open();
    String before = name;
    int other = FleetFixture.freePort();
    Digest profile = product(first + "," + other);
    checkIn("a", first, profile);
    checkIn("b", first, profile);
    FleetFixture.manufacture(admin, product, "never-seen");
    assertCounts(shown(), 2, 3);
    Fields cohort = shown().objects("cohorts", 10).get(0);
    assertThat(cohort.string("product")).isEqualTo(product);
    assertThat(cohort.string("version")).isEqualTo("34.11.0+0");
    assertCounts(cohort, 2, 3);
    name = before + "-b";
    admin
        .post(
            "/api/v1/listeners",
            "{'name':'" + name + "','port':" + other + ",'kind':'device','tls':{" + TLS12 + "}}")
        .expect(201);
    assertCounts(shown(), 0, 0);
    name = before;
    assertCounts(shown(), 2, 0);
    clock.advance(Duration.ofSeconds(61)); // figures of the metrics are a minute old at most
    assertThat(metric("signer_listener_devices")).isEqualTo("2.0");
    assertThat(metric("signer_listener_needed_devices")).isEqualTo("0.0");
  }

  /** Ports may be mapped on the way: what happens counts, whatever the profile says. */
  @Test
  void deviceThatCameThoughItsProfileSaysItCanNotNeedsTheListener() throws Exception {
    int number = open();
    Digest profile = product("65000");
    checkIn("mapped", number, profile);
    assertCounts(shown(), 1, 1);
    sunsetIn(Duration.ofDays(1));
    clock.advance(Duration.ofDays(2));
    sunsets.look();
    assertThat(listeners.list()).extracting(OpenListener::name).contains(name);
  }

  @Test
  void listenerThatNobodyNeedsClosesAtItsSunset() {
    open();
    sunsetIn(Duration.ofDays(1));
    sunsets.look();
    assertThat(listeners.list()).extracting(OpenListener::name).contains(name);
    clock.advance(Duration.ofDays(1).plusSeconds(1));
    sunsets.look();
    assertThat(listeners.list()).extracting(OpenListener::name).doesNotContain(name);
    clock.reset();
    assertThat(recorded("listener.closed")).isEqualTo(1);
    assertThat(printed.text()).contains("listener " + name + " is closed: its time was");
    assertThat(
            jdbc.sql("select count(*) from listener where name = ?")
                .param(name)
                .query(Long.class)
                .single())
        .isZero();
  }

  @Test
  void listenerThatADeviceNeedsStaysOpenAndSaysWho() throws Exception {
    int number = open();
    Digest profile = product(Integer.toString(number));
    checkIn("stays", number, profile);
    Instant at = sunsetIn(Duration.ofDays(1));
    clock.advance(Duration.ofDays(1).plusSeconds(90));
    sunsets.look();
    sunsets.look();
    String who = "1 of " + product + " on 34.11.0+0";
    assertThat(printed.text())
        .containsOnlyOnce(
            "listener " + name + " was to close at " + at + " and stays open: " + who);
    assertThat(health()).contains("\"status\":\"DEGRADED\"").contains("it stays open: " + who);
    assertThat(sunsets.readings())
        .anySatisfy(
            reading -> {
              assertThat(reading.metric().code()).isEqualTo("signer_listener_sunset_seconds");
              assertThat(reading.labels()).containsExactly(name);
              assertThat(reading.value()).isNegative();
            });
    clock.reset();
    assertThat(recorded("listener.kept")).isEqualTo(1);
    checkIn("comes-all-the-same", number, profile);
  }

  @Test
  void sunsetIsToldAYearAheadAndEverMoreOften() throws Exception {
    open();
    sunsetIn(Duration.ofDays(400));
    Duration passed = Duration.ZERO;
    int told = 0;
    for (int left : new int[] {399, 364, 181, 89, 29, 6, 1}) {
      Duration until = Duration.ofDays(400 - left).plusSeconds(60);
      clock.advance(until.minus(passed));
      passed = until;
      sunsets.look();
      sunsets.look();
      told += left == 399 ? 0 : 1;
      assertThat(
              printed.text().lines().filter(l -> l.contains("listener " + name + " is to close")))
          .as(left + " days ahead")
          .hasSize(told);
    }
    assertThat(printed.text()).contains("in 365 days at most: 0 devices are on it, 0 need it");
    clock.reset();
    assertThat(sunsets.endings())
        .anySatisfy(
            ending -> {
              assertThat(ending.what()).isEqualTo("listener " + name);
              assertThat(ending.ahead()).isEqualTo(Duration.ofDays(365));
            });
  }

  @Test
  void healthTellsOfASunsetThatIsToCome() {
    open();
    Instant at = sunsetIn(Duration.ofDays(300));
    assertThat(health()).contains("\"" + name + "\":{\"sunset\":\"" + at + "\"");
  }

  @Test
  void howBigAFleetIsIsForThoseWhoHaveToDoWithItsProduct() throws Exception {
    int number = open();
    Digest profile = product(Integer.toString(number));
    checkIn("secret", number, profile);
    Admin neighbour = admin.newUser(port, "n" + name, "release-engineer@elsewhere");
    Fields seen = neighbour.get("/api/v1/listeners/" + name).expect(200).json();
    assertCounts(seen, 0, 0);
    assertThat(seen.objects("cohorts", 10)).isEmpty();
    Admin own = admin.newUser(port, "o" + name, "release-engineer@" + product);
    assertCounts(own.get("/api/v1/listeners/" + name).expect(200).json(), 1, 1);
  }

  @Test
  void onlyAnAdministratorSetsASunset() {
    open();
    admin
        .newUser(port, "e" + name, "release-engineer")
        .post("/api/v1/listeners/" + name + "/sunset", "{}")
        .expectProblem(403, "forbidden");
  }
}
