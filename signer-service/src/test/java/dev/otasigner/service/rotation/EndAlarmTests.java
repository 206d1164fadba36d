package dev.otasigner.service.rotation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.MovingClock;
import dev.otasigner.service.NothingScheduled;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.catalogue.Catalogue;
import dev.otasigner.service.catalogue.DutyFixture;
import dev.otasigner.service.catalogue.Story;
import dev.otasigner.service.keyring.Keyring;
import dev.otasigner.service.report.Ending;
import dev.otasigner.service.report.EndingSource;
import dev.otasigner.service.report.Support;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.service.watch.Metric;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.Times;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.health.contributor.Health;
import org.springframework.transaction.support.TransactionTemplate;

/** What ends by itself is told in time, by the judgement that people ask. */
@NothingScheduled
class EndAlarmTests extends AtTheBridge {
  private static final int CERTIFICATE_DAYS = 730;

  @Autowired private EndAlarms alarms;
  @Autowired private EndAlarmStore store;
  @Autowired private EndsHealthIndicator health;
  @Autowired private Rotation rotation;
  @Autowired private Keyring keyring;
  @Autowired private FleetFacts fleet;
  @Autowired private AuditLog audit;
  @Autowired private Catalogue catalogue;
  @Autowired private TransactionTemplate transaction;
  @Autowired private MovingClock clock;

  @BeforeEach
  void nothingIsKnown() {
    jdbc.sql("delete from end_alarm").update();
  }

  @AfterEach
  void theRealTime() {
    clock.reset();
  }

  /** Has the rule of one of the product's keys end. */
  private Instant endsIn(String key, int days) {
    Instant end = Instant.now().plus(Duration.ofDays(days)).truncatedTo(ChronoUnit.SECONDS);
    admin
        .post("/api/v1/keys/" + story.named(key) + "/limit", "{'notAfter':'" + end + "'}")
        .expect(200);
    return end;
  }

  private List<Fields> listed() throws RejectedException {
    return admin.get(story.base + "/rotation/alarms").expect(200).json().objects("alarms", 99);
  }

  private Optional<Fields> alarm(String what) throws RejectedException {
    for (Fields alarm : listed()) {
      if (alarm.string("what").equals(what)) {
        return Optional.of(alarm);
      }
    }
    return Optional.empty();
  }

  private String key(String name) {
    return "key " + story.named(name);
  }

  private String root() {
    return "catalogue role root of " + story.product + "/main";
  }

  /** How often it was recorded, which is how often receivers were told. */
  private long told(String what) {
    return jdbc.sql("select count(*) from audit_leaf where record like ? and record like ?")
        .params("%\"alarm.raised\"%", "%\"" + what + "\"%")
        .query(Long.class)
        .single();
  }

  /** As a service that was just started would. */
  private EndAlarms started(EndingSource... sources) {
    return new EndAlarms(
        new Expiries(List.of(sources), fleet, keyring, clock, CERTIFICATE_DAYS),
        store,
        rotation,
        keyring,
        audit,
        transaction,
        clock);
  }

  private EndingSource ofManifestKey(Instant end) {
    String id = keyring.byName(story.named("manifest")).keyId().hex();
    Support support = Support.key(Optional.of(story.product), id, "make another");
    return () -> List.of(new Ending(key("manifest"), end).taking(support));
  }

  /** Keys that a policy does not let sign any more one day are as good as retired then. */
  @Test
  void aDemandOfThePolicyIsAnEndForWeakerKeys() throws Exception {
    Instant from = Instant.now().plus(Duration.ofDays(60)).truncatedTo(ChronoUnit.SECONDS);
    admin
        .put(
            story.base + "/policy",
            "{'keys':[{'purpose':'image','from':'" + from + "','minStrengthBits':192}]}")
        .expect(200);
    alarms.look();
    Fields alarm = alarm("keys that the policy lets sign until " + from).orElseThrow();
    assertThat(alarm.string("stage")).isEqualTo("3-months");
    assertThat(alarm.integer("devices", 0, 9)).isEqualTo(2);
    assertThat(alarm.object("ask").strings("retireKeys", 1000))
        .contains(story.named("image"), story.named("image-next"));
    admin.put(story.base + "/policy", "{}").expect(200);
    alarms.look();
    assertThat(alarm("keys that the policy lets sign until " + from)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"1,12-months", "184,6-months", "276,3-months", "336,1-month", "366,over"})
  void eachStageIsReachedInItsTime(int later, String stage) throws Exception {
    endsIn("manifest", 366);
    alarms.look();
    assertThat(alarm(key("manifest"))).as("more than a year ahead").isEmpty();
    clock.advance(Duration.ofDays(later).plusMinutes(1));
    alarms.look();
    clock.reset();
    assertThat(alarm(key("manifest")).orElseThrow().string("stage")).isEqualTo(stage);
    assertThat(told(key("manifest"))).isEqualTo(1);
  }

  @Test
  void eachStageIsToldOnceHoweverOftenTheServiceLooks() throws Exception {
    Instant end = endsIn("manifest", 366);
    EndingSource source = ofManifestKey(end);
    int told = 0;
    EndAlarms first = started(source);
    for (int days : List.of(2, 182, 92, 60, 30)) {
      clock.advance(Duration.ofDays(days));
      told++;
      first.look();
      first.look();
      started(source).look();
      assertThat(told(key("manifest"))).as("restarted after %d days", days).isEqualTo(told);
    }
  }

  @Test
  void aStageThatPassedWhileTheServiceWasOffIsToldByTheNextOne() throws Exception {
    Instant end = endsIn("manifest", 366);
    started(ofManifestKey(end)).look();
    assertThat(told(key("manifest"))).isZero();
    clock.advance(Duration.ofDays(300));
    started(ofManifestKey(end)).look();
    assertThat(told(key("manifest"))).isEqualTo(1);
    clock.reset();
    assertThat(alarm(key("manifest")).orElseThrow().string("stage")).isEqualTo("3-months");
  }

  @Test
  void twoThatLookAtTheSameMomentTellOnce() throws Exception {
    Instant end = endsIn("manifest", 300);
    ExecutorService threads = Executors.newFixedThreadPool(2);
    Callable<Void> look =
        () -> {
          started(ofManifestKey(end)).look();
          return null;
        };
    for (Future<Void> done : threads.invokeAll(List.of(look, look))) {
      done.get();
    }
    threads.shutdown();
    assertThat(told(key("manifest"))).isEqualTo(1);
    assertThat(listed()).hasSize(1);
  }

  @Test
  void whoIsStrandedByAKeyIsWhatTheImpactOfRetiringItSays() throws Exception {
    Instant end = endsIn("manifest", 300);
    take("d1", "36.14");
    alarms.look();
    Fields alarm = alarm(key("manifest")).orElseThrow();
    assertThat(alarm.time("ends")).isEqualTo(end);
    assertThat(alarm.integer("devices", 0, 9)).isEqualTo(1);
    Fields impact = asked(alarm);
    assertThat(alarm.object("ask").strings("retireKeys", 1000))
        .containsExactly(story.named("manifest"));
    assertThat(explained(alarm)).isEqualTo(explained(impact)).hasSize(1);
    assertThat(alarm.string("text"))
        .contains("1 device would be stranded")
        .contains("1 on 34.11.0+0 by manifest (manifest-rule-not-met)")
        .contains("saved by wait-for-build 36.14.0+0");
  }

  private Fields asked(Fields alarm) throws RejectedException {
    return admin
        .post(story.base + "/rotation/impact", text(alarm.object("ask")))
        .expect(200)
        .json();
  }

  private static String text(Fields object) {
    return new String(object.json().textBytes(), StandardCharsets.UTF_8);
  }

  /** Those who would be stranded, in every word but which builds they would take. */
  private static List<Json> explained(Fields answer) throws RejectedException {
    return stranded(answer).stream().<Json>map(Fields::json).toList();
  }

  @Test
  void whoIsStrandedByARootIsWhatTheImpactSaysForThatTime() throws Exception {
    Instant end = rootEnd("main");
    clock.advance(Duration.between(Instant.now(), end).minusDays(360));
    DutyFixture.renew(catalogue);
    alarms.look();
    clock.reset();
    Fields alarm = alarm(root()).orElseThrow();
    assertThat(alarm.string("stage")).isEqualTo("12-months");
    assertThat(alarm.string("remedy")).contains("the service signs the next root by itself");
    assertThat(explained(alarm)).isEqualTo(explained(asked(alarm))).hasSize(1);
    Fields then =
        admin.post(story.base + "/rotation/impact", "{'at':'" + end + "'}").expect(200).json();
    Fields here = stranded(alarm).get(0);
    Fields there = stranded(then).get(0);
    // Not the repairs: by that time the root of the lineage that they lead to may have ended, too.
    for (String member : List.of("cohort", "count", "devices", "check", "reason")) {
      assertThat(here.json().members().get(member))
          .as(member)
          .isEqualTo(there.json().members().get(member));
    }
    // The root of the lineage that the bridge leads to ends as well.
    Fields next = alarm(root().replace("main", "hybrid")).orElseThrow();
    assertThat(explained(next)).isEqualTo(explained(asked(next))).hasSize(1);
  }

  private Instant rootEnd(String lineage) {
    return java.util.Objects.requireNonNull(catalogue.rootEnds(story.product).get(lineage));
  }

  @Test
  void aRootThatWasSignedAnewClearsItsAlarm() throws Exception {
    clock.advance(Duration.between(Instant.now(), rootEnd("main")).minusDays(360));
    alarms.look();
    assertThat(standing(root())).isTrue();
    clock.advance(Duration.ofDays(120)); // a third of its time is left
    DutyFixture.renew(catalogue);
    alarms.look();
    assertThat(standing(root())).isFalse();
    assertThat(told(root())).isEqualTo(1);
  }

  private boolean standing(String what) {
    return store.standing(story.product).stream().anyMatch(alarm -> alarm.what().equals(what));
  }

  @Test
  void anEndThatEverybodyWasLedPastClearsItsAlarmAndIsToldNoSecondTime() throws Exception {
    endsIn("manifest", 300);
    alarms.look();
    assertThat(standing(key("manifest"))).isTrue();
    take("d1", "36.14");
    take("d2", "36.14");
    alarms.look();
    assertThat(standing(key("manifest"))).isFalse();
    story.device("d3", "34.11");
    alarms.look();
    assertThat(standing(key("manifest"))).isTrue();
    assertThat(told(key("manifest"))).isEqualTo(1);
  }

  @Test
  void whatNoDeviceLeansOnRaisesNoAlarm() throws Exception {
    story.key("unused", "manifest", "ed25519");
    endsIn("unused", 5);
    alarms.look();
    assertThat(standing(key("unused"))).isFalse();
    assertThat(told(key("unused"))).isZero();
  }

  @Test
  void devicesWhoseCertificateEndsUnrenewedAreNamed() throws Exception {
    Instant soon = Instant.now().plus(Duration.ofDays(100));
    jdbc.sql(
            "update fleet_device set cert_not_after = ?, cert_key_type = 'rsa-2048', cohort = null"
                + " where device_id = 'd1'")
        .param(OffsetDateTime.ofInstant(soon, ZoneOffset.UTC))
        .update();
    alarms.look();
    Fields alarm =
        listed().stream().filter(a -> text(a).contains("certificates of")).findAny().get();
    assertThat(alarm.integer("devices", 0, 9)).isEqualTo(1);
    assertThat(alarm.string("stage")).isEqualTo("12-months");
    assertThat(stranded(alarm).get(0).string("reason")).isEqualTo("certificate-expired");
    assertThat(explained(alarm)).isEqualTo(explained(asked(alarm)));
    assertThat(alarm.object("ask").string("at")).isEqualTo(Times.format(alarm.time("ends")));
    // It has dialled in.
    jdbc.sql("update fleet_device set cert_not_after = ?, cohort = null where device_id = 'd1'")
        .param(OffsetDateTime.ofInstant(soon.plus(Duration.ofDays(600)), ZoneOffset.UTC))
        .update();
    alarms.look();
    assertThat(listed()).isEmpty();
  }

  @Test
  void anAuthorityThatDevicesAreCertifiedByEndsForThoseWhoHaveItsCertificate() throws Exception {
    String server = keyring.byName("server-tls-rsa-2048").keyId().hex();
    Instant end = Instant.now().plus(Duration.ofDays(80)).truncatedTo(ChronoUnit.SECONDS);
    Support support = Support.key(Optional.empty(), server, "another authority");
    started(() -> List.of(new Ending("authority test", end).taking(support))).look();
    Fields alarm = alarm("authority test").orElseThrow();
    assertThat(alarm.string("stage")).isEqualTo("3-months");
    assertThat(alarm.integer("devices", 0, 9)).isEqualTo(2);
    assertThat(stranded(alarm).get(0).string("check")).isEqualTo("connection");
  }

  @Test
  void receiversAreToldWithTheImpact() throws Exception {
    admin
        .post(
            "/api/v1/webhooks",
            "{'name':'pager','url':'http://127.0.0.1:9/','events':['end.alarm']}")
        .expect(201);
    try {
      Instant end = endsIn("manifest", 300);
      alarms.look();
      assertThat(jdbc.sql("select body from webhook_delivery").query(String.class).list())
          .singleElement()
          .asString()
          .contains("\"type\":\"end.alarm\"", "\"subject\":\"product:" + story.product + "\"")
          .contains("\"what\":\"" + key("manifest") + "\"", "\"at\":\"" + end + "\"")
          .contains("\"stage\":\"12-months\"", "\"devices\":\"2\"", "\"cohorts\":\"1\"")
          .contains("2 on 34.11.0+0 by manifest (manifest-rule-not-met), saved by wait-for-build");
    } finally {
      admin.delete("/api/v1/webhooks/pager").expect(204);
    }
  }

  @Test
  void healthNamesEachAndIsDegradedWithAMonthLeft() throws Exception {
    endsIn("manifest", 300);
    alarms.look();
    Health far = health.health();
    assertThat(far.getStatus().getCode()).isEqualTo("UP");
    assertThat(far.getDetails().get(story.product + ": " + key("manifest")))
        .asString()
        .contains("2 devices would be stranded");
    endsIn("manifest", 29);
    alarms.look();
    assertThat(health.health().getStatus().getCode()).isEqualTo("DEGRADED");
    assertThat(health.health().getDetails()).hasSize(1);
  }

  @Test
  void metricsCountTheAlarmsAndTheDevices() throws Exception {
    endsIn("manifest", 300);
    endsIn("image", 301);
    alarms.look();
    assertThat(reading(Metric.ENDS_ALARM, "12-months")).isEqualTo(2);
    assertThat(reading(Metric.ENDS_STRANDED, "12-months")).isEqualTo(2);
    assertThat(reading(Metric.ENDS_ALARM, "1-month")).isZero();
    assertThat(health.readings()).anyMatch(reading -> reading.metric() == Metric.ENDS_AGE);
  }

  private double reading(Metric metric, String stage) {
    return health.readings().stream()
        .filter(r -> r.metric() == metric && r.labels().equals(List.of(story.product, stage)))
        .findAny()
        .orElseThrow()
        .value();
  }

  /** A key that is suspended ends as well, and may be needed again. */
  @Test
  void theEndOfASuspendedKeyIsTold() throws Exception {
    endsIn("manifest", 100);
    admin.post("/api/v1/keys/" + story.named("manifest") + "/suspend", "").expect(200);
    alarms.look();
    assertThat(alarm(key("manifest")).orElseThrow().integer("devices", 0, 9)).isEqualTo(2);
  }

  @Test
  void aRoleOfAChannelEndsForTheDevicesThatItListsBuildsFor() throws Exception {
    Instant end = Instant.now().plus(Duration.ofDays(2)).truncatedTo(ChronoUnit.SECONDS);
    for (String role : List.of("stable.gw", "stable.other")) {
      Support support =
          new Support(
              Support.Kind.LINEAGE,
              Optional.of(story.product),
              "main",
              Optional.of(role),
              Duration.ofDays(3),
              "have it signed anew");
      started(() -> List.of(new Ending("catalogue role " + role, end).taking(support))).look();
      assertThat(alarm("catalogue role " + role).isPresent()).isEqualTo(role.equals("stable.gw"));
    }
  }

  @Test
  void aPartThatDoesNotTellWhatEndsHidesNoOtherAndClearsNothing() throws Exception {
    Instant end = endsIn("manifest", 300);
    endsIn("image", 301);
    alarms.look();
    EndAlarms restarted =
        started(
            () -> {
              throw new IllegalStateException("unreadable");
            },
            ofManifestKey(end.minusSeconds(1)));
    restarted.look();
    assertThat(restarted.trouble()).hasValue("not every end is known: see the log");
    assertThat(standing(key("image"))).isTrue();
    assertThat(told(key("manifest"))).as("its end is another one").isEqualTo(2);
    restarted = started(ofManifestKey(end));
    restarted.look();
    assertThat(restarted.trouble()).isEmpty();
    assertThat(standing(key("image"))).as("its source tells of it no more").isFalse();
  }

  @Test
  void anEndThatCanNotBeJudgedIsKeptAndHoldsUpNoOther() throws Exception {
    endsIn("manifest", 300);
    alarms.look();
    Story damaged = story;
    aProductAtItsBridge();
    damaged.device("e1", "34.11");
    endsIn("manifest", 300);
    byte[] profile =
        jdbc.sql("select document from fleet_profile where product = ? and digest = ?")
            .params(damaged.product, legacyOf(damaged))
            .query(byte[].class)
            .single();
    damage(damaged, new byte[] {'{'});
    try {
      alarms.look();
      assertThat(alarms.trouble()).hasValueSatisfying(t -> assertThat(t).contains("not every end"));
      assertThat(health.health().getStatus().getCode()).isEqualTo("DEGRADED");
      assertThat(told(key("manifest"))).isEqualTo(1);
      assertThat(store.standing(damaged.product)).isNotEmpty();
    } finally {
      damage(damaged, profile);
    }
    alarms.look();
    assertThat(alarms.trouble()).isEmpty();
  }

  private String legacyOf(Story of) {
    return admin.get(of.base + "/builds/34.11").expect(200).string("profile");
  }

  private void damage(Story of, byte[] profile) {
    jdbc.sql("update fleet_profile set document = ? where product = ? and digest = ?")
        .params(profile, of.product, legacyOf(of))
        .update();
  }

  @Test
  void alarmsOfNoProductAreNotFound() {
    admin.get("/api/v1/products/nowhere/rotation/alarms").expectProblem(404, "not-found");
  }
}
