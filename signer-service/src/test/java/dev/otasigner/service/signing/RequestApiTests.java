package dev.otasigner.service.signing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.service.catalogue.Story;
import dev.otasigner.service.fleet.ProductPolicy;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Signing requests over HTTP: repeated, raced, and several in one call. */
@ServiceTest
class RequestApiTests {
  private static int count;

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private JdbcClient jdbc;
  @Autowired private RequestLedger ledger;

  private static Admin admin = Admin.anonymous(0);
  private static boolean signedIn;

  private Story story = unmade();
  private String profile = "";
  private String payload = "";

  @SuppressWarnings("NullAway")
  private static Story unmade() {
    return null;
  }

  @BeforeEach
  void product() {
    if (!signedIn) {
      admin = Admin.withEveryRole(port, printed.password());
      signedIn = true;
    }
    story = new Story(admin, "rq" + ++count);
    profile = story.legacyProfile(8443);
    payload = story.payload("payload").hex();
  }

  private String request(String version, int counter, String more) {
    return "{'version':'"
        + version
        + "','securityCounter':"
        + counter
        + ",'hardware':[{'id':'gw','revisions':['a']}],'format':'mcuboot','payload':'"
        + payload
        + "','imageKeys':['"
        + story.named("image")
        + "'],'manifestKeys':['"
        + story.named("manifest")
        + "'],'profile':'"
        + profile
        + "'"
        + more
        + "}";
  }

  private Answer ask(String body) {
    return admin.post(story.base + "/requests", body);
  }

  private Answer askFor(String... bodies) {
    return admin.post(
        story.base + "/requests/batch", "{'requests':[" + String.join(",", bodies) + "]}");
  }

  private long received() {
    return ledger
        .of(story.product, EnumSet.allOf(RequestState.class), Optional.empty(), 100)
        .size();
  }

  @Test
  void aRepeatedRequestGetsTheAnswerOfThen() {
    String body = request("34.12", 7, ",'idempotencyKey':'build 1'");
    String first = ask(body).expect(201).text();
    assertThat(ask(body).expect(201).text()).isEqualTo(first);
    assertThat(received()).isEqualTo(1);
    ask(request("34.13", 7, ",'idempotencyKey':'build 1'")).expectProblem(409, "conflict");
  }

  @Test
  void manyAtOnceWithOneKeyAreOneRequestWithOneAnswer() {
    for (int round = 0; round < 3; round++) {
      String body = request("34.2" + round, 7, ",'idempotencyKey':'raced " + round + "'");
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
                  return ask(body).expect(201).text();
                },
                thread -> new Thread(thread).start()));
      }
      assertThat(answers.stream().map(CompletableFuture::join).distinct()).hasSize(1);
      assertThat(received()).isEqualTo(round + 1);
      assertThat(answers.get(0).join()).contains("\"attempts\":1,").contains("\"ready\"");
    }
  }

  @Test
  void severalRequestsAreAnsweredTogetherInTheirOrder() throws Exception {
    Answer answer = askFor(request("34.12", 7, ""), request("34.13", 7, "")).expect(201);
    Json.Arr all = (Json.Arr) JsonReader.read(answer.body().toByteArray(), 1 << 20);
    assertThat(all.items()).hasSize(2);
    assertThat(all.items().get(0).toString()).contains("34.12.0+0").contains("ready");
    assertThat(all.items().get(1).toString()).contains("34.13.0+0").contains("ready");
    admin.get(story.base + "/builds/34.13").expect(200);
  }

  @Test
  void ifThePolicyRefusesOneOfSeveralNoneIsReceived() {
    Answer answer =
        askFor(
                request("34.12", 7, ""),
                request("34.13", 7, "").replace(story.named("image"), "nobody"))
            .expectProblem(422, "refused");
    assertThat(answer.text())
        .contains("1 of 2 requests")
        .contains("\"requests\":[{\"reasons\":[]},{\"reasons\":[{\"code\":\"key-unknown\"");
    assertThat(received()).isZero();
    admin.get(story.base + "/builds/34.12").expectProblem(404, "not-found");
  }

  /** The answer's sentence only counts them. */
  @Test
  void everyReasonForWhichSeveralAreRefusedIsOnRecord() {
    askFor(
            request("34.12", 7, "").replace(story.named("image"), "nobody"),
            request("34.13", 7, ",'padHeader':false"))
        .expectProblem(422, "refused");
    assertThat(lastRefusal("/requests/batch"))
        .contains("2 of 2 requests")
        .contains("\"reasons\":\"key-unknown image-refused\"");
  }

  /** The refusal's own code, beside its sentence. */
  @Test
  void theReasonForWhichAPushIsRefusedIsOnRecord() {
    admin
        .post(story.base + "/builds", "{'image':'" + payload + "','manifest':'" + "AAAA" + "'}")
        .expectProblem(422, "refused");
    assertThat(lastRefusal("/builds")).containsPattern("\"reasons\":\"[a-z-]+\"");
  }

  private String lastRefusal(String path) {
    return jdbc.sql(
            "select record from audit_leaf where record like ? order by position desc limit 1")
        .param("%call.refused%" + story.base + path + "%")
        .query(String.class)
        .single();
  }

  @Test
  void ifOneOfSeveralCanNotBecomeAnImageNoneIsReceived() {
    assertThat(
            askFor(request("34.12", 7, ""), request("34.13", 7, ",'padHeader':false"))
                .expectProblem(422, "refused")
                .text())
        .contains("\"requests\":[{\"reasons\":[]},{\"reasons\":[{\"code\":\"image-refused\"");
    assertThat(received()).isZero();
  }

  /** What comes first in a call is taken for built when what comes next is judged. */
  @Test
  void oneThatIsOvertakenByAnotherOfTheCallIsRefused() {
    assertThat(
            askFor(request("34.13", 7, ""), request("34.12", 7, ""))
                .expectProblem(422, "refused")
                .text())
        .contains("{\"reasons\":[]},{\"reasons\":[{\"code\":\"version-not-newer\"");
    assertThat(
            askFor(request("34.12", 8, ""), request("34.13", 7, ""))
                .expectProblem(422, "refused")
                .text())
        .contains("{\"reasons\":[]},{\"reasons\":[{\"code\":\"counter-too-low\"");
    assertThat(received()).isZero();
  }

  @Test
  void countersMayRiseFromOneRequestOfACallToTheNext() {
    long step = ProductPolicy.DEFAULT.maxCounterStep();
    ask(request("34.12", 7, "")).expect(201);
    assertThat(
            askFor(
                    request("34.13", (int) (7 + step), ""),
                    request("34.14", (int) (7 + 2 * step), ""))
                .expect(201)
                .text())
        .contains("\"build\":\"34.14");
  }

  @Test
  void oneVersionTwiceInOneCallIsRefused() {
    assertThat(
            askFor(request("34.12", 7, ""), request("34.12", 7, ""))
                .expectProblem(422, "refused")
                .text())
        .contains("stands twice");
    assertThat(received()).isZero();
  }

  @Test
  void severalRequestsWithKeysGetTheAnswerOfThen() {
    String[] bodies = {
      request("34.12", 7, ",'idempotencyKey':'a'"), request("34.13", 7, ",'idempotencyKey':'b'")
    };
    String first = askFor(bodies).expect(201).text();
    assertThat(askFor(bodies).expect(201).text()).isEqualTo(first);
    assertThat(received()).isEqualTo(2);
  }

  @Test
  void moreRequestsThanTheLimitOrNoneAreRefused() {
    String[] many = new String[33];
    java.util.Arrays.fill(many, request("34.12", 7, ""));
    askFor(many).expectProblem(400, "bad-request");
    askFor().expectProblem(400, "bad-request");
  }
}
