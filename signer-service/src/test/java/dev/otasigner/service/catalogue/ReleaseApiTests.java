package dev.otasigner.service.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.MovingClock;
import dev.otasigner.service.TemporaryData;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.json.Fields;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** What people decide about releases, over HTTP, with the real judgement and catalogue. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(ServiceFixture.class)
class ReleaseApiTests {
  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private MovingClock clock;
  @Autowired private Catalogue catalogue;
  @Autowired private JdbcClient jdbc;
  @TempDir private Path directory;

  private static Admin admin = Admin.anonymous(0);
  private static int count;
  private static boolean signedIn;

  @SuppressWarnings("NullAway.Init") // by aProduct()
  private Story story;

  private String profile = "";

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) {
    TemporaryData.register(registry);
    signedIn = false;
  }

  @BeforeEach
  void aProduct() {
    if (!signedIn) {
      admin = Admin.withEveryRole(port, printed.password());
      signedIn = true;
    }
    clock.reset();
    story = new Story(admin, "a" + ++count);
    profile = story.legacyProfile(8443);
  }

  /** The clock has moved on, and sessions with it. */
  private void signInAgain() {
    admin = Admin.withEveryRole(port, printed.password());
    story = story.as(admin);
    signedIn = false;
  }

  private void build(String version, String more) {
    story.build(version, profile, "image", "manifest", more);
  }

  /** 34.11, which device d1 runs, and 34.12. */
  private void twoBuilds() {
    build("34.11", "");
    story.device("d1", "34.11");
    build("34.12", "");
  }

  private Answer release(String version, String more) {
    return admin.post(
        story.base + "/releases",
        "{'channel':'stable','hardware':'gw','version':'" + version + "'" + more + "}");
  }

  private Answer step(String version, String step, String body) {
    return admin.post(story.base + "/releases/stable/gw/" + version + "/" + step, body);
  }

  private Answer show(String version) {
    return admin.get(story.base + "/releases/stable/gw/" + version).expect(200);
  }

  private Head head() throws Exception {
    return new HttpCatalogue(port, story.product, "main", false, directory.resolve("main"))
        .head(clock.instant());
  }

  private String audit(String version) {
    return admin
        .get("/api/v1/audit?about=release:" + story.product + "/stable/gw/" + version + ".0%2B0")
        .expect(200)
        .text();
  }

  // notes

  @Test
  void notesAreShownAndKeptOverReListing() {
    twoBuilds();
    release("34.12", ",'notes':'fixes the valve\\nsee 4711','sharePerMille':100").expect(201);
    release("34.12", ",'sharePerMille':200").expect(201);
    step("34.12", "withdraw", "{}").expect(200);
    step("34.12", "resume", "{}").expect(200);
    assertThat(show("34.12").string("notes")).isEqualTo("fixes the valve\nsee 4711");
    assertThat(admin.get(story.base + "/releases").text()).contains("see 4711");
    release("34.12", ",'notes':''").expect(201);
    assertThat(show("34.12").string("notes")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"\\u001b[2J", "a\\tb", "\\u009b1m", "\\u202eTUO", "\\u2066x", "\\r"})
  void notesThatDriveATerminalAreRefused(String notes) {
    twoBuilds();
    assertThat(
            release("34.12", ",'notes':'" + notes + "'").expectProblem(400, "bad-request").text())
        .contains("notes");
    assertThat(admin.get(story.base + "/releases").text()).doesNotContain("34.12");
  }

  @Test
  void notesOfMoreThanFourThousandCharactersAreRefused() {
    twoBuilds();
    release("34.12", ",'notes':'" + "n".repeat(4001) + "'").expectProblem(400, "bad-request");
    release("34.12", ",'notes':'" + "n".repeat(4000) + "'").expect(201);
  }

  @Test
  void aMisspeltMemberIsRefused() {
    twoBuilds();
    assertThat(release("34.12", ",'sharePermille':10").expectProblem(400, "bad-request").text())
        .contains("sharePermille");
  }

  // what a build depends on

  @Test
  void whatABuildDependsOnIsShown() throws Exception {
    build("34.11", "");
    story.device("d1", "34.11");
    build("34.12", ",'from':[{'min':'34.11','max':'34.11.5'}]");
    release("34.12", "").expect(201);
    for (Fields shown :
        List.of(
            show("34.12").json(),
            admin.get(story.base + "/releases").json().objects("releases", 9).get(0))) {
      assertThat(shown.objects("from", 9).get(0).string("max")).isEqualTo("34.11.5+0");
      assertThat(shown.array("requires", 9)).isEmpty();
    }
  }

  @Test
  void aBuildThatNobodyOfTheChannelMayComeFromIsRefused() {
    build("34.11", "");
    build("34.12", "");
    build("34.13", ",'from':[{'min':'34.12','max':'34.12'}]");
    story.device("d1", "34.11");
    assertThat(release("34.13", "").expectProblem(422, "refused").text()).contains("not-from-here");
  }

  @Test
  void aBuildIsReleasedWhereAnotherReleaseLeadsToWhatItComesFrom() throws Exception {
    build("34.11", "");
    build("34.12", "");
    build("34.13", ",'from':[{'min':'34.12','max':'34.12'}]");
    story.device("d1", "34.11");
    release("34.12", "").expect(201);
    Answer released = release("34.13", "").expect(201);
    assertThat(released.json().array("warnings", 9)).isEmpty();
    assertThat(head().candidates()).hasSize(2);
  }

  @Test
  void devicesThatNothingLeadsToWhereABuildIsTakenFromAreNamed() throws Exception {
    build("34.10", "");
    build("34.11", "");
    build("34.13", ",'from':[{'min':'34.11','max':'34.12'}]");
    story.device("d1", "34.11");
    story.device("d0", "34.10");
    Fields warning = release("34.13", "").expect(201).json().objects("warnings", 9).get(0);
    assertThat(warning.string("code")).isEqualTo("not-from-here");
    assertThat(warning.string("detail")).contains("d0 on 34.10.0+0");
    assertThat(warning.integer("count", 0, 9)).isEqualTo(1);
    release("34.11", "").expect(201);
    assertThat(show("34.13").json().array("warnings", 9)).isEmpty();
  }

  @Test
  void aBuildWhoseComponentNobodyHasIsRefused() {
    build("34.11", "");
    build("34.12", ",'requires':[{'component':'modem','min':'2.0'}]");
    story.device("d1", "34.11");
    assertThat(release("34.12", "").expectProblem(422, "refused").text())
        .contains("component-missing")
        .contains("modem 2.0.0+0 or newer");
  }

  @Test
  void aDeviceThatHasTheComponentTakesWhatRequiresIt() throws Exception {
    build("34.11", "");
    build("34.12", ",'requires':[{'component':'modem','min':'2.0'}]");
    story.device("d1", "34.11");
    story.device("d2", "34.11");
    jdbc.sql(
            "update fleet_device set cohort = null, components = ? where product = ? and device_id = 'd1'")
        .params("{\"modem\":\"2.0.1+0\"}", story.product)
        .update();
    Fields warning = release("34.12", "").expect(201).json().objects("warnings", 9).get(0);
    assertThat(warning.string("code")).isEqualTo("component-missing");
    assertThat(warning.string("detail")).contains("d2 on 34.11.0+0");
    assertThat(warning.integer("count", 0, 9)).isEqualTo(1);
  }

  // share

  @Test
  void aLowerShareIsRefusedUnlessItIsMeant() throws Exception {
    twoBuilds();
    release("34.12", ",'sharePerMille':500").expect(201);
    assertThat(release("34.12", ",'sharePerMille':499").expectProblem(409, "conflict").text())
        .contains("keep it");
    step("34.12", "resume", "{'sharePerMille':100}").expectProblem(409, "conflict");
    step("34.12", "pause", "{}").expect(200);
    step("34.12", "resume", "{'sharePerMille':100}").expectProblem(409, "conflict");
    step("34.12", "resume", "{'sharePerMille':100,'lowerShare':true}").expect(200);
    assertThat(head().candidates().get(0).sharePerMille()).isEqualTo(100);
  }

  @Test
  void aShareIsWhatItWasUnlessItIsSaid() throws Exception {
    twoBuilds();
    release("34.12", ",'sharePerMille':50").expect(201);
    release("34.12", ",'notes':'later'").expect(201);
    assertThat(head().candidates().get(0).sharePerMille()).isEqualTo(50);
  }

  @Test
  void devicesInShareAreCountedAsTheyCountThemselves() throws Exception {
    build("34.11", "");
    build("34.12", "");
    IntStream.range(0, 40).forEach(i -> story.device("d" + i, "34.11"));
    admin.post(story.base + "/channels", "{'name':'beta'}").expect(201);
    jdbc.sql(
            "update fleet_device set cohort = null, channel = 'beta' where product = ? and device_id > 'd30'")
        .param(story.product)
        .update();
    List<String> devices =
        jdbc.sql("select device_id from fleet_device where product = ? and channel = 'stable'")
            .param(story.product)
            .query(String.class)
            .list();
    Fields rollout = release("34.12", ",'sharePerMille':400").json().object("rollout");
    Head.Candidate listed = head().candidates().get(0);
    long inShare = devices.stream().filter(listed::isInShare).count();
    assertThat(inShare).isBetween(1L, devices.size() - 1L);
    assertThat(rollout.integer("inShare", 0, 99)).isEqualTo(inShare);
    assertThat(rollout.integer("devices", 0, 99)).isEqualTo(devices.size());
    assertThat(rollout.integer("running", 0, 99)).isZero();
    String manifest = admin.get(story.base + "/builds/34.12").string("manifest");
    jdbc.sql(
            "update fleet_device set cohort = null, manifest = ? where product = ? and device_id in ('d1', 'd2')")
        .params(manifest, story.product)
        .update();
    assertThat(show("34.12").json().object("rollout").integer("running", 0, 99)).isEqualTo(2);
  }

  // stop

  @Test
  void aStoppedReleaseIsOfferedToNobodyUntilItIsPublishedAnew() throws Exception {
    twoBuilds();
    release("34.12", ",'sharePerMille':300").expect(201);
    assertThat(step("34.12", "stop", "{}").expect(200).string("state")).isEqualTo("stopped");
    assertThat(head().candidates()).isEmpty();
    assertThat(audit("34.12")).contains("release.stopped");
    step("34.12", "resume", "{}").expectProblem(409, "conflict");
    step("34.12", "stop", "{}").expectProblem(409, "conflict");
    step("34.12", "withdraw", "{}").expectProblem(409, "conflict");
    step("34.12", "pause", "{}").expectProblem(409, "conflict");
    assertThat(head().candidates()).isEmpty();
    release("34.12", "").expect(201);
    assertThat(head().candidates().get(0).sharePerMille()).isEqualTo(300);
  }

  // withdrawal

  @Test
  void aWithdrawalSaysUntilWhenTheBuildMayStillBeTaken() throws Exception {
    twoBuilds();
    Instant before = Instant.now();
    release("34.12", "").expect(201);
    assertThat(show("34.12").json().has("offeredUntil")).isFalse();
    clock.advance(Duration.ofDays(2));
    signInAgain();
    Instant until =
        Instant.parse(step("34.12", "withdraw", "{}").expect(200).string("offeredUntil"));
    assertThat(until)
        .as("the end of the timestamp that was announced, not of the new one")
        .isBetween(
            before.plus(Duration.ofDays(7)).minusSeconds(2),
            Instant.now().plus(Duration.ofDays(7)));
    clock.advance(Duration.ofDays(1));
    signInAgain();
    assertThat(step("34.12", "withdraw", "{}").expect(200).string("offeredUntil"))
        .as("asking again changes nothing")
        .isEqualTo(until.toString());
  }

  @Test
  void anOlderTimestampThatEndsLaterCountsStill() throws Exception {
    twoBuilds();
    release("34.12", "").expect(201);
    Instant longest = Instant.now().plus(Duration.ofDays(7)).minusSeconds(60);
    shorten();
    clock.advance(Duration.ofDays(4));
    catalogue.renew();
    signInAgain();
    assertThat(Instant.parse(step("34.12", "withdraw", "{}").expect(200).string("offeredUntil")))
        .isAfter(longest);
  }

  /** As a change of policy does that two administrators have agreed to. */
  private void shorten() {
    String policy =
        jdbc.sql("select policy from fleet_product where name = ?")
            .param(story.product)
            .query(String.class)
            .single();
    jdbc.sql("update fleet_product set policy = ? where name = ?")
        .params(policy.replace("\"timestampDays\":7", "\"timestampDays\":1"), story.product)
        .update();
  }

  // devices that are named

  @Test
  void aDeviceOnTheTestListIsOfferedItBeforeAnyShare() throws Exception {
    twoBuilds();
    story.device("d2", "34.11");
    release("34.12", ",'sharePerMille':0").expect(201);
    step("34.12", "devices/test", "{'add':['d2']}").expect(200);
    assertThat(head().candidates().get(0).isInShare("d2")).isTrue();
    assertThat(head().candidates().get(0).isInShare("d1")).isFalse();
    assertThat(show("34.12").json().object("rollout").integer("inShare", 0, 9)).isEqualTo(1);
    assertThat(audit("34.12")).contains("release.devices-named").contains("d2");
    step("34.12", "pause", "{}").expect(200);
    assertThat(head().candidates().get(0).isInShare("d2")).as("it waits as well").isFalse();
    step("34.12", "resume", "{'sharePerMille':1}").expect(200);
    assertThat(show("34.12").json().strings("test", 9)).containsExactly("d2");
    assertThat(head().candidates().get(0).isInShare("d2")).isTrue();
    step("34.12", "devices/test", "{'remove':['d2']}").expect(200);
    assertThat(head().candidates().get(0).test()).isEmpty();
  }

  @Test
  void aDeviceOnTheHoldListIsNeverOfferedIt() throws Exception {
    twoBuilds();
    story.device("d2", "34.11");
    release("34.12", "").expect(201);
    step("34.12", "devices/hold", "{'set':['d1']}").expect(200);
    assertThat(head().candidates().get(0).isInShare("d1")).isFalse();
    assertThat(head().candidates().get(0).isInShare("d2")).isTrue();
    release("34.12", ",'notes':'once more'").expect(201);
    assertThat(head().candidates().get(0).isInShare("d1")).isFalse();
    step("34.12", "devices/hold", "{'set':[]}").expect(200);
    assertThat(head().candidates().get(0).isInShare("d1")).isTrue();
  }

  /** It would be offered neither. */
  @Test
  void aReleaseThatHoldsADeviceBackSupersedesNothing() throws Exception {
    twoBuilds();
    build("34.13", "");
    release("34.12", "").expect(201);
    release("34.13", ",'sharePerMille':0").expect(201);
    step("34.13", "devices/hold", "{'add':['d1']}").expect(200);
    step("34.13", "resume", "{'sharePerMille':1000}").expect(200);
    assertThat(head().candidates()).hasSize(2);
    assertThat(head().candidates().get(1).isInShare("d1")).isTrue();
    step("34.13", "devices/hold", "{'set':[]}").expect(200);
    assertThat(head().candidates()).as("until it is listed again").hasSize(2);
    step("34.13", "resume", "{}").expect(200);
    assertThat(head().candidates()).hasSize(1);
  }

  @Test
  void aDeviceThatReadsAnotherListingIsNotNamed() {
    twoBuilds();
    release("34.12", "").expect(201);
    assertThat(
            step("34.12", "devices/hold", "{'add':['d1','nobody']}")
                .expectProblem(404, "not-found")
                .text())
        .contains("nobody");
    assertThat(show("34.12").text()).contains("\"hold\":[]");
  }

  @Test
  void aDeviceIsNotOnBothLists() {
    twoBuilds();
    release("34.12", "").expect(201);
    step("34.12", "devices/hold", "{'add':['d1']}").expect(200);
    assertThat(
            step("34.12", "devices/test", "{'add':['d1']}").expectProblem(409, "conflict").text())
        .contains("hold list");
  }

  @Test
  void aListThatWouldNameTooManyIsRefused() {
    twoBuilds();
    release("34.12", "").expect(201);
    for (int i = 0; i < 501; i++) {
      jdbc.sql(
              "insert into catalogue_release_device (release_id, list, device_id)"
                  + " select id, 'hold', ? from catalogue_release where product = ?")
          .params("x" + i, story.product)
          .update();
    }
    assertThat(
            step("34.12", "devices/hold", "{'add':['d1']}").expectProblem(409, "conflict").text())
        .contains("500");
    step("34.12", "devices/rest", "{'add':['d1']}").expectProblem(404, "not-found");
    step("34.12", "devices/hold", "{}").expectProblem(400, "bad-request");
  }

  // devices that need what is taken away

  /** d1 comes to 34.13 over 34.12 alone. */
  private void aBuildThatOthersLeadTo() {
    build("34.11", "");
    build("34.12", "");
    build("34.13", ",'from':[{'min':'34.12','max':'34.12'}]");
    story.device("d1", "34.11");
    release("34.12", ",'sharePerMille':1000").expect(201);
    release("34.13", "").expect(201);
  }

  @ParameterizedTest
  @ValueSource(strings = {"withdraw", "pause", "stop"})
  void aBuildThatDevicesNeedOnTheirWayIsNotTakenAwayUnseen(String step) throws Exception {
    aBuildThatOthersLeadTo();
    Answer refused = step("34.12", step, "{}").expectProblem(409, "would-strand");
    assertThat(refused.text()).contains("d1", "34.11.0+0", "\"acceptable\":true");
    assertThat(head().candidates()).hasSize(2);
    step("34.12", step, "{'stranded':[{'version':'34.11','count':2}]}")
        .expectProblem(409, "would-strand");
    step("34.12", step, "{'stranded':[{'version':'34.10','count':1}]}")
        .expectProblem(409, "would-strand");
    step("34.12", step, "{'stranded':[{'version':'34.11','count':1}]}").expect(200);
    assertThat(audit("34.12")).contains("34.11.0+0=1");
    assertThat(head().candidates().stream().filter(c -> c.isInShare("d1"))).hasSize(1);
  }

  @Test
  void aShareThatLeavesDevicesBehindIsNotLoweredUnseen() {
    aBuildThatOthersLeadTo();
    release("34.12", ",'sharePerMille':500,'lowerShare':true").expectProblem(409, "would-strand");
    release(
            "34.12",
            ",'sharePerMille':500,'lowerShare':true,'stranded':[{'version':'34.11','count':1}]")
        .expect(201);
  }

  @Test
  void aDeviceIsNotHeldOffItsOnlyWayUnseen() throws Exception {
    aBuildThatOthersLeadTo();
    story.device("d2", "34.11");
    Answer refused =
        step("34.12", "devices/hold", "{'add':['d1']}").expectProblem(409, "would-strand");
    assertThat(refused.text())
        .contains("holding devices off")
        .contains("\"devices\":[\"d1\"]")
        .doesNotContain("\"d2\"");
    assertThat(show("34.12").json().strings("hold", 9)).isEmpty();
    step("34.12", "devices/hold", "{'add':['d1'],'stranded':[{'version':'34.11','count':2}]}")
        .expectProblem(409, "would-strand");
    step("34.12", "devices/hold", "{'add':['d1'],'stranded':[{'version':'34.11','count':1}]}")
        .expect(200);
    assertThat(audit("34.12")).contains("34.11.0+0=1");
    step("34.12", "devices/hold", "{'add':['d1']}").expect(200);
  }

  /** Each of two builds leads on; held off one, the device needs the other. */
  @Test
  void aDeviceIsNotHeldOffEveryWayOneAfterTheOther() {
    build("34.11", "");
    build("34.12", "");
    build("34.13", "");
    build("34.14", ",'from':[{'min':'34.12','max':'34.13'}]");
    story.device("d1", "34.11");
    release("34.12", ",'sharePerMille':1000").expect(201);
    release("34.13", ",'bridge':true").expect(201);
    release("34.14", "").expect(201);
    step("34.13", "devices/hold", "{'add':['d1']}").expect(200);
    step("34.12", "devices/hold", "{'add':['d1']}").expectProblem(409, "would-strand");
    step("34.12", "withdraw", "{}").expectProblem(409, "would-strand");
  }

  @Test
  void theNewestBuildIsTakenAwayFreely() {
    aBuildThatOthersLeadTo();
    step("34.13", "withdraw", "{}").expect(200);
    step("34.12", "withdraw", "{}").expect(200);
  }
}
