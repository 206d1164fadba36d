package dev.otasigner.service.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.MovingClock;
import dev.otasigner.service.NothingScheduled;
import dev.otasigner.service.OnBothDatabases;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.service.access.AccessChanged;
import dev.otasigner.service.access.Actor;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.audit.AuditKey;
import dev.otasigner.verifier.audit.Checkpoint;
import dev.otasigner.verifier.audit.ConsistencyProof;
import dev.otasigner.verifier.audit.InclusionProof;
import dev.otasigner.verifier.audit.TreeHash;
import dev.otasigner.verifier.json.Fields;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Proofs and queries over HTTP. */
@OnBothDatabases
@ServiceTest
@NothingScheduled
class AuditQueryTests {
  private static final String PROOF = "/api/v1/audit/proof/";

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private AuditLog audit;
  @Autowired private MerkleAuditLog log;
  @Autowired private AuditStore store;
  @Autowired private AuditSigner signer;
  @Autowired private MovingClock clock;
  @Autowired private JdbcClient jdbc;
  @Autowired private ApplicationEventPublisher events;

  private Admin admin = Admin.anonymous(0);
  private String name = "";

  @BeforeEach
  void signIn() {
    admin = Admin.withEveryRole(port, printed.password());
    name = "q" + Long.toHexString(System.nanoTime());
  }

  @AfterEach
  void backToNow() {
    clock.reset();
  }

  private void record(String action, String subject, Map<String, String> details) {
    audit.record(Actor.SYSTEM, action, subject, details);
  }

  private Checkpoint checkpoint() throws Exception {
    byte[] note = admin.get("/api/v1/audit/checkpoint").expect(200).body().toByteArray();
    return Checkpoint.read(note, new AuditKey(signer.key()));
  }

  @Test
  void aRecordIsProvedToBeInTheTreeOfACheckpoint() throws Exception {
    record("report.made", name, Map.of());
    Checkpoint head = checkpoint();
    for (long leaf : new long[] {0, 1, head.size() / 2, head.size() - 1}) {
      Fields answer =
          admin.get(PROOF + "inclusion?leaf=" + leaf + "&size=" + head.size()).expect(200).json();
      verify(answer, head.root());
    }
  }

  private static String verify(Fields answer, Digest root) throws Exception {
    String record = answer.string("record");
    new InclusionProof(
            answer.integer("leaf", 0, Long.MAX_VALUE),
            answer.integer("size", 0, Long.MAX_VALUE),
            answer.digests("hashes", 63))
        .verify(TreeHash.leaf(record.getBytes(StandardCharsets.UTF_8)), root);
    return record;
  }

  @Test
  void aCheckpointIsProvedToExtendAnEarlierOne() throws Exception {
    record("report.made", name, Map.of());
    Checkpoint before = checkpoint();
    for (int i = 0; i < 5; i++) {
      record("report.made", name, Map.of());
    }
    Checkpoint after = checkpoint();
    Fields answer =
        admin
            .get(PROOF + "consistency?from=" + before.size() + "&to=" + after.size())
            .expect(200)
            .json();
    List<Digest> hashes = answer.digests("hashes", 63);
    new ConsistencyProof(before.size(), after.size(), hashes).verify(before.root(), after.root());
  }

  @Test
  void whatTheLogHasNotIsNotProved() {
    long size = store.size() + 1000;
    for (String query :
        new String[] {
          "inclusion?leaf=" + size,
          "inclusion?leaf=-1",
          "inclusion?leaf=5&size=5",
          "inclusion?leaf=0&size=" + size,
          "inclusion?leaf=0&size=0",
          "inclusion?leaf=99999999999999999999",
          "inclusion?leaf=x",
          "inclusion",
          "consistency?from=0",
          "consistency?from=-5",
          "consistency?from=" + size,
          "consistency?from=2&to=1",
          "consistency?from=1&to=" + size,
          "consistency"
        }) {
      admin.get(PROOF + query).expectProblem(400, "bad-request");
    }
  }

  @Test
  void oneQueryAnswersWhoSignedInWhenAndWhatTheyDid() throws Exception {
    String oneTime =
        admin
            .post("/api/v1/users", "{'name':'" + name + "','roles':['auditor']}")
            .expect(201)
            .string("oneTimePassword");
    clock.advance(Refusals.WINDOW);
    Admin.anonymous(port)
        .post("/api/v1/sessions", "{'user':'" + name + "','password':'wrong'}")
        .expect(401);
    Admin self = Admin.anonymous(port).signIn(name, oneTime);
    self.put(
            "/api/v1/users/" + name + "/password",
            "{'current':'" + oneTime + "','password':'a password of my own'}")
        .expect(204);
    Fields page = admin.get("/api/v1/audit?about=user:" + name).expect(200).json();
    assertThat(actions(page))
        .containsExactly(
            "user.created", "session.denied", "session.opened", "user.password-changed");
    String since = clock.instant().minus(Duration.ofMinutes(1)).toString();
    String until = clock.instant().plus(Duration.ofMinutes(1)).toString();
    assertThat(
            actions(
                admin
                    .get("/api/v1/audit?about=user:" + name + "&since=" + since + "&until=" + until)
                    .expect(200)
                    .json()))
        .containsExactly("session.denied", "session.opened", "user.password-changed");
    assertThat(
            actions(
                admin
                    .get("/api/v1/audit?about=user:" + name + "&until=" + since)
                    .expect(200)
                    .json()))
        .containsExactly("user.created");
    admin.get("/api/v1/audit?since=yesterday").expectProblem(400, "bad-request");
    for (String year : new String[] {"%2B1000000000", "-1000000000", "%2B10000", "-0001"}) {
      admin
          .get("/api/v1/audit?since=" + year + "-01-01T00:00:00Z")
          .expectProblem(400, "bad-request");
      admin
          .get("/api/v1/audit?until=" + year + "-01-01T00:00:00Z")
          .expectProblem(400, "bad-request");
    }
    admin.get("/api/v1/audit?since=0000-01-01T00:00:00Z&until=9999-12-31T23:59:59Z").expect(200);
  }

  private static List<String> actions(Fields page) throws Exception {
    List<String> actions = new java.util.ArrayList<>();
    for (Fields record : page.objects("records", 500)) {
      actions.add(record.string("action"));
    }
    return actions;
  }

  @Test
  void allThatIsKnownOfAnImageComesWithProofs() throws Exception {
    String image = Digest.of(name.getBytes(StandardCharsets.UTF_8)).hex();
    String document = Digest.of((name + "d").getBytes(StandardCharsets.UTF_8)).hex();
    record("request.received", "request:" + name, Map.of("product", name, "version", "1.2.3+0"));
    record("request.judged", "request:" + name, Map.of("digest", document));
    record("request.approve", "request:" + name, Map.of("approver", name, "document", document));
    record("key.used", "key:release", Map.of("request", document));
    record("request.signed", "request:" + name, Map.of("image-main", image));
    record("release.published", "release:" + name + "/stable/board/1.2.3+0", Map.of());
    record("request.signed", "request:another", Map.of());
    for (String query :
        new String[] {
          "digest=" + image, "product=" + name + "&version=1.2.3", "digest=" + document
        }) {
      Fields answer = admin.get("/api/v1/audit/image?" + query).expect(200).json();
      byte[] note = answer.string("checkpoint").getBytes(StandardCharsets.UTF_8);
      Checkpoint head = Checkpoint.read(note, new AuditKey(signer.key()));
      List<String> records = new java.util.ArrayList<>();
      for (Fields proof : answer.objects("records", 200)) {
        records.add(verify(proof, head.root()));
      }
      assertThat(records)
          .as(query)
          .anyMatch(r -> r.contains("request.received"))
          .anyMatch(r -> r.contains("request.judged"))
          .anyMatch(r -> r.contains("request.approve"))
          .anyMatch(r -> r.contains("key.used"))
          .anyMatch(r -> r.contains("request.signed"))
          .anyMatch(r -> r.contains("release.published"))
          .noneMatch(r -> r.contains("request:another"));
    }
  }

  @Test
  void anImageIsAskedForByDigestOrBuild() {
    for (String query :
        new String[] {
          "digest=xyz",
          "product=p",
          "version=1.2.3",
          "",
          "digest=" + "0".repeat(64) + "&product=p&version=1.0.0",
          "product=../x&version=1.0.0",
          "product=p&version=x"
        }) {
      admin.get("/api/v1/audit/image?" + query).expectProblem(400, "bad-request");
    }
  }

  @Test
  void evidenceThatLeavesIsARecord() throws Exception {
    Admin.Answer export = admin.get("/api/v1/audit/export?size=3").expect(200);
    assertThat(export.text().lines()).hasSize(3);
    admin.get("/api/v1/audit/image?digest=" + "1".repeat(64)).expect(200);
    String log = admin.get("/api/v1/audit?about=audit-log").expect(200).text();
    assertThat(log).contains("evidence.exported");
    assertThat(admin.get("/api/v1/audit?about=" + "1".repeat(64)).expect(200).text())
        .contains("evidence.exported");
    admin
        .get("/api/v1/audit/export?size=" + (store.size() + 100))
        .expectProblem(400, "bad-request");
    admin.get("/api/v1/audit/export?size=-1").expectProblem(400, "bad-request");
  }

  private long recordedByNobody(long before) {
    return store.leaves(before, store.size()).stream()
        .filter(leaf -> leaf.record().contains("\"actor\":\"nobody:"))
        .count();
  }

  @Test
  void nobodyFillsTheLogByBeingRefused() {
    clock.advance(Refusals.WINDOW);
    log.recordCounted(true);
    long before = store.size();
    for (int i = 0; i < 60; i++) {
      Admin.anonymous(port).get("/api/v1/keys").expect(401);
      events.publishEvent(
          new AccessChanged(
              Actor.nobody("192.0.2.1"), "session.denied", "user:" + name + i, Map.of()));
    }
    assertThat(recordedByNobody(before)).isEqualTo(2L * Refusals.EACH);
    log.recordCounted(true);
    assertThat(recordedByNobody(before)).isEqualTo(2L * Refusals.EACH);
    assertThat(store.leaves(before, store.size()))
        .anyMatch(leaf -> leaf.record().contains("refusals.counted"));
  }

  @Test
  void termsAreMadeAgainWhenTheyAreGone() throws Exception {
    record("report.made", "report:" + name, Map.of());
    admin.get("/api/v1/audit?about=report:" + name).expect(200);
    jdbc.sql("delete from audit_term").update();
    jdbc.sql("update audit_indexed set size = 0").update();
    assertThat(actions(admin.get("/api/v1/audit?about=report:" + name).expect(200).json()))
        .containsExactly("report.made");
  }
}
