package dev.otasigner.service.signing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.OnBothDatabases;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.service.catalogue.Story;
import dev.otasigner.service.fleet.ProductPolicy;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.json.Json;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Finished builds that are pushed twice. */
@OnBothDatabases
@ServiceTest
class PushApiTests {
  private static int count;

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private JdbcClient jdbc;

  private static Admin admin = Admin.anonymous(0);
  private static boolean signedIn;

  private Story story = unmade();
  private String profile = "";
  private String image = "";
  private Bytes manifest = Bytes.copyOf(new byte[0]);

  @SuppressWarnings("NullAway")
  private static Story unmade() {
    return null;
  }

  /** Build 34.12 was made, and forgotten: it can be pushed as if it came from elsewhere. */
  @BeforeEach
  void finishedElsewhere() {
    if (!signedIn) {
      admin = Admin.withEveryRole(port, printed.password());
      signedIn = true;
    }
    story = new Story(admin, "ps" + ++count);
    profile = story.legacyProfile(8443);
    story.build("34.11", profile, "image", "manifest");
    story.build("34.12", profile, "image", "manifest");
    Bytes made = admin.get(story.base + "/builds/34.12/variants/sha256").expect(200).body();
    manifest = admin.get(story.base + "/builds/34.12/manifest").expect(200).body();
    image = admin.upload("/api/v1/payloads", made.toByteArray()).expect(201).string("sha256");
    jdbc.sql("delete from build where product = ? and version = '34.12.0+0'")
        .param(story.product)
        .update();
    jdbc.sql("update build_line set newest = '220b000000000000' where product = ?")
        .param(story.product)
        .update();
  }

  private Json.Builder body(boolean withManifest) {
    Json.Builder body = Json.object().put("image", image);
    return withManifest ? body.putBase64("manifest", manifest) : body;
  }

  private Answer push(Json body) {
    return admin.post(story.base + "/builds", body);
  }

  @Test
  void aRepeatedPushHasTheAnswerOfThen() {
    Json body = body(true).put("idempotencyKey", "build 12").build();
    String first = push(body).expect(201).text();
    assertThat(push(body).expect(201).text()).isEqualTo(first);
  }

  @Test
  void aRepeatedPushOfAnImageAloneHasTheAnswerOfThenAlsoBehindANewerBuild() {
    Json body = body(false).put("idempotencyKey", "build 12").build();
    String first = push(body).expect(201).text();
    story.key("other", "manifest", "ecdsa-p256-sha256");
    story.build("34.13", profile, "image", "manifest,other");
    assertThat(push(body).expect(201).text()).isEqualTo(first);
  }

  @Test
  void anotherPushUnderTheSameKeyIsRefused() {
    push(body(true).put("idempotencyKey", "build 12").build()).expect(201);
    push(body(false).put("idempotencyKey", "build 12").build()).expectProblem(409, "conflict");
  }

  @Test
  void aRequestUnderTheKeyOfAPushedImageIsRefused() {
    push(body(false).put("idempotencyKey", "build 12").build()).expect(201);
    story
        .request("34.13", profile, "image", "manifest", ",'idempotencyKey':'build 12'")
        .expectProblem(409, "conflict");
  }

  /** Also when the same push comes again: the request's build is not an answer to it. */
  @Test
  void aPushUnderTheKeyOfARequestIsRefused() {
    story
        .request("34.13", profile, "image", "manifest", ",'idempotencyKey':'build 13'")
        .expect(201);
    Json body = body(false).put("idempotencyKey", "build 13").build();
    push(body).expectProblem(409, "conflict");
    push(body).expectProblem(409, "conflict");
  }

  private void demand(String suite) {
    Json.Obj demand =
        Json.object()
            .put("purpose", "manifest")
            .put("from", Instant.parse("2020-01-01T00:00:00Z"))
            .put("suites", Json.strings(List.of(suite)))
            .build();
    Map<String, Json> policy = new LinkedHashMap<>(ProductPolicy.DEFAULT.toJson().members());
    policy.put("keys", new Json.Arr(List.of(demand)));
    jdbc.sql("update fleet_product set policy = ? where name = ?")
        .params(new String(new Json.Obj(policy).textBytes(), StandardCharsets.UTF_8), story.product)
        .update();
  }

  private Answer pushSignedBesides(String keyId, byte[] signature) throws Exception {
    Envelope envelope =
        Envelope.read(manifest.toByteArray())
            .with(new Envelope.Signature(new Digest(keyId), Bytes.copyOf(signature)));
    return push(
        Json.object()
            .put("image", image)
            .putBase64("manifest", Bytes.copyOf(envelope.toBytes()))
            .build());
  }

  @Test
  void aDemandedSuiteIsNotMetByASignatureThatIsNotTheKeys() throws Exception {
    String other = story.key("other", "manifest", "ml-dsa-65");
    demand("ml-dsa-65");
    assertThat(push(body(true).build()).expectProblem(422, "refused").text()).contains("ml-dsa-65");
    assertThat(pushSignedBesides(other, new byte[3309]).expectProblem(422, "refused").text())
        .contains("bad-signature");
  }

  @Test
  void aDemandedSuiteIsNotMetByAKeyOfAnotherPurpose() throws Exception {
    String other = story.key("other", "image", "ecdsa-p384-sha384");
    demand("ecdsa-p384-sha384");
    assertThat(pushSignedBesides(other, new byte[100]).expectProblem(422, "refused").text())
        .contains("ecdsa-p384-sha384");
  }

  @Test
  void theKeysThatSignedAPushedManifestAreInTheLog() throws Exception {
    push(body(true).build()).expect(201);
    String record =
        jdbc.sql("select record from audit_leaf where record like ? order by position desc limit 1")
            .param("%build.registered%build:" + story.product + "/%")
            .query(String.class)
            .single();
    Digest signer = Envelope.read(manifest.toByteArray()).signatures().get(0).keyId();
    assertThat(record).contains("\"keys\":\"" + signer.hex() + "\"").contains("\"checks\":");
  }

  @Test
  void withoutAKeyARepeatedPushIsRefused() {
    push(body(true).build()).expect(201);
    assertThat(push(body(true).build()).expectProblem(422, "refused").text())
        .contains("version-taken");
  }

  @Test
  void aKeyIsItsClientsOwn() {
    Json body = body(true).put("idempotencyKey", "build 12").build();
    push(body).expect(201);
    Admin other = admin.newUser(port, "ps-other-" + count, "release-engineer");
    assertThat(other.post(story.base + "/builds", body).expectProblem(422, "refused").text())
        .contains("version-taken");
  }

  @Test
  void manyAtOnceUnderOneKeyAreOneBuild() {
    for (boolean withManifest : List.of(true, false)) {
      if (!withManifest) {
        finishedElsewhere();
      }
      Json body = body(withManifest).put("idempotencyKey", "raced").build();
      CyclicBarrier together = new CyclicBarrier(6);
      List<CompletableFuture<String>> answers = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        answers.add(
            CompletableFuture.supplyAsync(
                () -> {
                  try {
                    together.await();
                  } catch (Exception e) {
                    throw new IllegalStateException(e);
                  }
                  return push(body).expect(201).text();
                },
                thread -> new Thread(thread).start()));
      }
      assertThat(answers.stream().map(CompletableFuture::join).distinct()).hasSize(1);
    }
  }
}
