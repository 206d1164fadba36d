package dev.otasigner.verifier.tuf;

import static dev.otasigner.verifier.tuf.RepositorySimulator.START;
import static dev.otasigner.verifier.tuf.RepositorySimulator.key;
import static dev.otasigner.verifier.tuf.RepositorySimulator.role;
import static dev.otasigner.verifier.tuf.RepositorySimulator.terminating;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.json.Json;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** TUF 5.6.7, and TAP 15. */
class DelegationTests {
  private final RepositorySimulator repository = new RepositorySimulator();
  private final TestClient client = new TestClient(repository);

  @Test
  void aDelegatedTargetIsFound() throws Exception {
    repository.delegate("targets", "stable.pump-a", key("channel"), "stable/pump-a/*");
    TargetFile head = repository.add("stable.pump-a", "stable/pump-a/head.json", "{}");
    repository.publish();
    assertThat(client.refresh().find("stable/pump-a/head.json")).hasValue(head);
  }

  // targets -> a -> (c, d), b; the target is nowhere: a c d b, each before its next sibling.
  @Test
  void rolesAreAskedDepthFirstInTheOrderOfTheDocument() throws Exception {
    repository.delegate(
        "targets", List.of(key("k")), role("a", key("k"), "*"), role("b", key("k"), "*"));
    repository.delegate("a", List.of(key("k")), role("c", key("k"), "*"), role("d", key("k"), "*"));
    repository.publish();
    Updater updater = client.refresh();
    repository.requests().clear();
    assertThat(updater.find("none")).isEmpty();
    assertThat(repository.requests())
        .containsExactly(
            "metadata/1.a.json", "metadata/1.c.json", "metadata/1.d.json", "metadata/1.b.json");
  }

  @Test
  void theFirstRoleThatListsTheTargetWins() throws Exception {
    repository.delegate(
        "targets", List.of(key("k")), role("a", key("k"), "*"), role("b", key("k"), "*"));
    TargetFile first = repository.add("a", "t", "of a");
    repository.add("b", "t", "of b");
    repository.publish();
    assertThat(client.refresh().find("t")).hasValue(first);
    assertThat(repository.requests()).doesNotContain("metadata/1.b.json");
  }

  @Test
  void nobodyIsAskedAfterATerminatingRole() throws Exception {
    repository.delegate(
        "targets", List.of(key("k")), terminating("a", key("k"), "*"), role("b", key("k"), "*"));
    repository.delegate("a", "c", key("k"), "*");
    repository.add("b", "t", "of b");
    repository.publish();
    assertThat(client.refresh().find("t")).isEmpty();
    assertThat(repository.requests())
        .contains("metadata/1.c.json")
        .doesNotContain("metadata/1.b.json");
  }

  // targets -> a, b; a -> c (terminating for t). What waits after a is not asked about t either.
  @Test
  void aTerminatingRoleDeepInTheTreeEndsTheWholeSearch() throws Exception {
    repository.delegate(
        "targets", List.of(key("k")), role("a", key("k"), "*"), role("b", key("k"), "*"));
    repository.delegate("a", List.of(key("k")), terminating("c", key("k"), "t"));
    repository.add("b", "t", "of b");
    TargetFile other = repository.add("b", "u", "of b");
    repository.publish();
    Updater updater = client.refresh();
    assertThat(updater.find("t")).isEmpty();
    assertThat(updater.find("u")).hasValue(other);
  }

  @Test
  void aRoleCannotSpeakForPathsThatItWasNotTrustedWith() throws Exception {
    repository.delegate("targets", "a", key("a"), "stable/*");
    repository.add("a", "beta/head.json", "{}");
    repository.publish();
    assertThat(client.refresh().find("beta/head.json")).isEmpty();
    assertThat(repository.requests()).doesNotContain("metadata/1.a.json");
  }

  @Test
  void everyRoleOfTheChainMustBeTrustedWithThePath() throws Exception {
    repository.delegate("targets", "a", key("a"), "stable/*");
    repository.delegate("a", "b", key("b"), "*", "*/*");
    repository.add("b", "beta/head.json", "{}");
    TargetFile inside = repository.add("b", "stable/head.json", "{}");
    repository.publish();
    Updater updater = client.refresh();
    assertThat(updater.find("beta/head.json")).isEmpty();
    assertThat(updater.find("stable/head.json")).hasValue(inside);
  }

  @Test
  @Timeout(20)
  void aCircleOfRolesEnds() throws Exception {
    repository.delegate("targets", "a", key("k"), "*");
    repository.delegate("a", "b", key("k"), "*");
    repository.delegate("b", "a", key("k"), "*");
    repository.publish();
    assertThat(client.refresh().find("none")).isEmpty();
  }

  @Test
  void aSearchStopsAtItsLimitOfRoles() throws Exception {
    DelegatedRole[] roles = new DelegatedRole[33];
    for (int i = 0; i < roles.length; i++) {
      roles[i] = role("r" + i, key("k"), "*");
    }
    repository.delegate("targets", List.of(key("k")), roles);
    TargetFile last = repository.add("r31", "t", "the 32nd");
    repository.publish();
    Updater updater = client.refresh();
    assertThat(updater.find("t")).hasValue(last);
    TestClient.assertRefused(Reason.LIMIT_EXCEEDED, () -> updater.find("none"));
    assertThat(repository.requests()).doesNotContain("metadata/1.r32.json");
  }

  @Test
  void aDelegatedRoleByAnotherKeyIsRefused() throws Exception {
    repository.delegate("targets", "a", key("a"), "*");
    repository.add("a", "t", "content");
    repository.signedBy("a", key("thief")).publish();
    Updater updater = client.refresh();
    TestClient.assertRefused(Reason.BELOW_THRESHOLD, () -> updater.find("t"));
    assertThat(client.store().roles()).doesNotContain("a");
  }

  /** A role that cannot be trusted ends the search: what comes after could be what it hides. */
  @Test
  void aRefusedRoleEndsTheSearch() throws Exception {
    repository.delegate(
        "targets", List.of(key("k")), role("a", key("k"), "*"), role("b", key("k"), "*"));
    repository.add("b", "t", "of b");
    repository.expires("a", START).publish();
    Updater updater = client.refresh();
    TestClient.assertRefused(Reason.METADATA_EXPIRED, () -> updater.find("t"));
  }

  @Test
  void aRoleThatTheSnapshotDoesNotListIsRefused() throws Exception {
    repository.delegate("targets", "a", key("a"), "*").publish();
    repository.remove("a");
    repository.publish();
    Updater updater = client.refresh();
    TestClient.assertRefused(Reason.METADATA_MISSING, () -> updater.find("t"));
    assertThat(repository.requests()).noneMatch(path -> path.contains(".a.json"));
  }

  // targets -> left (key left), right (key right); both -> shared, but each under another key. The
  // file is signed for left only.
  @Test
  void aSharedRoleIsJudgedByTheDelegatorOfThePathAtHand() throws Exception {
    repository.delegate(
        "targets",
        List.of(key("left"), key("right")),
        role("left", key("left"), "l/*"),
        role("right", key("right"), "r/*"));
    repository.signedBy("left", key("left")).signedBy("right", key("right"));
    repository.delegate("left", "shared", key("for-left"), "*/*");
    repository.delegate("right", "shared", key("for-right"), "*/*");
    repository.signedBy("shared", key("for-left"));
    TargetFile left = repository.add("shared", "l/t", "left");
    repository.add("shared", "r/t", "right");
    repository.publish();

    Updater updater = client.refresh();
    assertThat(updater.find("l/t")).hasValue(left);
    TestClient.assertRefused(Reason.BELOW_THRESHOLD, () -> updater.find("r/t"));
    // A new process finds the file on its disk; that is no excuse either.
    Updater later = client.refresh();
    TestClient.assertRefused(Reason.BELOW_THRESHOLD, () -> later.find("r/t"));
  }

  @Test
  void aSharedRoleThatBothDelegatorsTrustIsFetchedOnce() throws Exception {
    repository.delegate(
        "targets",
        List.of(key("k")),
        role("left", key("k"), "l/*"),
        role("right", key("k"), "r/*"));
    repository.delegate("left", "shared", key("for-left"), "*/*");
    repository.delegate("right", "shared", key("for-right"), "*/*");
    repository.signedBy("shared", key("for-left"), key("for-right"));
    TargetFile left = repository.add("shared", "l/t", "left");
    TargetFile right = repository.add("shared", "r/t", "right");
    repository.publish();
    Updater updater = client.refresh();
    assertThat(updater.find("l/t")).hasValue(left);
    assertThat(updater.find("r/t")).hasValue(right);
    assertThat(repository.requests()).containsOnlyOnce("metadata/1.shared.json");
  }

  @Test
  void aHeldRoleIsNotFetchedAgain() throws Exception {
    repository.delegate("targets", "a", key("a"), "*");
    TargetFile target = repository.add("a", "t", "content");
    repository.publish();
    client.refresh().find("t");
    assertThat(client.refresh().find("t")).hasValue(target);
    assertThat(repository.requestsAfterRoot()).containsExactly("metadata/timestamp.json");
  }

  @Test
  void aHeldRoleOfAnotherVersionIsReplaced() throws Exception {
    repository.delegate("targets", "a", key("a"), "*");
    repository.add("a", "t", "content");
    repository.publish();
    client.refresh().find("t");
    TargetFile newer = repository.add("a", "t", "new content");
    repository.publish();
    assertThat(client.refresh().find("t")).hasValue(newer);
    assertThat(client.trusted("a")).isEqualTo(2);
  }

  @Test
  void aHeldRoleOfAnotherHashIsReplaced() throws Exception {
    repository.announcesHashes(true).delegate("targets", "a", key("a"), "*");
    repository.publish();
    client.refresh().find("t");
    client.store().store("a", repository.latest("snapshot"));
    client.refresh().find("t");
    assertThat(client.store().load("a")).hasValue(repository.latest("a"));
  }

  @Test
  void unusualRoleNamesAreEncoded() throws Exception {
    repository.delegate("targets", "../a?", key("a"), "*");
    repository.publish();
    client.refresh().find("t");
    assertThat(repository.requests()).contains("metadata/1...%2Fa%3F.json");
  }

  /** It would take root's place on the disk. */
  @Test
  void aDelegatedRoleUnderATopLevelNameIsRefused() throws Exception {
    assertThatIllegalArgumentException().isThrownBy(() -> role("root", key("a"), "*"));
    repository.delegate("targets", "tool", key("a"), "*").publish();
    Json.Obj signed = Tampering.signed(repository, "targets");
    signed =
        Tampering.with(
            signed,
            "delegations",
            to ->
                Json.object()
                    .put("keys", to.members().get("keys"))
                    .put(
                        "roles",
                        List.of(
                            Json.object()
                                .put("name", "root")
                                .put("keyids", Json.strings(List.of()))
                                .put("threshold", 1)
                                .put("terminating", false)
                                .put("paths", Json.strings(List.of("*")))
                                .build()))
                    .build());
    Tampering.put(
        repository, "metadata/2.targets.json", signed, Tampering.signature(key("targets"), signed));
    client.assertRefused(Reason.MALFORMED, "targets");
  }

  @Test
  void beforeARefreshThereIsNothingToFind() throws Exception {
    Updater updater = client.updater();
    assertThatIllegalStateException().isThrownBy(() -> updater.find("t"));
  }

  @Test
  void whatAPathMayHoldStandsAsItIsAndAllElseIsEncoded() {
    String unreserved = "AZaz09-._~";
    assertThat(RoleFiles.encode(unreserved)).isEqualTo(unreserved);
    assertThat(RoleFiles.encode("/@[`{\u00e9")).isEqualTo("%2F%40%5B%60%7B%C3%A9");
    assertThat(RoleFiles.encodePath("A/!@[")).isEqualTo("A/!@%5B");
  }
}
