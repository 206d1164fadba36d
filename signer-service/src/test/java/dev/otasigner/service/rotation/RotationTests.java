package dev.otasigner.service.rotation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.catalogue.Story;
import dev.otasigner.service.listeners.ListenerSunsets;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;

/** Keys and listeners are retired only when no device needs them, as the real bytes tell. */
class RotationTests extends AtTheBridge {
  @Autowired private ListenerSunsets sunsets;

  @Test
  void aKeyIsNotRetiredWhileADeviceHasNoOther() throws Exception {
    take("d1", "36.14");
    Answer refused = deactivate("manifest").expectProblem(409, "would-strand");
    assertThat(refused.text()).contains("d2").contains("36.14.0+0");
    Fields stranded = stranded(refused.json().object("impact")).get(0);
    assertThat(stranded.strings("devices", 10)).containsExactly("d2");
    assertThat(stranded.integer("count", 0, 10)).isEqualTo(1);
    assertThat(stranded.string("version")).isEqualTo("34.11.0+0");
    assertThat(stranded.string("check")).isEqualTo("manifest");
    assertThat(stranded.string("reason")).isEqualTo("manifest-rule-not-met");
    assertThat(stranded.string("savedBy")).isEqualTo("36.14.0+0");
    assertThat(state("manifest")).isEqualTo("active");
  }

  @Test
  void anImageKeyIsJudgedByTheBootloadersThatAreOutThere() throws Exception {
    take("d1", "36.14");
    Answer refused = deactivate("image").expectProblem(409, "would-strand");
    Fields stranded = stranded(refused.json().object("impact")).get(0);
    assertThat(stranded.strings("devices", 10)).containsExactly("d2");
    // Without the old key the bridge's component is nothing the old bootloader installs.
    assertThat(stranded.string("check")).isEqualTo("bootloader");
    assertThat(stranded.string("savedBy")).isEqualTo("36.14.0+0");
  }

  @Test
  void bothKeysRetireOnceEveryDeviceHasTakenTheBridge() throws Exception {
    take("d1", "36.14");
    take("d2", "36.14");
    assertThat(impact("retireKeys", "manifest", "image").bool("allowed")).isTrue();
    deactivate("manifest").expect(200);
    deactivate("image").expect(200);
    // What the old keys alone would sign is refused before any key is touched.
    Answer old = story.request("36.15", next, "image", "manifest").expect(201);
    assertThat(old.string("state")).isEqualTo("refused");
    assertThat(old.text()).contains("key-not-active");
    story.build("36.15", next, "image-next", "manifest-ed,manifest-pq");
  }

  @Test
  void aKeyThatEveryBuildToComeNeedsIsNotRetired() throws Exception {
    take("d1", "36.14");
    take("d2", "36.14");
    Fields impact = impact("retireKeys", "manifest-pq");
    assertThat(impact.bool("allowed")).isFalse();
    Fields stranded = stranded(impact).get(0);
    assertThat(stranded.strings("devices", 10)).containsExactly("d1", "d2");
    assertThat(stranded.string("detail")).contains("a build to come");
    assertThat(stranded.has("savedBy")).isFalse();
    deactivate("manifest-pq").expectProblem(409, "would-strand");
    deactivate("image-next").expectProblem(409, "would-strand");
  }

  /**
   * The head keeps the old signature of the key that was retired first; no build to come has it.
   */
  @Test
  void theLastOfTwoKeysThatServeTheFleetIsNotRetiredAfterTheOther() throws Exception {
    eitherOfTwoKeys();
    deactivate("image").expect(200);
    assertThat(impact("retireKeys", "image-b").bool("allowed")).isFalse();
    Answer refused = deactivate("image-b").expectProblem(409, "would-strand");
    assertThat(stranded(refused.json().object("impact")).get(0).strings("devices", 10))
        .contains("e1");
  }

  @Test
  void theLastOfTwoKeysIsNotRetiredAfterTheOtherWasCompromised() throws Exception {
    eitherOfTwoKeys();
    String id = admin.get("/api/v1/keys/" + story.named("image")).expect(200).string("keyId");
    admin.post("/api/v1/keys/" + id + "/compromise", "{'reason':'lost'}").expect(200);
    deactivate("image-b").expectProblem(409, "would-strand");
  }

  /** By another hash, so that what each of them has signed is an image file of its own. */
  @Test
  void aBuildToComeIsTakenInTheVariantThatIsLeft() throws Exception {
    eitherOfTwoKeys("ecdsa-p384-sha384");
    assertThat(impact("retireKeys", "image").bool("allowed")).isTrue();
    assertThat(impact("retireKeys", "image-b").bool("allowed")).isTrue();
    assertThat(impact("retireKeys", "image", "image-b").bool("allowed")).isFalse();
  }

  /** It is not confirmed where the service is out of reach: the device goes back. */
  @Test
  void aBuildThatLeadsToAClosedListenerIsPassedBy() throws Exception {
    story.build("35.1", legacy, "image", "manifest");
    story.release("35.1", false).expect(201);
    Fields stranded = stranded(impact("modern")).get(0);
    assertThat(stranded.strings("way", 10)).containsExactly("35.1.0+0");
    assertThat(stranded.string("check")).isEqualTo("connection");
  }

  /** A device takes the newest build that it accepts, whatever somebody wishes it took. */
  @Test
  void aBridgeThatDevicesPassBySavesNobody() throws Exception {
    story.build("38.1", legacy, "image", "manifest");
    story.release("38.1", false).expect(201);
    assertThat(admin.get(story.base + "/releases").text()).contains("36.14");
    assertThat(stranded(impact("retireKeys", "manifest")).get(0).has("savedBy")).isFalse();
  }

  /** A product whose one device boots what either of two keys has signed; its head has both. */
  private void eitherOfTwoKeys() {
    eitherOfTwoKeys("ecdsa-p256-sha256");
  }

  private void eitherOfTwoKeys(String suite) {
    jdbc.sql("delete from fleet_device").update();
    story = new Story(admin, "r" + ++count);
    story.key("image-b", "image", suite);
    story.bootloader("boot3", "image", "image-b");
    story.build("34.11", story.legacyProfile(legacyPort), "image,image-b", "manifest");
    story.device("e1", "34.11");
    jdbc.sql("update fleet_device set cohort = null, bootloader = 'boot3' where device_id = 'e1'")
        .update();
    story.release("34.11", false).expect(201);
  }

  @Test
  void aKeyNobodyKnowsIsRetiredAtOnce() throws Exception {
    story.key("unused", "manifest", "ed25519");
    deactivate("unused").expect(200);
  }

  @Test
  void aBridgeThatIsWithdrawnSavesNobody() throws Exception {
    story.step("36.14", "withdraw").expect(200);
    Fields stranded = stranded(impact("retireKeys", "manifest")).get(0);
    assertThat(stranded.has("savedBy")).isFalse();
  }

  @Test
  void aBridgeToALineageThatItsProfileWouldNotTrustSavesNobody() throws Exception {
    jdbc.sql("update catalogue_lineage set root_sha256 = ? where product = ? and name = 'hybrid'")
        .params("0".repeat(64), story.product)
        .update();
    Fields stranded = stranded(impact("retireKeys", "manifest")).get(0);
    assertThat(stranded.has("savedBy")).isFalse();
  }

  @Test
  void aBridgeThatIsPausedSavesNobody() throws Exception {
    story.step("36.14", "pause").expect(200);
    assertThat(stranded(impact("retireKeys", "manifest")).get(0).has("savedBy")).isFalse();
  }

  @Test
  void aListenerIsNotClosedWhileADeviceSpeaksWithNoOther() throws Exception {
    take("d1", "36.14");
    Fields impact = impact("legacy");
    Fields stranded = stranded(impact).get(0);
    assertThat(stranded.strings("devices", 10)).containsExactly("d2");
    assertThat(stranded.string("check")).isEqualTo("connection");
    assertThat(stranded.string("savedBy")).isEqualTo("36.14.0+0");
    admin.post("/api/v1/listeners/legacy/close", "{}").expectProblem(409, "would-strand");
  }

  @Test
  void aListenerThatNoDeviceNeedsMayBeClosed() throws Exception {
    take("d1", "36.14");
    take("d2", "36.14");
    assertThat(impact("legacy").bool("allowed")).isTrue();
    assertThat(impact("modern").bool("allowed")).isFalse();
    String spare = "spare" + count;
    open(spare, freePort(), "TLSv1.3", "TLS_AES_256_GCM_SHA384", "p-384");
    admin.post("/api/v1/listeners/" + spare + "/close", "{}").expect(200);
  }

  /** The date closes nothing that the real judgement would keep open. */
  @Test
  void aListenerOverItsSunsetStaysOpenUntilTheLastDeviceHasCrossed() throws Exception {
    take("d1", "36.14");
    jdbc.sql("update listener set sunset = opened where name = 'legacy'").update();
    sunsets.look();
    assertThat(admin.get("/api/v1/listeners/legacy").expect(200).texts("version"))
        .contains("34.11.0+0");
    assertThat(printed.text())
        .contains("listener legacy was to close")
        .contains("1 of " + story.product + " on 34.11.0+0");
    take("d2", "36.14");
    sunsets.look();
    admin.get("/api/v1/listeners/legacy").expectProblem(404, "not-found");
    assertThat(printed.text()).contains("listener legacy is closed: its time was");
    open("legacy", legacyPort, "TLSv1.2", Story.CBC, "rsa-2048");
  }

  @Test
  void anEnrolmentListenerIsNeededByThoseWhoHaveNotEnrolledAndAreMadeForNoOther() throws Exception {
    enrol("door", freePort(), "TLSv1.3", "TLS_AES_256_GCM_SHA384");
    assertThat(needed("door")).isEqualTo(2);
    int gate = freePort();
    enrol("gate", gate, "TLSv1.2", Story.CBC);
    assertThat(needed("door")).as("nobody's profile names the gate's port").isEqualTo(2);
    assertThat(close("door").expectProblem(409, "would-strand").text())
        .contains("it has not enrolled yet");
    story.build("34.12", story.legacyProfile(legacyPort, gate), "image", "manifest");
    run("d1", "34.12");
    run("d2", "34.12");
    assertThat(needed("door")).isZero();
    assertThat(impact("door").bool("allowed")).isTrue();
    assertThat(ask("{'closeListeners':['door'],'dropTls':{'ports':['" + gate + "']}}").text())
        .as("both at once")
        .contains("it has not enrolled yet");
    assertThat(ask("{'closeListeners':['door','legacy']}").text())
        .as("what else is asked is answered")
        .contains("none speaks TLSv1.2");
    close("gate").expectProblem(409, "would-strand");
    jdbc.sql("delete from fleet_device").update();
    close("gate").expect(200);
    close("door").expect(200);
  }

  private Answer ask(String change) {
    return admin.post(story.base + "/rotation/impact", change).expect(200);
  }

  private static Answer close(String listener) {
    return admin.post("/api/v1/listeners/" + listener + "/close", "{}");
  }

  private static void enrol(String name, int port, String version, String suite) {
    admin
        .post(
            "/api/v1/listeners",
            "{'name':'"
                + name
                + "','port':"
                + port
                + ",'kind':'enrol','tls':{'versions':['"
                + version
                + "'],'suites':['"
                + suite
                + "'],'serverKey':'"
                + (version.equals("TLSv1.2") ? "rsa-2048" : "p-384")
                + "'}}")
        .expect(201);
  }

  private static long needed(String listener) throws RejectedException {
    return admin.get("/api/v1/listeners/" + listener).expect(200).json().integer("needed", 0, 100);
  }

  @Test
  void aBuildThatLeadsToNoListenerIsNotReleased() throws Exception {
    String deaf = story.nextProfile(1, "manifest-ed", "manifest-pq");
    story.build("36.16", deaf, "image,image-next", NEXT_KEYS, ",'bootloader':{'id':'boot2'}");
    assertThat(story.release("36.16", true).expectProblem(409, "would-strand").text())
        .contains("36.16.0+0");
    assertThat(admin.get(story.base + "/releases").text()).doesNotContain("36.16");
  }

  @Test
  void aRoleKeyOfTheCatalogueIsNotRetired() throws Exception {
    String root =
        jdbc.sql("select name from keyring_key where purpose = 'ROOT' and product = ?")
            .param(story.product)
            .query(String.class)
            .list()
            .get(0);
    Answer key = admin.get("/api/v1/keys/" + root).expect(200);
    admin
        .post("/api/v1/keys/" + key.string("keyId") + "/deactivate", "{}")
        .expectProblem(409, "would-strand");
  }
}
