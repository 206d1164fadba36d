package dev.otasigner.service.rotation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.web.server.LocalServerPort;

/** A change that cuts devices off goes ahead when two people have given these devices up. */
class WriteOffTests extends AtTheBridge {
  @LocalServerPort private int port;

  private static int people;
  private Admin first = Admin.anonymous(0);
  private Admin second = Admin.anonymous(0);

  @BeforeEach
  void twoApprovers() {
    first = admin.newUser(port, "approver" + ++people, "approver");
    second = admin.newUser(port, "approver" + ++people, "approver");
  }

  private String base() {
    return story.base + "/write-offs";
  }

  private String retiring() {
    return "{'retireKeys':['" + story.named("manifest") + "']}";
  }

  private Fields cohort() throws RejectedException {
    return impact("retireKeys", "manifest").objects("cohorts", 9).get(0);
  }

  private long cohortId() throws RejectedException {
    return cohort().integer("cohort", 1, Long.MAX_VALUE);
  }

  private Answer propose(String change, long cohort, long count) {
    return admin.post(
        base(),
        "{'change':"
            + change
            + ",'cohorts':[{'cohort':"
            + cohort
            + ",'count':"
            + count
            + "}],'reason':'they are at the bottom of the sea'}");
  }

  private Answer proposed() throws RejectedException {
    return propose(retiring(), cohortId(), 2).expect(201);
  }

  private Answer approve(Admin who, Answer writeOff, int devices) {
    return who.post(
        base() + "/" + writeOff.string("id") + "/approve", "{'devices':" + devices + "}");
  }

  private Answer inForce() throws RejectedException {
    Answer writeOff = proposed();
    approve(first, writeOff, 2).expect(200);
    Answer after = approve(second, writeOff, 2).expect(200);
    assertThat(after.string("state")).isEqualTo("in-force");
    return after;
  }

  private Answer show(Answer writeOff) {
    return admin.get(base() + "/" + writeOff.string("id")).expect(200);
  }

  private String records(String kind) {
    return String.join(
        "\n",
        jdbc.sql("select record from audit_leaf where record like ?")
            .param("%\"" + kind + "\"%")
            .query(String.class)
            .list());
  }

  @Test
  @Tag("both-databases")
  void whatTwoPeopleHaveGivenUpHoldsNoChangeUp() throws Exception {
    deactivate("manifest").expectProblem(409, "would-strand");
    Answer writeOff = proposed();
    assertThat(writeOff.string("state")).isEqualTo("waiting");
    Fields named = writeOff.json().objects("cohorts", 9).get(0);
    assertThat(named.string("version")).isEqualTo("34.11.0+0");
    assertThat(named.string("check")).isEqualTo(cohort().string("check"));
    deactivate("manifest").expectProblem(409, "would-strand");
    assertThat(approve(first, writeOff, 2).expect(200).string("state")).isEqualTo("waiting");
    deactivate("manifest").expectProblem(409, "would-strand");
    assertThat(approve(second, writeOff, 2).expect(200).string("state")).isEqualTo("in-force");

    assertThat(impact("retireKeys", "manifest").bool("allowed")).isTrue();
    assertThat(cohort().integer("writtenOff", 0, 9)).isEqualTo(2);
    assertThat(cohort().bool("served")).isFalse();
    deactivate("manifest").expect(200);
    assertThat(state("manifest")).isEqualTo("deactivated");
  }

  @Test
  @Tag("both-databases")
  void itIsShownAfterwardsAndOnRecord() throws Exception {
    Answer writeOff = inForce();
    deactivate("manifest").expect(200);
    Fields shown = show(writeOff).json();
    assertThat(shown.integer("standing", 0, 9)).isEqualTo(2);
    assertThat(shown.objects("approvals", 9)).hasSize(2);
    Fields cohort =
        admin.get(story.base + "/cohorts").expect(200).json().objects("cohorts", 9).get(0);
    assertThat(cohort.integer("writtenOff", 0, 9)).isEqualTo(2);
    assertThat(admin.get(base()).expect(200).text()).contains(writeOff.string("id"));
    String id = writeOff.string("id");
    assertThat(records("write-off.proposed")).contains(id, "bottom of the sea", "=2");
    assertThat(records("write-off.approved")).contains(id);
    assertThat(records("write-off.in-force")).contains(id);
    assertThat(records("write-off.used")).contains("retiring key " + story.named("manifest"));
  }

  @Test
  void whoProposesTwiceHasTwoThatWait() throws Exception {
    assertThat(proposed().string("id")).isNotEqualTo(proposed().string("id"));
  }

  @Test
  void nobodyApprovesTheirOwn() throws Exception {
    Answer writeOff = proposed();
    approve(admin, writeOff, 2).expectProblem(403, "forbidden");
    assertThat(show(writeOff).json().objects("approvals", 9)).isEmpty();
  }

  @Test
  void nobodyApprovesTwice() throws Exception {
    Answer writeOff = proposed();
    approve(first, writeOff, 2).expect(200);
    approve(first, writeOff, 2).expectProblem(409, "conflict");
    assertThat(show(writeOff).string("state")).isEqualTo("waiting");
  }

  @Test
  void whoIsNoApproverDoesNotApprove() throws Exception {
    Answer writeOff = proposed();
    Admin custodian = admin.newUser(port, "custodian" + people, "key-custodian");
    approve(custodian, writeOff, 2).expectProblem(403, "forbidden");
  }

  /** A number that somebody has not looked at is no approval. */
  @Test
  void anApprovalNamesTheNumberOfDevices() throws Exception {
    Answer writeOff = proposed();
    assertThat(approve(first, writeOff, 3).expectProblem(409, "conflict").text())
        .contains("names 2 devices, not 3");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 3})
  void aProposalNamesAsManyAsThereAre(long count) throws Exception {
    assertThat(propose(retiring(), cohortId(), count).expectProblem(409, "conflict").text())
        .contains("has 2 devices now");
  }

  @Test
  void whoWouldNotBeCutOffIsNotWrittenOff() throws Exception {
    assertThat(propose("{}", cohortId(), 2).expectProblem(409, "conflict").text())
        .contains("would not be cut off");
    propose(retiring(), cohortId() + 1_000, 2).expectProblem(409, "conflict");
  }

  /** Who came into the state since is not given up with those who were in it. */
  @Test
  void whoJoinsLaterIsNotGivenUp() throws Exception {
    inForce();
    story.device("d3", "34.11");
    Answer refused = deactivate("manifest").expectProblem(409, "would-strand");
    assertThat(refused.text()).contains("\"writtenOff\":2", "\"count\":3");
    // Not even when another one has left, and the number is the same.
    jdbc.sql("delete from fleet_device where product = ? and device_id = 'd1'")
        .param(story.product)
        .update();
    deactivate("manifest").expectProblem(409, "would-strand");
  }

  @Test
  void whoGoesOnIsGivenUpNoMore() throws Exception {
    Answer writeOff = inForce();
    take("d1", "36.14");
    assertThat(show(writeOff).json().integer("standing", 0, 9)).isEqualTo(1);
    assertThat(stranded(impact("retireKeys", "manifest"))).hasSize(1);
    deactivate("image-next").expectProblem(409, "would-strand");
  }

  @Test
  void whatHasChangedSinceIsProposedAgain() throws Exception {
    Answer writeOff = proposed();
    approve(first, writeOff, 2).expect(200);
    story.device("d3", "34.11");
    assertThat(approve(second, writeOff, 2).expectProblem(409, "conflict").text())
        .contains("has 3 devices now");
    assertThat(show(writeOff).string("state")).isEqualTo("waiting");
    deactivate("manifest").expectProblem(409, "would-strand");
  }

  @Test
  @Tag("both-databases")
  void whatIsTakenBackCountsAgain() throws Exception {
    Answer writeOff = inForce();
    Answer ended =
        first
            .post(base() + "/" + writeOff.string("id") + "/end", "{'reason':'a diver found them'}")
            .expect(200);
    assertThat(ended.string("state")).isEqualTo("taken-back");
    deactivate("manifest").expectProblem(409, "would-strand");
    first
        .post(base() + "/" + writeOff.string("id") + "/end", "{'reason':'again'}")
        .expectProblem(409, "conflict");
    approve(second, writeOff, 2).expectProblem(409, "conflict");
  }

  @Test
  void whatIsTurnedDownWaitsForNobody() throws Exception {
    Answer writeOff = proposed();
    approve(first, writeOff, 2).expect(200);
    second.post(base() + "/" + writeOff.string("id") + "/end", "{'reason':'no'}").expect(200);
    assertThat(show(writeOff).string("state")).isEqualTo("rejected");
    approve(second, writeOff, 2).expectProblem(409, "conflict");
  }

  @Test
  void whatNobodyDecidedAboutLapses() throws Exception {
    Answer writeOff = proposed();
    jdbc.sql("update write_off set expires = ?")
        .param(OffsetDateTime.ofInstant(Instant.now().minus(Duration.ofDays(1)), ZoneOffset.UTC))
        .update();
    assertThat(show(writeOff).string("state")).isEqualTo("lapsed");
    approve(first, writeOff, 2).expectProblem(409, "conflict");
  }

  /** Who has no say any more had none. */
  @Test
  void anApprovalGoesWithTheApprover() throws Exception {
    Answer writeOff = proposed();
    approve(first, writeOff, 2).expect(200);
    admin.delete("/api/v1/users/approver" + (people - 1));
    assertThat(show(writeOff).json().objects("approvals", 9)).isEmpty();
    assertThat(approve(second, writeOff, 2).expect(200).string("state")).isEqualTo("waiting");
  }

  @Test
  void aProposalGoesWithWhoMadeIt() throws Exception {
    Admin custodian = admin.newUser(port, "leaving" + people, "key-custodian");
    Answer writeOff =
        custodian
            .post(
                base(),
                "{'change':"
                    + retiring()
                    + ",'cohorts':[{'cohort':"
                    + cohortId()
                    + ",'count':2}],'reason':'gone'}")
            .expect(201);
    admin.delete("/api/v1/users/leaving" + people);
    assertThat(show(writeOff).string("state")).isEqualTo("rejected");
    approve(first, writeOff, 2).expectProblem(409, "conflict");
  }

  @Test
  void aListenerClosesOnWhomWasGivenUp() throws Exception {
    String change = "{'closeListeners':['legacy']}";
    Answer writeOff =
        propose(change, impact("legacy").objects("cohorts", 9).get(0).integer("cohort", 1, 999), 2)
            .expect(201);
    admin.post("/api/v1/listeners/legacy/close", "{}").expectProblem(409, "would-strand");
    approve(first, writeOff, 2).expect(200);
    approve(second, writeOff, 2).expect(200);
    admin.post("/api/v1/listeners/legacy/close", "{}").expect(200);
    open("legacy", legacyPort, "TLSv1.2", dev.otasigner.service.catalogue.Story.CBC, "rsa-2048");
  }

  @Test
  void aChangeThatIsMisspeltIsNotUnderstood() throws Exception {
    assertThat(
            propose("{'retireKey':['x']}", cohortId(), 2).expectProblem(400, "bad-request").text())
        .contains("retireKey");
    admin
        .post(story.base + "/rotation/impact", "{'retireKey':['x']}")
        .expectProblem(400, "bad-request");
  }
}
