package dev.otasigner.service.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.ConfigurationRefused;
import dev.otasigner.service.MovingClock;
import dev.otasigner.service.NothingScheduled;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.catalogue.Story;
import dev.otasigner.service.listeners.Listeners;
import dev.otasigner.service.listeners.Terminator;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.service.watch.Metric;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.transaction.support.TransactionTemplate;

/** Whether devices get through is tried with real listeners, and with what stands before them. */
@NothingScheduled
class HandshakeTests extends AtTheBridge {
  private static final String GCM = "TLS_AES_256_GCM_SHA384";

  @Autowired private HandshakesHealthIndicator health;
  @Autowired private HandshakeStore store;
  @Autowired private LiveProfiles profiles;
  @Autowired private NamesGuard names;
  @Autowired private Listeners listeners;
  @Autowired private FleetFacts fleet;
  @Autowired private AuditLog audit;
  @Autowired private TransactionTemplate transaction;
  @Autowired private Rotation rotation;
  @Autowired private MovingClock clock;

  @BeforeEach
  void nothingWasTried() {
    jdbc.sql("delete from handshake_trial").update();
  }

  @AfterEach
  void theRealTime() {
    clock.reset();
  }

  private String path() {
    return story.base + "/rotation/handshakes";
  }

  private List<Fields> tryNow() throws RejectedException {
    return admin.post(path(), "").expect(200).json().objects("handshakes", 200);
  }

  /** A profile like the legacy one, of another server, pins or suite. */
  private String profile(String server, Object ports, String suite, String anchor) {
    return admin
        .post(
            story.base + "/profiles",
            "{'knows':['ecdsa-p256-sha256','ed25519','ml-dsa-65'],'manifest':{'rule':{'all':['"
                + story.named("manifest")
                + "']}},'lineage':{'name':'main'},'minStrengthBits':112,'tls':{'versions':['"
                + (suite.equals(GCM) ? "TLSv1.3" : "TLSv1.2")
                + "'],'suites':['"
                + suite
                + "'],'serverAnchors':['"
                + anchor
                + "'],'clientKey':'rsa-2048'},'servers':['"
                + server
                + "'],'ports':["
                + ports
                + "]}")
        .expect(201)
        .string("digest");
  }

  /** Has a device run a build with this profile, whatever else there is. */
  private void running(String profile) {
    jdbc.sql("update fleet_device set cohort = null, profile = ? where device_id = 'd1'")
        .param(profile)
        .update();
  }

  private Fields of(String profile) throws RejectedException {
    for (Fields result : tryNow()) {
      if (result.string("profile").equals(profile)) {
        return result;
      }
    }
    throw new AssertionError("not tried: " + profile);
  }

  private long recorded() {
    return jdbc.sql("select count(*) from audit_leaf where record like ? and record like ?")
        .params("%\"handshake.failed\"%", "%\"product:" + story.product + "\"%")
        .query(Long.class)
        .single();
  }

  @Test
  void profilesThatDevicesRunAndAreLedToReachTheirListeners() throws Exception {
    List<Fields> results = tryNow();
    assertThat(results).hasSize(2);
    for (Fields result : results) {
      assertThat(result.string("profile")).isIn(legacy, next);
      assertThat(result.bool("reached")).as(result.string("detail")).isTrue();
      assertThat(result.bool("expected")).isTrue();
      assertThat(result.bool("old")).isFalse();
    }
    assertThat(admin.get(path()).expect(200).json().objects("handshakes", 9)).hasSize(2);
    assertThat(health.health().getStatus().getCode()).isEqualTo("UP");
    assertThat(recorded()).isZero();
  }

  @Test
  void theyAreTriedDailyUnlessThatIsTurnedOff() throws Exception {
    daily(false).look();
    assertThat(store.of(story.product)).isEmpty();
    daily(true).look();
    assertThat(store.of(story.product)).hasSize(2);
  }

  private HandshakeTrials daily(boolean on) {
    return new HandshakeTrials(profiles, listeners, fleet, store, audit, transaction, clock, on);
  }

  @Test
  void aSuiteThatTheListenerDoesNotSpeakIsRefusedAndWasToBe() throws Exception {
    String other = profile("localhost", legacyPort, GCM, "server");
    running(other);
    Fields result = of(other);
    assertThat(result.bool("reached")).isFalse();
    assertThat(result.bool("expected")).isFalse();
    assertThat(result.string("reason")).isEqualTo("tls-refused");
    assertThat(recorded()).as("it is no surprise").isZero();
  }

  @Test
  void anAddressWhereNobodyAnswersIsAnAlarmAndCutsOff() throws Exception {
    String elsewhere = profile("127.0.0.2", legacyPort, Story.CBC, "server");
    running(elsewhere);
    assertThat(rotation.of(story.product, Change.NONE).isAllowed()).as("by the table").isTrue();
    Fields result = of(elsewhere);
    assertThat(result.bool("expected")).isTrue();
    assertThat(result.string("reason")).isEqualTo("no-connection");
    tryNow();
    assertThat(recorded()).as("once for two trials").isEqualTo(1);
    Impact.CohortImpact impact = rotation.of(story.product, Change.NONE).stranded().get(0);
    assertThat(impact.cohort().devices()).containsExactly("d1");
    assertThat(impact.obstacle().orElseThrow().check()).isEqualTo("connection");
    assertThat(impact.obstacle().orElseThrow().detail())
        .startsWith("a handshake with 127.0.0.2:" + legacyPort + " at 20")
        .contains("failed (no-connection)")
        .doesNotContain("hours ago");
    clock.advance(Duration.ofHours(49));
    Impact.CohortImpact later = rotation.of(story.product, Change.NONE).stranded().get(0);
    assertThat(later.obstacle().orElseThrow().detail()).contains("more than 48 hours ago");
  }

  @Test
  void aFailureIsInHealthMetricsAndToldUntilNobodyDialsThere() throws Exception {
    admin
        .post(
            "/api/v1/webhooks",
            "{'name':'pager','url':'http://127.0.0.1:9/','events':['handshake.failed']}")
        .expect(201);
    try {
      running(profile("127.0.0.2", legacyPort, Story.CBC, "server"));
      tryNow();
      assertThat(health.health().getStatus().getCode()).isEqualTo("DEGRADED");
      assertThat(health.health().getDetails())
          .containsKey(story.product + ": 127.0.0.2:" + legacyPort);
      assertThat(failed()).isEqualTo(1);
      assertThat(jdbc.sql("select body from webhook_delivery").query(String.class).list())
          .singleElement()
          .asString()
          .contains("\"type\":\"handshake.failed\"", "\"address\":\"127.0.0.2:" + legacyPort + "\"")
          .contains("\"devices\":\"1\"", "\"reason\":\"no-connection\"");
      running(legacy);
      tryNow();
      assertThat(health.health().getStatus().getCode()).isEqualTo("UP");
      assertThat(failed()).isZero();
    } finally {
      admin.delete("/api/v1/webhooks/pager").expect(204);
    }
  }

  private double failed() {
    return health.readings().stream()
        .filter(r -> r.metric() == Metric.HANDSHAKES_FAILED)
        .filter(r -> r.labels().equals(List.of(story.product)))
        .findAny()
        .orElseThrow()
        .value();
  }

  /** What stands before the listener shows a certificate of its own. */
  @Test
  void aTerminatorWithAnotherCertificateIsAnAlarm() throws Exception {
    String before = profile("127.0.0.2", legacyPort, Story.CBC, "server");
    running(before);
    try (Terminator terminator = new Terminator("127.0.0.2", legacyPort, "TLSv1.2", true)) {
      assertThat(terminator.port()).isEqualTo(legacyPort);
      Fields result = of(before);
      assertThat(result.string("reason")).isEqualTo("server-not-trusted");
      assertThat(result.string("detail")).contains("CN=terminator");
    }
    assertThat(recorded()).isEqualTo(1);
  }

  @Test
  void oneAddressOfSeveralIsEnough() throws Exception {
    String two = profile("localhost','127.0.0.2", legacyPort, Story.CBC, "server");
    running(two);
    assertThat(tryNow()).hasSize(4);
    assertThat(rotation.of(story.product, Change.NONE).isAllowed()).isTrue();
    assertThat(health.health().getStatus().getCode()).as("but it is told").isEqualTo("DEGRADED");
  }

  @Test
  void whatWasTriedBeforeAListenerWasOpenedSaysNothingAboutIt() throws Exception {
    running(profile("127.0.0.2", legacyPort, Story.CBC, "server"));
    tryNow();
    assertThat(rotation.of(story.product, Change.NONE).isAllowed()).isFalse();
    jdbc.sql("update handshake_trial set tried = tried - interval '3' day").update();
    assertThat(rotation.of(story.product, Change.NONE).isAllowed()).isTrue();
  }

  @Test
  void noMoreAddressesAreTriedAtATimeThanAreBoundedAndAllInTurn() throws Exception {
    StringBuilder servers = new StringBuilder("127.0.0.2','127.0.0.2");
    for (int i = 3; i < 30; i++) {
      servers.append("','127.0.0.").append(i);
    }
    running(profile(servers.toString(), "1,2,3," + legacyPort, Story.CBC, "server"));
    List<Fields> tried = tryNow();
    assertThat(tried).hasSize(HandshakeTrials.MAX_ADDRESSES);
    assertThat(expected(tried)).as("those first that are to answer").isEqualTo(3);
    tried = tryNow();
    assertThat(tried).as("28 servers on four ports, and the two that were there").hasSize(114);
    assertThat(expected(tried)).isEqualTo(3);
  }

  private static long expected(List<Fields> tried) throws RejectedException {
    long expected = 0;
    for (Fields result : tried) {
      expected += result.bool("expected") ? 1 : 0;
    }
    return expected;
  }

  /** What devices are cut off by for now is no leave to take what serves them otherwise. */
  @Test
  void whatMayPassIsNoExcuse() throws Exception {
    String elsewhere = profile("127.0.0.2", legacyPort, Story.CBC, "server");
    story.build("34.12", elsewhere, "image", "manifest");
    run("d1", "34.12");
    take("d2", "36.14");
    story.build("36.15", next, "image-next", "manifest-ed,manifest-pq");
    story.release("36.15", false).expect(201);
    tryNow();
    Impact.CohortImpact now = rotation.of(story.product, Change.NONE).stranded().get(0);
    assertThat(now.obstacle().orElseThrow().detail()).contains("no-connection");
    Fields refused =
        admin
            .post(story.base + "/releases/stable/gw/36.14/withdraw", "{}")
            .expectProblem(409, "would-strand")
            .json()
            .object("impact");
    assertThat(
            refused.objects("cohorts", 9).stream()
                .flatMap(cohort -> devices(cohort).stream())
                .toList())
        .containsExactly("d1");
  }

  /** Who dials a server that no certificate names goes on to no other: such a start is refused. */
  @Test
  void theServiceDoesNotStartUnderNamesThatLeaveDevicesBehind() throws Exception {
    List<String> all = List.of("localhost", "127.0.0.1", "127.0.0.2");
    List<String> fewer = List.of("localhost", "127.0.0.1");
    names.requireNobodyLeft(all);
    running(profile("127.0.0.2", legacyPort, Story.CBC, "server"));
    assertThatThrownBy(() -> names.requireNobodyLeft(fewer))
        .isInstanceOf(ConfigurationRefused.class)
        .hasMessageStartingWith(
            "signer.listeners.names (--name): without 127.0.0.2 no server that they dial is named"
                + " any more by 1 device of "
                + story.product);
    names.requireNobodyLeft(List.of("localhost", "127.0.0.2", "127.0.0.1"));
    running(legacy);
    names.requireNobodyLeft(fewer);
    assertThat(
            jdbc.sql("select record from audit_leaf where record like ?")
                .param("%\"listener.names-changed\"%")
                .query(String.class)
                .single())
        .contains("\"from\":\"127.0.0.1,127.0.0.2,localhost\"", "\"to\":\"127.0.0.1,localhost\"");
    running(profile("127.0.0.2", legacyPort, Story.CBC, "server"));
    names.requireNobodyLeft(all);
  }

  private static List<String> devices(Fields cohort) {
    try {
      return cohort.strings("devices", 9);
    } catch (RejectedException e) {
      throw new AssertionError(e);
    }
  }

  /** A port that the service could not bind is a door that is shut, and not one that is missing. */
  @Test
  void aListenerThatIsNotOpenServesNobodyAndExcusesNothing() throws Exception {
    jdbc.sql(
            "insert into listener (name, port, kind, versions, suites, tls_groups, server_key,"
                + " opened) select 'shut', 1, kind, versions, suites, tls_groups, server_key,"
                + " opened from listener where name = 'legacy'")
        .update();
    try {
      String shut = profile("localhost", 1, Story.CBC, "server");
      story.build("34.12", shut, "image", "manifest");
      run("d1", "34.12");
      Impact.CohortImpact now = rotation.of(story.product, Change.NONE).stranded().get(0);
      assertThat(now.cohort().devices()).containsExactly("d1");
      assertThat(now.obstacle().orElseThrow().detail())
          .isEqualTo("listener shut, which it would reach, is not open");
      Change other = Change.closing("modern");
      Impact before = rotation.of(story.product, other);
      assertThat(before.stranded())
          .as("its bridge leads to the listener that would close")
          .anyMatch(cohort -> cohort.cohort().devices().contains("d1"));
    } finally {
      jdbc.sql("delete from listener where name = 'shut'").update();
    }
  }

  @Test
  void aProductThatIsNotThereHasNone() {
    admin.get("/api/v1/products/nowhere/rotation/handshakes").expectProblem(404, "not-found");
    admin.post("/api/v1/products/nowhere/rotation/handshakes", "").expectProblem(404, "not-found");
  }
}
