package dev.otasigner.service.rotation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.catalogue.Story;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is thought of, alone or with what is scheduled, is answered for before it is done. */
class ImpactTests extends AtTheBridge {
  private Fields ask(String change) {
    return admin.post(story.base + "/rotation/impact", change).expect(200).json();
  }

  private static Fields only(Fields impact) throws RejectedException {
    List<Fields> cohorts = impact.objects("cohorts", 9);
    assertThat(cohorts).hasSize(1);
    return cohorts.get(0);
  }

  private static List<String> repairs(Fields cohort) throws RejectedException {
    return cohort.objects("repairs", 9).stream()
        .map(
            repair -> {
              try {
                return repair.string("kind") + " " + repair.string("what");
              } catch (RejectedException e) {
                throw new AssertionError(e);
              }
            })
        .toList();
  }

  private static Instant in(int days) {
    return Instant.now().plus(Duration.ofDays(days)).truncatedTo(ChronoUnit.SECONDS);
  }

  @AfterEach
  void nothingIsScheduled() {
    admin.post("/api/v1/listeners/legacy/sunset", "{}").expect(200);
  }

  @Test
  void withoutAChangeTheWayOfEachCohortIsShown() throws Exception {
    Fields impact = ask("{}");
    assertThat(impact.bool("allowed")).isTrue();
    Fields cohort = only(impact);
    assertThat(cohort.integer("count", 0, 9)).isEqualTo(2);
    assertThat(cohort.strings("way", 9)).containsExactly("36.14.0+0");
    assertThat(cohort.string("bootloader")).isEqualTo("boot1");
    assertThat(cohort.string("lineage")).isEqualTo("main");
    assertThat(cohort.string("untilWhat")).contains("root of lineage");
  }

  /** Whoever is not what it is taken for is named, and nothing is changed for it. */
  @Test
  void aDeviceThatReportsAnotherProfileThanItsBuildBringsHoldsStepsUp() throws Exception {
    assertThat(ask("{'endLineages':['other']}").bool("allowed")).isTrue();
    jdbc.sql(
            "update fleet_device set cohort = null, profile = ? where product = ? and device_id ="
                + " 'd2'")
        .params(next, story.product)
        .update();
    assertThat(ask("{}").bool("allowed")).isTrue();
    Fields impact = ask("{'endLineages':['other']}");
    assertThat(impact.bool("allowed")).isFalse();
    List<Fields> stranded = stranded(impact);
    assertThat(stranded).hasSize(1);
    assertThat(stranded.get(0).strings("devices", 9)).containsExactly("d2");
    assertThat(stranded.get(0).string("reason")).isEqualTo("profile-mismatch");
    assertThat(stranded.get(0).string("detail")).contains(next, legacy);
    deactivate("manifest").expectProblem(409, "would-strand");
    List<Fields> cohorts =
        admin.get(story.base + "/cohorts").expect(200).json().objects("cohorts", 9);
    assertThat(cohorts).filteredOn(c -> c.has("declaredProfile")).hasSize(1);
  }

  /** What nobody here knows can not be judged: nothing that devices trust is changed for it. */
  @Test
  void aDeviceUnderAProfileThatIsNotRegisteredHoldsStepsUp() throws Exception {
    String unheardOf = "5e".repeat(32);
    jdbc.sql(
            "update fleet_device set cohort = null, profile = ? where product = ? and device_id ="
                + " 'd2'")
        .params(unheardOf, story.product)
        .update();
    Fields impact = ask("{'endLineages':['other']}");
    assertThat(impact.bool("allowed")).isFalse();
    assertThat(stranded(impact))
        .singleElement()
        .satisfies(
            cohort -> {
              assertThat(cohort.strings("devices", 9)).containsExactly("d2");
              assertThat(cohort.string("reason")).isEqualTo("profile-unknown");
              assertThat(cohort.string("detail")).contains(unheardOf);
            });
    deactivate("manifest").expectProblem(409, "would-strand");
    // What is done about builds alone takes nothing from it that was known.
    assertThat(ask("{'prune':['36.14']}").objects("cohorts", 9))
        .filteredOn(cohort -> cohort.has("strandedBefore"))
        .singleElement()
        .satisfies(cohort -> assertThat(cohort.string("reason")).isEqualTo("profile-unknown"));
    // Builds are signed and released as before, listeners counted, and the fleet written off.
    story.build("36.15", next, "image,image-next", NEXT_KEYS, ",'bootloader':{'id':'boot2'}");
    story.release("36.15", true).expect(201);
    admin.get("/api/v1/listeners").expect(200);
    admin.get(story.base + "/devices").expect(200);
    admin.get(story.base + "/rotation/alarms").expect(200);
  }

  @Test
  void whatWasJudgedOnceIsNotJudgedAgain() throws Exception {
    // That the release does no harm has been judged already, which may be all there is to judge.
    assertThat(ask("{}").integer("policyRuns", 0, 99)).isLessThanOrEqualTo(6);
    assertThat(ask("{}").integer("policyRuns", 0, 99)).isZero();
    // Another question is about other bytes.
    String question = "{'retireKeys':['" + story.named("manifest") + "']}";
    assertThat(ask(question).integer("policyRuns", 0, 99)).isPositive();
    assertThat(ask(question).integer("policyRuns", 0, 99)).isZero();
    // One more build costs its own edges: two from where the fleet is, and what follows.
    story.build("36.15", next, "image,image-next", NEXT_KEYS, ",'bootloader':{'id':'boot2'}");
    story.release("36.15", true).expect(201);
    assertThat(ask("{}").integer("policyRuns", 0, 99)).isLessThanOrEqualTo(4);
    assertThat(ask(question).integer("policyRuns", 0, 99)).isBetween(1L, 6L);
    assertThat(ask(question).integer("policyRuns", 0, 99)).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"'versions':['TLSv1.2']", "'suites':['CBC']", "'ports':['PORT']"})
  void tlsThatIsSpokenNoMoreStrandsWhoSpeaksNothingElse(String dropped) throws Exception {
    Fields impact =
        ask(
            "{'dropTls':{"
                + dropped.replace("CBC", Story.CBC).replace("PORT", Integer.toString(legacyPort))
                + "}}");
    Fields cohort = only(impact);
    assertThat(cohort.bool("served")).isFalse();
    assertThat(cohort.string("check")).isEqualTo("connection");
    assertThat(repairs(cohort)).containsExactly("wait-for-build 36.14.0+0");
    take("d1", "36.14");
    take("d2", "36.14");
    assertThat(ask("{'dropTls':{" + "'versions':['TLSv1.2']}}").bool("allowed")).isTrue();
  }

  @Test
  void aGroupThatNoListenerNamesIsMissedByNobody() throws Exception {
    assertThat(ask("{'dropTls':{'groups':['x448']}}").bool("allowed")).isTrue();
  }

  @Test
  void aMinimumStrengthStopsWeakerKeys() throws Exception {
    assertThat(ask("{'minStrengthBits':128}").bool("allowed")).isTrue();
    Fields cohort = only(ask("{'minStrengthBits':129}"));
    assertThat(cohort.bool("served")).isFalse();
    assertThat(cohort.string("check")).isIn("image", "manifest", "bootloader");
  }

  @Test
  void buildsWithOneKindOfSignatureAreNoLongerOfferedWhereBothAreDemanded() throws Exception {
    story.step("36.14", "withdraw").expect(200);
    story.build("34.12", legacy, "image", "manifest");
    story.release("34.12", false).expect(201);
    assertThat(only(ask("{}")).strings("way", 9)).containsExactly("34.12.0+0");
    assertThat(only(ask("{'hybridManifests':true}")).strings("way", 9)).isEmpty();
  }

  @Test
  void aBuildIsNotHybridByAKeyThatGoes() throws Exception {
    assertThat(only(ask("{'hybridManifests':true}")).strings("way", 9))
        .containsExactly("36.14.0+0");
    String retired = "'retireKeys':['" + story.named("manifest-pq") + "']";
    assertThat(only(ask("{" + retired + "}")).strings("way", 9)).containsExactly("36.14.0+0");
    assertThat(only(ask("{'hybridManifests':true," + retired + "}")).strings("way", 9)).isEmpty();
  }

  /** Whom it cut off when it was stopped is not cut off by what comes after. */
  @Test
  void aKeyThatIsStoppedAlreadyIsNotStoppedByAMinimumStrength() throws Exception {
    story.key("image-384", "image", "ecdsa-p384-sha384");
    story.bootloader("boot4", "image-384");
    jdbc.sql("update fleet_device set cohort = null, bootloader = 'boot4' where product = ?")
        .param(story.product)
        .update();
    jdbc.sql("update keyring_key set state = 'DEACTIVATED' where name = ?")
        .param(story.named("manifest"))
        .update();
    assertThat(ask("{}").bool("allowed")).isFalse();
    assertThat(ask("{'minStrengthBits':129}").bool("allowed")).isTrue();
  }

  @Test
  void aLineageThatIsSignedNoMoreServesNobodyWhoFollowsIt() throws Exception {
    Fields cohort = only(ask("{'endLineages':['main']}"));
    assertThat(cohort.string("check")).isEqualTo("catalogue");
    assertThat(cohort.string("reason")).isEqualTo("metadata-expired");
    assertThat(repairs(cohort)).containsExactly("wait-for-build 36.14.0+0");
    assertThat(ask("{'endLineages':['other']}").bool("allowed")).isTrue();
    take("d1", "36.14");
    take("d2", "36.14");
    assertThat(ask("{'endLineages':['main']}").bool("allowed")).isTrue();
  }

  @Test
  void aBootloaderThatIsFixedAfterAllTakesNoComponent() throws Exception {
    Fields cohort = only(ask("{'fixBootloaders':['boot1']}"));
    assertThat(cohort.bool("served")).isFalse();
    assertThat(cohort.string("check")).isEqualTo("variant");
    assertThat(ask("{'fixBootloaders':['boot2']}").bool("allowed")).isTrue();
  }

  @Test
  void whatNobodyRenewsIsOverOneDay() throws Exception {
    assertThat(ask("{'at':'" + in(1) + "'}").bool("allowed")).isTrue();
    Fields today = only(ask("{}"));
    assertThat(today.string("untilWhat")).contains("the root of lineage main");
    Fields cohort = only(ask("{'at':'" + today.string("until") + "'}"));
    assertThat(cohort.string("reason")).isEqualTo("metadata-expired");
    assertThat(cohort.string("detail")).contains("the root of lineage main ends at");
  }

  /** Of the manifest's key, and of what all the service stands on. */
  @Test
  void whoeverLeansOnAKeyIsServedUntilItsLimit() throws Exception {
    admin
        .post("/api/v1/keys/" + story.named("manifest") + "/limit", "{'notAfter':'" + in(20) + "'}")
        .expect(200);
    assertThat(ask("{}").bool("allowed")).isTrue();
    assertThat(ask("{'at':'" + in(10) + "'}").bool("allowed")).isTrue();
    Fields cohort = only(ask("{'at':'" + in(21) + "'}"));
    assertThat(cohort.bool("served")).isFalse();
    assertThat(cohort.string("check")).isEqualTo("manifest");
    assertThat(repairs(cohort)).contains("keep-key " + story.named("manifest"));
    assertThat(only(ask("{'at':'2090-01-01T00:00:00Z'}")).bool("served")).isFalse();
  }

  /** The bridge leads to the other listener before the legacy one goes; without it nothing does. */
  @Test
  void aChangeIsJudgedWithTheStepsThatAreScheduled() throws Exception {
    String withdrawn = "'withdraw':[{'channel':'stable','hardware':'gw','version':'36.14'}]";
    assertThat(ask("{" + withdrawn + "}").bool("allowed")).isTrue();
    admin.post("/api/v1/listeners/legacy/sunset", "{'sunset':'" + in(300) + "'}").expect(200);
    assertThat(ask("{}").bool("allowed")).isTrue();
    Fields cohort = only(ask("{" + withdrawn + "}"));
    assertThat(cohort.bool("served")).isFalse();
    assertThat(cohort.string("check")).isEqualTo("connection");
    // Before that day the listener is there.
    assertThat(ask("{" + withdrawn + ",'at':'" + in(30) + "'}").bool("allowed")).isTrue();
  }

  @Test
  void whatIsHereAndSignedIsOfferedAsARepair() throws Exception {
    story.step("36.14", "withdraw").expect(200);
    String key = story.named("manifest");
    Fields cohort = only(ask("{'retireKeys':['" + key + "']}"));
    assertThat(cohort.has("savedBy")).isFalse();
    assertThat(repairs(cohort)).containsExactly("publish-bridge 36.14.0+0", "keep-key " + key);
  }

  @Test
  void eachRepairServesByItself() throws Exception {
    String both = story.named("manifest") + "','" + story.named("image");
    Fields cohort = only(ask("{'retireKeys':['" + both + "'],'closeListeners':['legacy']}"));
    // One key alone, or the listener alone, would not do.
    assertThat(repairs(cohort)).containsExactly("wait-for-build 36.14.0+0");
    assertThat(repairs(only(ask("{'closeListener':'legacy'}"))))
        .containsExactly("wait-for-build 36.14.0+0", "keep-listener legacy");
  }

  @Test
  void aBuildThatDevicesRunIsNotPrunedUnseen() throws Exception {
    assertThat(ask("{'prune':['34.11']}").bool("allowed")).isFalse();
    admin
        .post(story.base + "/rotation/impact", "{'prune':['9.9']}")
        .expectProblem(404, "not-found");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'dropTls':{'ports':['0']}}",
        "{'dropTls':{'ports':['x']}}",
        "{'dropTls':{'ports':['65536']}}",
        "{'withdraw':[{'channel':'stable'}]}",
        "{'minStrengthBits':0}",
        "{'minStrengthBits':257}",
        "{'at':'tomorrow'}",
        "{'hybridManifests':1}"
      })
  void malformedChangesAreRefused(String change) {
    admin.post(story.base + "/rotation/impact", change).expectProblem(400, "bad-request");
  }

  @Test
  void whatIsNotThereCanNotBeTakenAway() {
    admin
        .post(story.base + "/rotation/impact", "{'closeListeners':['nowhere']}")
        .expectProblem(404, "not-found");
    admin
        .post(story.base + "/rotation/impact", "{'retireKeys':['nobody']}")
        .expectProblem(404, "not-found");
  }
}
