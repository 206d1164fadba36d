package dev.otasigner.service.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.MovingClock;
import dev.otasigner.service.TemporaryData;
import dev.otasigner.verifier.json.Fields;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** Rollouts that the service ends by itself, and those that it does not. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(ServiceFixture.class)
class RolloutWatchTests {
  private static final int DEVICES = 10;

  /** Of ten devices half, once four have executed it. */
  private static final String RULE =
      ",'automaticStop':{'thresholdPercentage':50,'minNumberOfExecutedThings':4";

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private MovingClock clock;
  @Autowired private RolloutWatch watch;
  @Autowired private ReleaseStore store;
  @Autowired private JdbcClient jdbc;

  private static Admin admin = Admin.anonymous(0);
  private static int count;
  private static boolean signedIn;

  @SuppressWarnings("NullAway.Init") // by aProductOfTenDevices()
  private Story story;

  private String profile = "";

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) {
    TemporaryData.register(registry);
    signedIn = false;
  }

  /** Ten devices run 34.11 and are heard; 34.12 is ready. */
  @BeforeEach
  void aProductOfTenDevices() {
    if (!signedIn) {
      admin = Admin.withEveryRole(port, printed.password());
      signedIn = true;
    }
    clock.reset();
    jdbc.sql("delete from fleet_device").update();
    jdbc.sql("delete from rollout_watch").update();
    story = new Story(admin, "w" + ++count);
    profile = story.legacyProfile(8443);
    story.build("34.11", profile, "image", "manifest");
    for (int i = 0; i < DEVICES; i++) {
      story.device("d" + i, "34.11");
    }
    story.build("34.12", profile, "image", "manifest");
  }

  /** The clock has moved on, and sessions with it. */
  private void signInAgain() {
    admin = Admin.withEveryRole(port, printed.password());
    story = story.as(admin);
    signedIn = false;
  }

  private Answer release(String more) {
    return admin.post(
        story.base + "/releases",
        "{'channel':'stable','hardware':'gw','version':'34.12'" + more + "}");
  }

  private Answer step(String step, String body) {
    return admin.post(story.base + "/releases/stable/gw/34.12/" + step, body);
  }

  private Answer show() {
    return admin.get(story.base + "/releases/stable/gw/34.12").expect(200);
  }

  private String state() {
    return show().string("state");
  }

  private OffsetDateTime now() {
    return OffsetDateTime.ofInstant(clock.instant(), ZoneOffset.UTC);
  }

  /** As if the device had checked in with this outcome. */
  private void tells(String device, String result) {
    tells(device, "34.12.0+0", result);
  }

  private void tells(String device, String version, String result) {
    jdbc.sql(
            "update fleet_device set outcome_version = ?, outcome_result = ?,"
                + " outcome_at = ?, last_seen = ? where product = ? and device_id = ?")
        .params(version, result, now(), now(), story.product, device)
        .update();
  }

  /** As if these had checked in with nothing to tell. */
  private void heard(int from, int to) {
    for (int i = from; i < to; i++) {
      jdbc.sql("update fleet_device set last_seen = ? where product = ? and device_id = ?")
          .params(now(), story.product, "d" + i)
          .update();
    }
  }

  private String records() {
    return admin
        .get("/api/v1/audit?about=release:" + story.product + "/stable/gw/34.12.0%2B0")
        .expect(200)
        .text();
  }

  /** Whichever is looked at first is the one in trouble. */
  @Test
  void troubleWithOneReleaseHoldsUpNoOther() {
    story.build("34.13", profile, "image", "manifest");
    release(",'sharePerMille':500" + RULE + "}").expect(201);
    admin
        .post(
            story.base + "/releases",
            "{'channel':'stable','hardware':'gw','version':'34.13','sharePerMille':500"
                + RULE
                + "}}")
        .expect(201);
    List<Release> order =
        store.findByState(ReleaseState.PUBLISHED).stream()
            .filter(release -> release.product().equals(story.product))
            .toList();
    assertThat(order).hasSize(2);
    Release broken = order.get(0);
    Release failing = order.get(1);
    jdbc.sql("update catalogue_release set auto_stop = '{' where id = ?")
        .param(broken.id())
        .update();
    for (int i = 0; i < 5; i++) {
      tells("d" + i, failing.version().toString(), "reverted");
    }
    watch.look();
    assertThat(watch.trouble()).get().asString().contains(broken.name().toString());
    assertThat(store.findById(failing.id()))
        .get()
        .extracting(Release::state)
        .isEqualTo(ReleaseState.PAUSED);
    jdbc.sql("update catalogue_release set auto_stop = null where id = ?")
        .param(broken.id())
        .update();
    watch.look();
    assertThat(watch.trouble()).isEmpty();
  }

  @Test
  void aRolloutIsPausedOnceWhenTooManyFail() throws Exception {
    admin
        .post("/api/v1/webhooks", "{'name':'w','url':'http://127.0.0.1:1/','events':[]}")
        .expect(201);
    release(RULE + "}").expect(201);
    tells("d0", "installed");
    tells("d1", "installed");
    tells("d2", "refused");
    watch.look();
    assertThat(state()).as("three are too few").isEqualTo("published");
    tells("d3", "reverted");
    watch.look();
    assertThat(state()).isEqualTo("paused");
    assertThat(show().string("halted")).contains("2 of 4 devices failed");
    watch.look();
    assertThat(records())
        .containsOnlyOnce("release.halted")
        .contains("\"executed\":\"4\"")
        .contains("\"failed\":\"2\"")
        .contains("\"thresholdPercentage\":\"50\"")
        .contains("system:service");
    assertThat(jdbc.sql("select body from webhook_delivery").query(String.class).list().toString())
        .containsOnlyOnce("release.halted");
    assertThat(health().text()).contains(story.product + "/stable/gw/34.12.0+0");
    assertThat(admin.get("/actuator/prometheus").text())
        .containsPattern("(?m)^signer_releases_halted [1-9]");
    admin.delete("/api/v1/webhooks/w").expect(204);
    step("resume", "{}").expect(200);
    assertThat(health().text()).doesNotContain(story.product + "/stable");
  }

  private Answer health() {
    return Admin.anonymous(port).get("/actuator/health").expect(200);
  }

  @Test
  void whatFailedBeforeItWasResumedIsNotCountedAgain() {
    release(RULE + "}").expect(201);
    for (int i = 0; i < 4; i++) {
      tells("d" + i, "reverted");
    }
    watch.look();
    assertThat(state()).isEqualTo("paused");
    clock.advance(Duration.ofMinutes(1));
    step("resume", "{}").expect(200);
    watch.look();
    assertThat(state()).isEqualTo("published");
  }

  @Test
  void aLargerShareCountsOnWithWhatFailed() {
    release(",'sharePerMille':100" + RULE + "}").expect(201);
    tells("d0", "reverted");
    tells("d1", "reverted");
    tells("d2", "installed");
    clock.advance(Duration.ofMinutes(1));
    step("resume", "{'sharePerMille':1000}").expect(200);
    tells("d3", "installed");
    watch.look();
    assertThat(state()).isEqualTo("paused");
  }

  @Test
  void aRolloutIsStoppedForGoodWhereThatIsAskedFor() {
    release(RULE + ",'action':'stop'}").expect(201);
    for (int i = 0; i < 4; i++) {
      tells("d" + i, "refused");
    }
    watch.look();
    assertThat(state()).isEqualTo("stopped");
    step("resume", "{}").expectProblem(409, "conflict");
  }

  @Test
  void theNewestOutcomeOfADeviceCounts() {
    release(RULE + "}").expect(201);
    for (int i = 0; i < 4; i++) {
      tells("d" + i, "reverted");
    }
    for (int i = 0; i < 4; i++) {
      tells("d" + i, "installed");
    }
    watch.look();
    assertThat(state()).isEqualTo("published");
  }

  @Test
  void withoutARuleNothingIsEnded() {
    release("").expect(201);
    for (int i = 0; i < DEVICES; i++) {
      tells("d" + i, "reverted");
    }
    watch.look();
    assertThat(state()).isEqualTo("published");
  }

  @Test
  void theProductsRuleHoldsUnlessTheReleaseHasItsOwn() {
    jdbc.sql("update fleet_product set policy = ? where name = ?")
        .params(
            "{\"evenMajorsOnly\":false,\"maxCounterStep\":1,\"timestampDays\":7,\"automaticStop\":"
                + "{\"thresholdPercentage\":10,\"minNumberOfExecutedThings\":2}}",
            story.product)
        .update();
    release(",'automaticStop':{'action':'none'}").expect(201);
    tells("d0", "reverted");
    tells("d1", "reverted");
    watch.look();
    assertThat(state()).isEqualTo("published");
    step("resume", "{'automaticStop':{'thresholdPercentage':10,'minNumberOfExecutedThings':3}}")
        .expect(200);
    watch.look();
    assertThat(state()).isEqualTo("published");
    jdbc.sql("update catalogue_release set auto_stop = null").update();
    watch.look();
    assertThat(state()).isEqualTo("paused");
  }

  @Test
  void aRuleThatSaysTooLittleIsRefused() {
    for (String rule :
        new String[] {
          "{}",
          "{'thresholdPercentage':50}",
          "{'thresholdPercentage':0,'minNumberOfExecutedThings':1}",
          "{'thresholdPercentage':101,'minNumberOfExecutedThings':1}",
          "{'thresholdPercentage':5,'minNumberOfExecutedThings':0}",
          "{'thresholdPercentage':5,'minNumberOfExecutedThings':1,'silenceHours':0}",
          "{'thresholdPercentage':5,'minNumberOfExecutedThings':1,'action':'explode'}",
          "{'thresholdPercentage':5,'minNumberOfExecutedThings':1,'treshold':1}"
        }) {
      release(",'automaticStop':" + rule).expectProblem(400, "bad-request");
    }
  }

  @Test
  void aRuleForDevicesThatAreNeverHeardIsWarnedOf() throws Exception {
    Fields warning = release(RULE + "}").expect(201).json().objects("warnings", 9).get(0);
    assertThat(warning.string("code")).isEqualTo("no-check-ins");
    heard(0, 1);
    assertThat(show().json().array("warnings", 9)).isEmpty();
  }

  // silence; six devices are named to go first, four are the others

  private void silentRollout() {
    heard(0, DEVICES);
    release(",'sharePerMille':0" + RULE + ",'silenceHours':24}").expect(201);
    step("devices/test", "{'add':['d0','d1','d2','d3','d4','d5']}").expect(200);
    watch.look();
  }

  /** The service looks on, and these are heard. */
  private void hours(int hours, int from, int to) {
    for (int i = 0; i < hours * 6; i++) {
      clock.advance(Duration.ofMinutes(10));
      heard(from, to);
      watch.look();
    }
    signInAgain();
  }

  @Test
  void aRolloutIsPausedWhenItsDevicesFallSilentAndOthersDoNot() {
    silentRollout();
    hours(23, 3, DEVICES);
    assertThat(state()).isEqualTo("published");
    hours(2, 3, DEVICES);
    assertThat(state()).as("three are too few").isEqualTo("published");
    hours(25, 4, DEVICES);
    assertThat(state()).isEqualTo("paused");
    assertThat(records()).contains("\"silent\":\"4\"").contains("\"silenceHours\":\"24\"");
  }

  @Test
  void silenceOfEverybodyIsNotHeldAgainstABuild() {
    silentRollout();
    hours(50, 0, 0);
    assertThat(state()).isEqualTo("published");
    hours(1, 6, 7);
    assertThat(state()).as("one of four others is heard").isEqualTo("published");
    hours(1, 6, 8);
    assertThat(state()).as("half of the others are").isEqualTo("paused");
  }

  @Test
  void whileTheServiceWasAwaySilenceSaysNothing() {
    silentRollout();
    clock.advance(Duration.ofHours(30));
    heard(6, DEVICES);
    watch.look();
    signInAgain();
    assertThat(state()).isEqualTo("published");
    hours(23, 6, DEVICES);
    assertThat(state()).isEqualTo("published");
    hours(2, 6, DEVICES);
    assertThat(state()).isEqualTo("paused");
  }

  @Test
  void aDeviceThatWasSilentBeforeIsNotCounted() {
    heard(0, DEVICES);
    clock.advance(Duration.ofHours(30));
    signInAgain();
    heard(6, DEVICES);
    release(",'sharePerMille':0" + RULE + ",'silenceHours':24}").expect(201);
    step("devices/test", "{'add':['d0','d1','d2','d3','d4','d5']}").expect(200);
    watch.look();
    hours(26, 6, DEVICES);
    assertThat(state()).isEqualTo("published");
  }
}
