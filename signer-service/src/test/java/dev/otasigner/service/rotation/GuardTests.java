package dev.otasigner.service.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.NothingScheduled;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.transaction.support.TransactionTemplate;

/** What an impact shows, whoever makes the change is refused: whichever way it is made. */
@NothingScheduled
class GuardTests extends AtTheBridge {
  @Autowired private TransactionTemplate transaction;

  private Answer key(String key, String what, String body) {
    String id = admin.get("/api/v1/keys/" + story.named(key)).expect(200).string("keyId");
    return admin.post("/api/v1/keys/" + id + "/" + what, body);
  }

  private Answer release(String version, String what) {
    return admin.post(story.base + "/releases/stable/gw/" + version + "/" + what, "{}");
  }

  private Answer policy(String body) {
    return admin.put(story.base + "/policy", body);
  }

  /** A device has crossed; the next build is for those, and to it only the bridge leads. */
  private void beyondTheBridge() throws Exception {
    take("d1", "36.14");
    story.build("36.15", next, "image-next", "manifest-ed,manifest-pq");
    story.release("36.15", false).expect(201);
  }

  @Test
  void aKeyThatDevicesNeedIsNotLimitedToNothing() throws Exception {
    Answer refused = key("manifest", "limit", "{'quota':0}").expectProblem(409, "would-strand");
    assertThat(refused.text()).contains("d1", "36.14.0+0 saves it");
    assertThat(admin.get("/api/v1/keys/" + story.named("manifest")).text())
        .as("nothing was narrowed")
        .doesNotContain("\"quota\":0");
    take("d1", "36.14");
    take("d2", "36.14");
    key("manifest", "limit", "{'quota':0}").expect(200);
  }

  @Test
  void aKeyMayEndOneDayOnlyWhenDevicesAreLedAwayFromIt() throws Exception {
    key("manifest", "limit", "{'notAfter':'2089-01-01T00:00:00Z'}").expect(200);
    release("36.14", "withdraw").expect(200);
    Answer refused =
        key("manifest", "limit", "{'notAfter':'2088-01-01T00:00:00Z'}")
            .expectProblem(409, "would-strand");
    assertThat(refused.text()).contains("an end of key", "2088-01-01T00:00:00Z");
  }

  @Test
  void aPolicyThatForbidsWhatDevicesNeedIsRefused() {
    assertThat(
            policy(
                    "{'keys':[{'purpose':'image','from':'2020-01-01T00:00:00Z',"
                        + "'minStrengthBits':192}]}")
                .expectProblem(409, "would-strand")
                .text())
        .contains("demanding more than keys have", story.named("image"));
    assertThat(policy("{'hardware':['other']}").expectProblem(409, "would-strand").text())
        .contains("no build to come is signed for its hardware gw");
    assertThat(policy("{'formats':['opaque']}").expectProblem(409, "would-strand").text())
        .contains("no build to come is signed for its format mcuboot");
    policy("{'hardware':['gw'],'formats':['mcuboot']}").expect(200);
    policy("{'keys':[{'purpose':'image','from':'2089-01-01T00:00:00Z','minStrengthBits':192}]}")
        .expect(200);
  }

  @Test
  void whoIsLeftByAStolenKeyIsOnRecord() {
    key("manifest", "compromise", "{'reason':'laptop'}").expect(200);
    assertThat(
            jdbc.sql("select record from audit_leaf where record like ? and record like ?")
                .params("%\"key.compromised\"%", "%key:" + story.named("manifest") + "\"%")
                .query(String.class)
                .single())
        .contains("\"strands\":\"2\"", "\"firstStranded\":\"" + story.product + " 34.11.0+0");
  }

  /** A key that is suspended may come back: what leads on from it is not taken away meanwhile. */
  @Test
  void aSuspendedKeyServesNobodyAndExcusesNothing() throws Exception {
    beyondTheBridge();
    assertThat(ask("{}").bool("allowed")).isTrue();
    key("image", "suspend", "{}").expect(200);
    Fields now = ask("{}");
    assertThat(now.bool("allowed")).isFalse();
    assertThat(stranded(now).get(0).string("check")).isEqualTo("bootloader");
    assertThat(release("36.14", "withdraw").expectProblem(409, "would-strand").text())
        .contains("lists nothing that leads to 36.15.0+0");
  }

  /** Its bootloader boots what one key has signed. */
  private void toABootloaderOfOneKey() {
    story.key("image-lost", "image", "ed25519");
    story.bootloader("boot3", "image-lost");
    story.build(
        "36.16", next, "image,image-next,image-lost", NEXT_KEYS, ",'bootloader':{'id':'boot3'}");
  }

  /** The same, and nothing is signed by that key any more. */
  private void aDeadEnd() {
    toABootloaderOfOneKey();
    key("image-lost", "deactivate", "{}").expect(200);
  }

  @Test
  void aBuildThatLeadsToWhereNothingFollowsIsNotReleased() throws Exception {
    aDeadEnd();
    Answer refused = story.release("36.16", true).expectProblem(409, "would-strand");
    assertThat(refused.text())
        .contains(
            "releasing 36.16.0+0 in stable for gw would strand 2 devices",
            "a build to come, like 36.16.0+0");
    assertThat(refused.json().has("acceptable")).isFalse();
    Fields cohort = refused.json().object("impact").objects("cohorts", 9).get(0);
    assertThat(cohort.strings("way", 9)).containsExactly("36.16.0+0");
    assertThat(cohort.strings("devices", 9)).containsExactly("d1", "d2");
    assertThat(only(ask("{}")).strings("way", 9)).containsExactly("36.14.0+0");
  }

  /** Who has taken it is lost: nobody's word makes that good. */
  @Test
  void nobodyCanAcceptThatABuildLeadsNowhere() {
    aDeadEnd();
    admin
        .post(
            story.base + "/releases",
            "{'channel':'stable','hardware':'gw','version':'36.16','bridge':true,"
                + "'stranded':[{'version':'34.11','count':2}]}")
        .expectProblem(409, "would-strand");
  }

  @Test
  void aPausedReleaseThatHasBecomeADeadEndIsNotResumed() throws Exception {
    toABootloaderOfOneKey();
    story.release("36.16", true).expect(201);
    release("36.16", "pause").expect(200);
    key("image-lost", "deactivate", "{}").expect(200);
    release("36.16", "resume").expectProblem(409, "would-strand");
    assertThat(only(ask("{}")).strings("way", 9)).containsExactly("36.14.0+0");
  }

  @Test
  void onlyWhoHearsOfABuildIsHarmedByIt() throws Exception {
    aDeadEnd();
    take("d1", "36.14");
    release("36.14", "withdraw").expect(200);
    // The other device stays in a lineage that announces bridges and nothing else of this one.
    assertThat(story.release("36.16", false).expectProblem(409, "would-strand").text())
        .contains("would strand 1 device: d1");
  }

  @Test
  void whoIsCutOffAnywayIsNotHarmed() throws Exception {
    aDeadEnd();
    key("image", "compromise", "{'reason':'laptop'}").expect(200);
    release("36.14", "withdraw").expect(200);
    assertThat(stranded(ask("{}"))).hasSize(1);
    story.release("36.16", true).expect(201);
  }

  /** Who names it would be saved; the other one, which needs nothing, would be led astray. */
  @Test
  void aBuildThatHarmsOthersIsNoRepair() throws Exception {
    story.step("36.14", "withdraw").expect(200);
    aDeadEnd();
    String key = story.named("manifest");
    assertThat(repairs(only(ask("{'retireKeys':['" + key + "']}"))))
        .containsExactly("publish-bridge 36.14.0+0", "keep-key " + key);
  }

  @Test
  void whoWasCutOffBeforeIsToldAndHoldsNothingUp() throws Exception {
    story.build("34.12", story.legacyProfile(1), "image", "manifest");
    run("d1", "34.12");
    story.key("spare", "image", "ed25519");
    Fields impact = ask("{'retireKeys':['" + story.named("spare") + "']}");
    assertThat(impact.bool("allowed")).isTrue();
    Fields cutOff = stranded(impact).get(0);
    assertThat(cutOff.strings("devices", 9)).containsExactly("d1");
    assertThat(cutOff.bool("strandedBefore")).isTrue();
    assertThat(cutOff.string("check")).isEqualTo("connection");
    assertThat(stranded(impact)).hasSize(1);
    assertThat(stranded(ask("{}")).get(0).has("strandedBefore")).as("as things are").isFalse();
  }

  /** Two changes, each of which leaves a way, may leave none together. */
  @Test
  void onlyOneChangeIsJudgedAtATime() throws Exception {
    beyondTheBridge();
    List<Supplier<Answer>> changes =
        List.of(
            () -> key("manifest", "deactivate", "{}"),
            () -> key("manifest", "limit", "{'quota':0}"),
            () -> admin.post("/api/v1/listeners/legacy/close", "{}"),
            () -> policy("{'hardware':['other']}"),
            () -> release("36.14", "withdraw"));
    for (Supplier<Answer> change : changes) {
      CompletableFuture<Answer> made =
          transaction.execute(
              status -> {
                jdbc.sql("select id from keyring_retiring where id = 1 for update")
                    .query(Integer.class)
                    .single();
                CompletableFuture<Answer> asked = CompletableFuture.supplyAsync(change);
                assertThatThrownBy(() -> asked.get(200, TimeUnit.MILLISECONDS))
                    .isInstanceOf(TimeoutException.class);
                return asked;
              });
      assertThat(made).isNotNull();
      made.get(30, TimeUnit.SECONDS).expectProblem(409, "would-strand");
    }
  }

  @Test
  void nothingIsJudgedByACatalogueThatIsAboutToChange() {
    jdbc.sql("update catalogue_release set pending = true where product = ?")
        .param(story.product)
        .update();
    try {
      assertThat(key("manifest-ed", "deactivate", "{}").expectProblem(409, "conflict").text())
          .contains("is not announced yet");
      admin.post("/api/v1/listeners/legacy/close", "{}").expectProblem(409, "conflict");
    } finally {
      jdbc.sql("update catalogue_release set pending = false where product = ?")
          .param(story.product)
          .update();
    }
  }

  private Fields ask(String change) throws RejectedException {
    return admin.post(story.base + "/rotation/impact", change).expect(200).json();
  }

  private static Fields only(Fields impact) throws RejectedException {
    List<Fields> cohorts = impact.objects("cohorts", 9);
    assertThat(cohorts).hasSize(1);
    return cohorts.get(0);
  }

  private static List<String> repairs(Fields cohort) throws RejectedException {
    List<String> repairs = new ArrayList<>();
    for (Fields repair : cohort.objects("repairs", 9)) {
      repairs.add(repair.string("kind") + " " + repair.string("what"));
    }
    return repairs;
  }
}
