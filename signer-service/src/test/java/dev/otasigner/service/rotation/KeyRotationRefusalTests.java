package dev.otasigner.service.rotation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.catalogue.Story;
import dev.otasigner.verifier.json.Fields;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which rotations do not begin, who may do what of one, and how one is given up. */
class KeyRotationRefusalTests extends RotatedProduct {

  @Test
  void anOldKeyHasOneRotationAtATime() throws Exception {
    int id = start("image", "image-next");
    Fields refused = ask(admin, "image", "image-next").expectProblem(409, "conflict").json();
    assertThat(refused.integer("rotation", 1, Integer.MAX_VALUE)).isEqualTo(id);
    assertThat(refused.string("detail")).contains("rotation " + id + " replaces key");
    start("manifest", "manifest-ed");
    abort(id).expect(200);
    int another = start("image", "image-next");
    assertThat(another).isNotEqualTo(id);
    List<Fields> all = admin.get(story.base + "/rotations").json().objects("rotations", 9);
    assertThat(all).hasSize(3);
    assertThat(all.get(0).integer("id", 1, Integer.MAX_VALUE)).isEqualTo(another);
    assertThat(all.get(2).string("state")).isEqualTo("aborted");
    assertThat(all.get(2).string("reason")).isEqualTo("another time");
    assertThat(
            admin
                .get(story.base + "/rotations?limit=1&from=" + id)
                .json()
                .objects("rotations", 9)
                .get(0)
                .string("state"))
        .isEqualTo("aborted");
    admin.get(story.base + "/rotations?from=x").expectProblem(400, "bad-request");
  }

  @Test
  void keysThatDoNotFollowEachOther() {
    ask(admin, "image", "image").expectProblem(400, "bad-request");
    assertThat(ask(admin, "image", "manifest-ed").expectProblem(409, "key-not-usable").text())
        .contains("is for manifest, and not for image");
    ask(admin, "image", "nobody").expectProblem(404, "not-found");
    ask(admin, "nobody", "image").expectProblem(404, "not-found");
    create("pq-image", "image", "ml-dsa-65");
    assertThat(ask(admin, "image", "pq-image").expectProblem(409, "key-not-usable").text())
        .contains("signs no image");
    admin
        .post(
            "/api/v1/keys",
            "{'name':'"
                + named("theirs")
                + "','purpose':'image','suite':'ed25519','product':'r1-other'}")
        .expect(201);
    assertThat(ask(admin, "image", "theirs").expectProblem(409, "key-not-usable").text())
        .contains("serves product r1-other alone");
    admin
        .post("/api/v1/products/nowhere/rotations", keys("image", "image-next"))
        .expectProblem(404, "not-found");
    admin.post(story.base + "/rotations", "{'oldKey':''}").expectProblem(400, "bad-request");
  }

  @ParameterizedTest
  @CsvSource({
    "root,a ceremony changes it",
    "targets,a ceremony changes it",
    "timestamp,signer root online --replace",
    "server-tls,signer listeners open",
    "device-ca,clientKey",
    "audit,signer keys create --purpose audit"
  })
  void otherPurposesAreServedElsewhere(String purpose, String where) {
    create("other", purpose, "ecdsa-p384-sha384");
    assertThat(ask(admin, "other", "image-next").expectProblem(409, "key-not-usable").text())
        .contains("is for " + purpose)
        .contains(where);
  }

  @Test
  void noRotationBeginsWithAKeyThatSignsNothing() {
    assertThat(ask(admin, "image-next", "image").expectProblem(409, "key-not-usable").text())
        .contains("is pre-activation: no rotation begins with it");
    change("image", "suspend").expect(200);
    assertThat(ask(admin, "image", "image-next").expectProblem(409, "key-not-usable").text())
        .contains("is suspended: activate it first");
    activate("image");
    activate("image-next");
    change("image-next", "suspend").expect(200);
    assertThat(ask(admin, "image", "image-next").expectProblem(409, "key-not-usable").text())
        .contains("is suspended: nothing can be rotated to it");
  }

  @Test
  void theNewKeyIsAsStrongAsTheProductDemandsOneDay() {
    admin
        .put(
            story.base + "/policy",
            "{'keys':[{'purpose':'image','from':'2090-01-01T00:00:00Z','minStrengthBits':192}]}")
        .expect(200);
    assertThat(ask(admin, "image", "image-next").expectProblem(409, "key-not-usable").text())
        .contains("has a strength of 128 bits")
        .contains("demands 192 from 2090-01-01T00:00:00Z");
    ask(admin, "manifest", "manifest-ed").expect(201);
  }

  @Test
  void stepsAreForThoseWhoMayDoThemOtherwise() throws Exception {
    Admin engineer = user("release-engineer");
    Admin custodian = user("key-custodian");
    Admin oneProduct = user("key-custodian@" + story.product);
    int id = start("image", "image-next");
    assertThat(as(engineer, id, "introduce").expectProblem(403, "forbidden").text())
        .contains("serves every product");
    as(oneProduct, id, "introduce").expectProblem(403, "forbidden");
    assertThat(state("image-next")).isEqualTo("pre-activation");
    as(custodian, id, "introduce").expect(200);
    bridge("36.14", "image,image-next");
    as(custodian, id, "bridge").expectProblem(403, "forbidden");
    as(engineer, id, "bridge").expect(200);
    ask(user("auditor"), "manifest", "manifest-ed").expectProblem(403, "forbidden");
    take("d1", "36.14");
    take("d2", "36.14");
    as(custodian, id, "new-only").expect(200);
    engineer.post(path(id) + "/abort", "{'reason':'x'}").expectProblem(403, "forbidden");
    assertThat(state("image")).isEqualTo("suspended");
    assertThat(show(id).string("state")).isEqualTo("open");
  }

  /** A key of one product is for its own custodian. */
  @Test
  void theCustodianOfAProductActivatesItsOwnKey() throws Exception {
    admin
        .post(
            "/api/v1/keys",
            "{'name':'"
                + named("own")
                + "','purpose':'image','suite':'ed25519','product':'"
                + story.product
                + "'}")
        .expect(201);
    int id = start("image", "own");
    as(user("release-engineer@" + story.product), id, "introduce").expectProblem(403, "forbidden");
    as(user("key-custodian@" + story.product), id, "introduce").expect(200);
    assertThat(state("own")).isEqualTo("active");
  }

  /** How many devices of another product lean on it is told, and nothing else about them. */
  @Test
  void aKeyOfTwoProductsShowsEachTheirOwnDevices() throws Exception {
    Story other = new Story(admin, story.product + "x");
    other.build("7.1", other.legacyProfile(legacyPort), "image", "manifest");
    other.device("theirs-1", "7.1");
    jdbc.sql(
            "update fleet_bootloader set document = (select document from fleet_bootloader where"
                + " product = ? and id = 'boot1') where product = ?")
        .params(story.product, other.product)
        .update();
    String plan = "{'oldKey':'" + named("image") + "','newKey':'" + named("image-next") + "'}";
    String all = admin.post(story.base + "/rotation/plan", plan).expect(200).text();
    assertThat(all).contains("theirs-1", "\"left\":3");
    String own =
        user("auditor@" + story.product)
            .post(story.base + "/rotation/plan", plan)
            .expect(200)
            .text();
    assertThat(own)
        .contains("\"left\":3", "of another product", "\"d1\"")
        .doesNotContain("theirs-1")
        .doesNotContain("7.1.0");
  }

  private Admin user(String role) {
    return admin.newUser(port(), "u" + Long.toHexString(System.nanoTime()), role);
  }

  private Answer as(Admin other, int id, String step) {
    return other.post(path(id) + "/advance", "{'step':'" + step + "'}");
  }

  @Test
  void aSuspendedKeySignsAgainOnceItsRotationIsGivenUp() throws Exception {
    int id = atNewOnly();
    advance(id, "new-only").expect(200);
    assertThat(state("image")).isEqualTo("suspended");
    assertThat(abort(id).expect(200).string("state")).isEqualTo("aborted");
    assertThat(state("image")).isEqualTo("active");
    assertThat(recorded(id)).containsExactly("started", "bridge", "new-only", "aborted");
    assertThat(abort(id).expectProblem(409, "conflict").text()).contains("was aborted by user:");
    advance(id, "new-only").expectProblem(409, "conflict");
  }

  @Test
  void thereIsNoWayBackToARetiredKey() throws Exception {
    int id = atNewOnly();
    advance(id, "new-only").expect(200);
    advance(id, "retire").expect(200);
    assertThat(abort(id).expectProblem(409, "conflict").text()).contains("no way back");
    advance(id, "destroy").expect(200);
    abort(id).expectProblem(409, "conflict");
    assertThat(show(id).string("state")).isEqualTo("done");
  }

  /** The new key turns out to be bad after the old one was stolen: another one takes its place. */
  @Test
  void aCompromisedKeyStaysSoWhenItsRotationIsGivenUp() throws Exception {
    int id = start("image", "image-next");
    compromise("image");
    compromise("image-next");
    assertThat(step(id, "introduce").string("detail")).contains("abort, and start with another");
    advance(id, "introduce").expectProblem(409, "key-not-usable");
    abort(id).expect(200);
    assertThat(state("image")).isEqualTo("compromised");
    create("image-third", "image", "ed25519");
    start("image", "image-third");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{'reason':''}", "{'reason':'  '}", "{'reason':5}"})
  void aRotationIsGivenUpForAReason(String body) {
    int id = start("image", "image-next");
    admin.post(path(id) + "/abort", body).expectProblem(400, "bad-request");
  }

  @Test
  void aRotationOfAnotherProductIsNotFound() {
    int id = start("image", "image-next");
    String other = "k" + ++count;
    admin.post("/api/v1/products", "{'name':'" + other + "'}").expect(201);
    String path = "/api/v1/products/" + other + "/rotations/" + id;
    admin.get(path).expectProblem(404, "not-found");
    admin.post(path + "/advance", "{'step':'introduce'}").expectProblem(404, "not-found");
    admin.post(path + "/abort", "{'reason':'x'}").expectProblem(404, "not-found");
  }
}
