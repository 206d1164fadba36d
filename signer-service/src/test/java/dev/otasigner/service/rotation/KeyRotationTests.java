package dev.otasigner.service.rotation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin.Answer;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One key takes another's place, a step at a time, and nobody gets further than it was shown. */
class KeyRotationTests extends RotatedProduct {

  @Test
  void anImageKeyIsReplacedStepByStep() throws Exception {
    int id = start("image", "image-next");
    assertThat(next(id)).isEqualTo("introduce");
    assertThat(state("image-next")).isEqualTo("pre-activation");
    advance(id, "introduce").expect(200);
    assertThat(state("image-next")).isEqualTo("active");

    Fields sign = step(id, "sign");
    assertThat(sign.string("state")).isEqualTo("next");
    assertThat(sign.string("detail")).startsWith("no build takes 2 devices from");
    bridge("36.14", "image,image-next");
    Fields bridge = step(id, "bridge");
    assertThat(bridge.string("state")).isEqualTo("next");
    Fields missing = bridge.objects("releases", 9).get(0);
    assertThat(missing.string("channel")).isEqualTo("stable");
    assertThat(missing.string("hardware")).isEqualTo("gw");
    assertThat(missing.string("version")).isEqualTo("36.14.0+0");
    assertThat(missing.integer("count", 0, 9)).isEqualTo(2);
    advance(id, "bridge").expect(200);
    assertThat(admin.get(story.base + "/releases/stable/gw/36.14").text())
        .contains("\"bridge\":true");

    assertThat(next(id)).isEqualTo("fleet");
    assertThat(step(id, "fleet").string("detail"))
        .isEqualTo("2 on 34.11.0+0 in stable for gw, still to take 36.14.0+0");
    assertThat(devices(id)).isEqualTo("2: 0 through, 2 left");
    take("d1", "36.14");
    assertThat(next(id)).isEqualTo("fleet");
    assertThat(devices(id)).isEqualTo("2: 1 through, 1 left");
    take("d2", "36.14");

    assertThat(next(id)).isEqualTo("new-only");
    advance(id, "new-only").expect(200);
    assertThat(state("image")).isEqualTo("suspended");
    advance(id, "retire").expect(200);
    assertThat(state("image")).isEqualTo("deactivated");
    assertThat(advance(id, "destroy").expect(200).string("state")).isEqualTo("done");
    assertThat(state("image")).isEqualTo("destroyed");
    advance(id, "destroy").expectProblem(409, "conflict");
    assertThat(recorded(id))
        .containsExactly("started", "introduce", "bridge", "new-only", "retire", "destroy");
  }

  /** Nothing of where it stands is kept, so that whoever does a step otherwise has done it. */
  @Test
  void whatIsDoneByHandIsDone() throws Exception {
    int id = start("image", "image-next");
    activate("image-next");
    bridge("36.14", "image,image-next");
    story.release("36.14", true).expect(201);
    take("d1", "36.14");
    take("d2", "36.14");
    deactivate("image").expect(200);
    assertThat(next(id)).isEqualTo("destroy");
    assertThat(recorded(id)).containsExactly("started");
  }

  @Test
  void aManifestKeyIsReplacedByTheNextProfile() throws Exception {
    activate("image-next");
    int id = start("manifest", "manifest-ed");
    advance(id, "introduce").expect(200);
    activate("manifest-pq");
    Fields hint = step(id, "sign").objects("hints", 9).get(0);
    assertThat(hint.string("what")).isEqualTo("one manifest, signed by both keys");
    assertThat(hint.string("command"))
        .isEqualTo(
            "signer sign IMAGE --product "
                + story.product
                + " --hardware gw --version VERSION --security-counter 7 --image-key "
                + named("image")
                + " --manifest-key "
                + named("manifest")
                + " --manifest-key "
                + named("manifest-ed")
                + " --manifest-key "
                + named("manifest-pq")
                + " --profile "
                + next);
    bridge("36.14", "image,image-next");
    advance(id, "bridge").expect(200);
    take("d1", "36.14");
    take("d2", "36.14");
    assertThat(next(id)).isEqualTo("new-only");
  }

  @Test
  void onlyTheNextStepIsDone() throws Exception {
    int id = start("image", "image-next");
    for (String early : List.of("sign", "bridge", "fleet", "new-only", "retire", "destroy")) {
      assertThat(advance(id, early).expectProblem(409, "conflict").text())
          .contains("is introduce, and not " + early);
    }
    assertThat(state("image")).isEqualTo("active");
    advance(id, "introduce").expect(200);
    assertThat(advance(id, "introduce").expectProblem(409, "conflict").text())
        .contains("is sign, and not introduce, which is done");
    advance(id, "leap").expectProblem(400, "bad-request");
  }

  @Test
  void aBuildIsForPeopleToSign() throws Exception {
    activate("image-next");
    int id = start("image", "image-next");
    Fields refused = advance(id, "sign").expectProblem(409, "conflict").json();
    Fields hint = refused.objects("hints", 9).get(0);
    assertThat(hint.string("what")).isEqualTo("one image file, signed by both keys");
    assertThat(hint.string("command"))
        .startsWith("signer sign IMAGE --product " + story.product + " --hardware gw")
        .contains(" --image-key " + named("image") + " --image-key " + named("image-next"))
        .contains(" --manifest-key " + named("manifest"))
        .endsWith(" --profile " + legacy + " --bootloader boot2");
  }

  @Test
  void keysThatShareNoFileAreHintedAsVariants() throws Exception {
    story.key("image-384", "image", "ecdsa-p384-sha384");
    int id = start("image", "image-384");
    Fields register = step(id, "sign").objects("hints", 9).get(0);
    assertThat(register.string("what")).startsWith("no bootloader of this hardware holds");
    assertThat(register.string("command"))
        .startsWith("signer bootloaders add ID ")
        .contains(" --anchor " + named("image-384"));
    story.bootloader("boot384", "image-384");
    Fields sign = step(id, "sign").objects("hints", 9).get(0);
    assertThat(sign.string("what")).startsWith("two image files of one build");
    assertThat(sign.string("command")).endsWith(" --bootloader boot384");
    story.build("36.14", legacy, "image,image-384", "manifest", ",'bootloader':{'id':'boot384'}");
    assertThat(next(id)).isEqualTo("bridge");
  }

  @Test
  void aFixedBootloaderKeepsItsKey() throws Exception {
    activate("image-next");
    registerFixed("fixed", "image");
    jdbc.sql("update fleet_device set cohort = null, bootloader = 'fixed'").update();
    int id = start("image", "image-next");
    Fields hint = step(id, "sign").objects("hints", 9).get(0);
    assertThat(hint.string("what")).contains("bootloader fixed is fixed");
    assertThat(hint.has("command")).isFalse();
  }

  /** Devices take the newest build first, and never come back to an older one. */
  @Test
  void aBuildBelowOneThatDevicesTakeIsNoBridge() throws Exception {
    activate("image-next");
    int id = start("image", "image-next");
    bridge("34.15", "image,image-next");
    assertThat(next(id)).isEqualTo("bridge");
    story.build("34.20", legacy, "image", "manifest");
    story.release("34.20", false).expect(201);
    assertThat(next(id)).isEqualTo("sign");
    bridge("36.14", "image,image-next");
    assertThat(next(id)).isEqualTo("bridge");
  }

  @Test
  void aReleaseThatSomebodyTookBackIsNotPublishedByAStep() throws Exception {
    activate("image-next");
    int id = start("image", "image-next");
    bridge("36.14", "image,image-next");
    advance(id, "bridge").expect(200);
    story.step("36.14", "withdraw").expect(200);
    assertThat(step(id, "bridge").string("detail")).contains("withdrawn now");
    assertThat(advance(id, "bridge").expectProblem(409, "conflict").text())
        .contains("is withdrawn: who has decided that");
    story.step("36.14", "resume").expect(200);
    story.step("36.14", "pause").expect(200);
    advance(id, "bridge").expectProblem(409, "conflict");
    story.step("36.14", "stop").expect(200);
    advance(id, "bridge").expectProblem(409, "conflict");
    story.release("36.14", true).expect(201);
    assertThat(next(id)).isEqualTo("fleet");
  }

  @Test
  void onlyReleasesThatWereSeenArePublished() throws Exception {
    activate("image-next");
    int id = start("image", "image-next");
    bridge("36.14", "image,image-next");
    String seen = "'releases':[{'channel':'stable','hardware':'gw','version':'VERSION'}]";
    bridge("36.15", "image,image-next");
    assertThat(
            advanceWith(id, "bridge", seen.replace("VERSION", "36.14"))
                .expectProblem(409, "conflict")
                .text())
        .contains("other releases are missing than were named");
    assertThat(admin.get(story.base + "/releases").text()).doesNotContain("36.1");
    advanceWith(id, "bridge", seen.replace("VERSION", "36.15")).expect(200);
  }

  @Test
  void aDeviceThatStaysBehindKeepsTheOldKeySigning() throws Exception {
    activate("image-next");
    int id = start("image", "image-next");
    bridge("36.14", "image,image-next");
    advance(id, "bridge").expect(200);
    take("d1", "36.14");
    assertThat(advance(id, "fleet").expectProblem(409, "conflict").text())
        .contains("waits for devices: 1 on 34.11.0+0");
    advance(id, "new-only").expectProblem(409, "conflict");
    assertThat(state("image")).isEqualTo("active");
  }

  /** Whom two people have given up is not waited for, whether a build would save it or not. */
  @Test
  void devicesThatAreWrittenOffAreNotWaitedFor() throws Exception {
    activate("image-next");
    int id = start("image", "image-next");
    bridge("36.14", "image,image-next");
    advance(id, "bridge").expect(200);
    take("d1", "36.14");
    assertThat(next(id)).isEqualTo("fleet");
    writeOff("image", "34.11.0+0");
    assertThat(devices(id)).isEqualTo("2: 1 through, 0 left");
    assertThat(next(id)).isEqualTo("new-only");
    advance(id, "new-only").expect(200);
    advance(id, "retire").expect(200);
  }

  @Test
  void noBuildIsSignedForDevicesThatAreWrittenOff() throws Exception {
    activate("image-next");
    int id = start("image", "image-next");
    writeOff("image", "34.11.0+0");
    assertThat(states(id)).isEqualTo("done done done done next waiting waiting");
  }

  /** A device that was manufactured meanwhile is found by the guard of the retirement itself. */
  @Test
  void retiringIsGuardedAsByHand() throws Exception {
    int id = atNewOnly();
    advance(id, "new-only").expect(200);
    story.device("d3", "34.11");
    assertThat(next(id)).isEqualTo("fleet");
    advance(id, "retire").expectProblem(409, "conflict");
    deactivate("image").expectProblem(409, "would-strand");
  }

  @Test
  void aKeyIsCompromisedMeanwhile() throws Exception {
    activate("image-next");
    int id = start("image", "image-next");
    compromise("image");
    Fields place = show(id);
    assertThat(place.strings("notes", 9).get(0))
        .contains("was compromised")
        .contains("2 devices can only follow by what was signed before");
    assertThat(states(id)).isEqualTo("done next waiting waiting done done waiting");
    Fields hint = step(id, "sign").objects("hints", 9).get(0);
    assertThat(hint.string("what")).contains("nothing can be signed any more");
  }

  @Test
  void aCompromisedKeyMayStillBeReplacedByABridgeThatItSigned() throws Exception {
    activate("image-next");
    bridge("36.14", "image,image-next");
    compromise("image");
    int id = start("image", "image-next");
    advance(id, "bridge").expect(200);
    take("d1", "36.14");
    take("d2", "36.14");
    assertThat(advance(id, "destroy").expect(200).string("state")).isEqualTo("done");
  }

  /** It goes for every product that it serves. */
  @Test
  void devicesOfAnotherProductAreWaitedForToo() throws Exception {
    int id = atNewOnly();
    String old = named("image");
    admin.post("/api/v1/products", "{'name':'" + story.product + "b'}").expect(201);
    assertThat(next(id)).isEqualTo("new-only");
    alsoUsedBy(story.product + "b", old);
    assertThat(next(id)).isEqualTo("fleet");
    assertThat(step(id, "fleet").string("detail"))
        .isEqualTo("1 on 34.11.0+0 in stable for gw, led on by nothing that is offered");
  }

  private String states(int id) throws RejectedException {
    return String.join(
        " ", show(id).objects("steps", 9).stream().map(step -> string(step, "state")).toList());
  }

  private static String string(Fields fields, String name) {
    try {
      return fields.string(name);
    } catch (RejectedException e) {
      throw new AssertionError(e);
    }
  }

  private String devices(int id) throws RejectedException {
    Fields devices = show(id).object("devices");
    return devices.integer("count", 0, 9)
        + ": "
        + devices.integer("through", 0, 9)
        + " through, "
        + devices.integer("left", 0, 9)
        + " left";
  }

  @Test
  void aPlanKeepsNothing() throws Exception {
    Answer plan = admin.post(story.base + "/rotation/plan", keys("image", "image-next"));
    assertThat(plan.expect(200).string("state")).isEqualTo("planned");
    assertThat(plan.json().objects("steps", 9)).hasSize(7);
    assertThat(plan.json().object("impact").bool("allowed")).isFalse();
    assertThat(admin.get(story.base + "/rotations").text()).isEqualTo("{\"rotations\":[]}");
  }
}
