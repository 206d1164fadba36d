package dev.otasigner.service.catalogue;

import static dev.otasigner.service.catalogue.CeremonyTable.sign;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.MovingClock;
import dev.otasigner.service.TemporaryData;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.ceremony.CeremonyFile;
import dev.otasigner.verifier.ceremony.CeremonyTerms;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.RoleKeys;
import dev.otasigner.verifier.tuf.Root;
import dev.otasigner.verifier.tuf.TufKey;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractStringAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** Lineages whose root and targets role people sign, from the first root to the last. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(ServiceFixture.class)
class CeremonyApiTests {
  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private MovingClock clock;
  @Autowired private Catalogue catalogue;
  @Autowired private RoleEndings endings;
  @TempDir private Path directory;

  private static Admin admin = Admin.anonymous(0);
  private static int count;
  private static boolean signedIn;

  @SuppressWarnings("NullAway.Init") // by aProduct()
  private Story story;

  @SuppressWarnings("NullAway.Init") // by aProduct()
  private CeremonyTable table;

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) {
    TemporaryData.register(registry);
    signedIn = false;
  }

  @BeforeEach
  void aProduct() {
    if (!signedIn) {
      admin = Admin.withEveryRole(port, printed.password());
      signedIn = true;
    }
    clock.reset();
    story = new Story(admin, "c" + ++count);
    table = new CeremonyTable(admin, story.product, "main", false);
  }

  private HttpCatalogue client(String device) throws Exception {
    return new HttpCatalogue(port, story.product, "main", false, directory.resolve(device));
  }

  private List<String> offered(String device) throws Exception {
    return client(device).head(clock.instant()).candidates().stream()
        .map(c -> c.version().toString())
        .toList();
  }

  private static AbstractStringAssert<?> assertRefused(Answer answer, String reason)
      throws RejectedException {
    Fields problem = answer.expectProblem(422, "refused").json();
    assertThat(problem.object("refusal").string("reason")).isEqualTo(reason);
    return assertThat(answer.text());
  }

  @Test
  void aDeviceUpgradesInALineageThatPeopleHold() throws Exception {
    table.begin();
    String profile = story.legacyProfile(8443);
    story.build("34.11", profile, "image", "manifest");
    story.device("d1", "34.11");
    story.build("34.12", profile, "image", "manifest");
    story.release("34.12", false).expect(201);
    assertThat(offered("d1")).containsExactly("34.12.0+0");
    assertThat(table.status().text())
        .contains("{\"holders\":[\"anna\",\"ben\",\"carol\"],\"threshold\":2,\"unattended\":false}")
        .contains("\"waitsForHolders\":[]");
    assertThat(admin.get("/api/v1/audit/export").expect(200).text())
        .contains("\"lineage.signed-by-holders\"")
        .contains("\"holders\":\"anna ben\"")
        .contains("\"holders\":\"ben carol\"");
  }

  @Test
  void aDeviceAtTheFirstRootClimbsToTheLast() throws Exception {
    table.begin();
    String profile = story.legacyProfile(8443);
    story.build("34.11", profile, "image", "manifest");
    story.device("d1", "34.11");
    story.build("34.12", profile, "image", "manifest");
    story.release("34.12", false).expect(201);
    client("old").refreshed(clock.instant());
    // Carol is lost: Anna and Ben put Dora in her place, and sign the targets role anew.
    CeremonyFile second = sign(table.draft(table.root(2, 2, "anna", "ben", "dora")), "anna", "ben");
    assertRefused(table.handIn(second), "below-threshold").contains("signer root targets");
    CeremonyFile targets = sign(table.targetsDraft(Optional.of(second)), "anna", "ben");
    table.handIn(second, targets).expect(200);
    // Other thresholds; what was announced is signed by enough of these already.
    table
        .handIn(sign(table.draft(table.root(3, 1, "anna", "ben", "dora")), "anna", "dora"))
        .expect(200);
    // The service's timestamp and snapshot keys.
    table.online("timestamp", "timestamp", "snapshot");
    table
        .handIn(sign(table.draft(table.root(4, 2, "anna", "ben", "dora")), "anna", "ben"))
        .expect(200);
    for (String device : List.of("old", "fresh")) {
      assertThat(offered(device)).containsExactly("34.12.0+0");
    }
    catalogue.publish(story.product);
    clock.advance(Duration.ofDays(20));
    catalogue.publish(story.product);
    assertThat(offered("old")).containsExactly("34.12.0+0");
  }

  @Test
  void aLineageOfBothKindsIsHeldByPeopleOfBothKinds() throws Exception {
    CeremonyTable hybrid = new CeremonyTable(admin, story.product, "hybrid", true);
    Root root = hybrid.root(1, 2, "anna", "ben", "pq-dora", "pq-eve");
    assertRefused(hybrid.handIn(sign(hybrid.draft(root), "anna", "ben")), "below-threshold")
        .contains("post-quantum");
    hybrid.handIn(sign(hybrid.draft(root), "anna", "pq-dora")).expect(200);
    hybrid.handIn(sign(hybrid.targetsDraft(Optional.empty()), "ben", "pq-eve")).expect(200);
    new HttpCatalogue(port, story.product, "hybrid", true, directory.resolve("hybrid"))
        .refreshed(clock.instant());
  }

  @Test
  void aProfileThatKnowsNoSuiteOfTheRootsHoldersIsNotRegistered() throws Exception {
    table.handIn(sign(table.draft(table.root(1, 1, "p384-anna")), "p384-anna")).expect(200);
    assertUnfit("root version 1");
  }

  @Test
  void aProfileThatKnowsNoSuiteOfTheTargetsHoldersIsNotRegistered() throws Exception {
    Root root = table.root(1, 1, "anna");
    Root others = table.root(1, 1, "p384-anna");
    RoleKeys theirs = others.roleKeys(Metadata.TARGETS);
    List<TufKey> keys =
        theirs.keyIds().stream().flatMap(id -> Stream.ofNullable(others.keys().get(id))).toList();
    Root mixed = CeremonyTable.with(root, Metadata.TARGETS, keys, 1);
    table.handIn(sign(table.draft(mixed), "anna")).expect(200);
    table.handIn(sign(table.targetsDraft(Optional.empty()), "p384-anna")).expect(200);
    assertUnfit("targets: too few valid signatures");
  }

  /** Unless it knows P-384 too. */
  private void assertUnfit(String why) {
    String knows = "'ed25519','ecdsa-p256-sha256'";
    Answer answer = story.registerProfile("{'name':'main'}", knows, 112);
    assertThat(answer.expectProblem(422, "refused").text()).contains("profile-unfit", why);
    story.registerProfile("{'name':'main'}", knows + ",'ecdsa-p384-sha384'", 112).expect(201);
  }

  @Test
  void nothingIsAnnouncedBeforeHoldersHaveSignedATargetsRole() throws Exception {
    table.handIn(sign(table.draft(table.root(1, 1, "anna")), "anna")).expect(200);
    catalogue.publish(story.product);
    assertThat(client("early").get("metadata/timestamp.json").statusCode()).isEqualTo(404);
    assertThat(table.status().text()).contains("\"waitsForHolders\":[\"stable.gw\"]");
    String profile = story.legacyProfile(8443);
    story.build("34.11", profile, "image", "manifest");
    story.device("d1", "34.11");
    story.build("34.12", profile, "image", "manifest");
    story.release("34.12", false).expectProblem(409, "conflict");
    assertThat(endings.endings().toString())
        .contains("catalogue role root of " + story.product + "/main");
  }

  @Test
  void aNewChannelWaitsForItsHoldersWhileTheOthersGoOn() throws Exception {
    table.begin();
    String profile = story.legacyProfile(8443);
    story.build("34.11", profile, "image", "manifest");
    story.device("d1", "34.11");
    admin.post(story.base + "/channels", "{'name':'beta'}").expect(201);
    story.build("34.12", profile, "image", "manifest");
    String beta = "{'channel':'beta','hardware':'gw','version':'34.12','bridge':false}";
    assertThat(admin.post(story.base + "/releases", beta).expectProblem(409, "conflict").text())
        .contains("signer root targets");
    story.release("34.12", false).expect(201);
    assertThat(offered("d1")).containsExactly("34.12.0+0");
    assertThat(table.status().text()).contains("\"waitsForHolders\":[\"beta.gw\"]");
    assertThat(admin.get("/actuator/health").text()).contains("waitsForHolders");
    assertThat(admin.get("/actuator/prometheus").text())
        .contains(
            "signer_catalogue_waiting_roles{lineage=\"main\",product=\"" + story.product + "\"} 1");
    table.handIn(sign(table.targetsDraft(Optional.empty()), "anna", "ben")).expect(200);
    assertThat(table.status().text()).contains("\"waitsForHolders\":[]");
    client("beta").refreshed(clock.instant());
  }

  @Test
  void aChannelsReplacedKeyWaitsForTheHolders() throws Exception {
    table.begin();
    table.online("snapshot", "stable.gw");
    assertThat(table.status().text()).contains("\"waitsForHolders\":[\"stable.gw\"]");
    catalogue.publish(story.product);
    client("old").refreshed(clock.instant());
    table.handIn(sign(table.targetsDraft(Optional.empty()), "anna", "ben")).expect(200);
    assertThat(table.status().text()).contains("\"waitsForHolders\":[]");
    client("old").refreshed(clock.instant());
  }

  @Test
  void peopleAreToldThatARoleEndsWhichTheyHaveToRenew() throws Exception {
    table.begin();
    String what = "catalogue role targets of " + story.product + "/main";
    assertThat(endings.endings())
        .filteredOn(e -> e.what().equals(what))
        .singleElement()
        .satisfies(e -> assertThat(e.ahead()).isEqualTo(Duration.ofDays(90)));
  }

  @Test
  void theTargetsDraftIsTheSameWhoeverAsks() throws Exception {
    table.begin();
    CeremonyFile one = table.targetsDraft(Optional.empty());
    CeremonyFile two = table.targetsDraft(Optional.empty());
    assertThat(new Fields(one.signed(), "").integer("version", 1, 9)).isEqualTo(2);
    assertThat(one.signed().members().get("delegations"))
        .isEqualTo(two.signed().members().get("delegations"));
  }

  @Test
  void theServiceDraftsNoTargetsRoleThatItSignsItself() {
    admin.post(story.base + "/lineages", "{'name':'main'}").expect(201);
    table.targetsDraftAnswer(Optional.empty()).expectProblem(409, "conflict");
  }

  @Test
  void aRootWithTooFewSignaturesIsRefused() throws Exception {
    CeremonyFile draft = table.draft(table.root(1, 2, "anna", "ben", "carol"));
    assertRefused(table.handIn(sign(draft, "anna")), "below-threshold");
    admin.get(table.base + "/ceremony").expect(404);
  }

  @Test
  void aNextRootThatTooFewOfTheOldHoldersSignedIsRefused() throws Exception {
    table.begin();
    CeremonyFile draft = table.draft(table.root(2, 1, "anna"));
    assertRefused(table.handIn(sign(draft, "anna")), "below-threshold")
        .contains("keys of root version 1");
  }

  @Test
  void aRootAfterAGapIsRefused() throws Exception {
    table.begin();
    CeremonyFile draft = table.draft(table.root(3, 2, "anna", "ben", "carol"));
    assertRefused(table.handIn(sign(draft, "anna", "ben")), "metadata-version-mismatch");
  }

  @Test
  void aRootThatIsHandedInTwiceIsDoneTheSecondTime() throws Exception {
    table.begin();
    CeremonyFile next = sign(table.draft(table.root(2, 2, "anna", "ben", "carol")), "ben", "carol");
    table.handIn(next).expect(200);
    assertThat(table.handIn(next).expect(200).text()).contains("\"rootVersion\":2");
    assertThat(admin.get("/api/v1/audit/export").expect(200).text())
        .containsOnlyOnce(Digest.of(next.signed().canonicalBytes()).hex());
  }

  @Test
  void aRootWhoseTimeToSignHasEndedIsRefused() throws Exception {
    Instant ended = clock.instant().truncatedTo(ChronoUnit.SECONDS).minusSeconds(1);
    CeremonyTerms terms = new CeremonyTerms(story.product, "main", false, ended);
    CeremonyFile signed = sign(table.draft(table.root(1, 1, "anna"), terms), "anna");
    assertRefused(table.handIn(signed), "metadata-expired");
  }

  @Test
  void aRootForAnotherLineageIsRefused() throws Exception {
    Instant by = Instant.parse("2099-01-01T00:00:00Z");
    CeremonyTerms other = new CeremonyTerms(story.product, "other", false, by);
    Root root = table.root(1, 1, "anna");
    Root longer = new Root(1, by.plusSeconds(1), true, root.keys(), root.roles());
    CeremonyFile signed = sign(table.draft(longer, other), "anna");
    assertRefused(table.handIn(signed), "wrong-product");
  }

  @Test
  void aRootThatNamesASomebodyElsesTimestampKeyIsRefused() throws Exception {
    TufKey foreign = TufKey.of(TestKey.of(SignatureSuite.ED25519, "foreign").key());
    Root root =
        CeremonyTable.with(table.root(1, 1, "anna"), Metadata.TIMESTAMP, List.of(foreign), 1);
    assertRefused(table.handIn(sign(table.draft(root), "anna")), "unknown-key")
        .contains("signer root online");
  }

  @Test
  void aRootThatNamesAKeyOfTheServiceAsAHoldersIsRefused() throws Exception {
    TufKey own = table.online(Metadata.TARGETS).get(0);
    Root root = table.root(1, 1, "anna");
    TufKey anna = root.keys().get(root.roleKeys(Metadata.ROOT).keyIds().get(0));
    Root mixed = CeremonyTable.with(root, Metadata.ROOT, List.of(anna, own), 1);
    assertRefused(table.handIn(sign(table.draft(mixed), "anna")), "unknown-key")
        .contains("no holder's");
  }

  @Test
  void aTargetsRoleOfPeopleAndServiceTogetherIsRefused() throws Exception {
    TufKey own = table.online(Metadata.TARGETS).get(0);
    Root root = table.root(1, 1, "anna");
    TufKey anna = root.keys().get(root.roleKeys(Metadata.ROOT).keyIds().get(0));
    Root mixed = CeremonyTable.with(root, Metadata.TARGETS, List.of(anna, own), 2);
    assertRefused(table.handIn(sign(table.draft(mixed), "anna")), "unknown-key")
        .contains("not both");
  }

  @Test
  void aTargetsRoleThatLeavesARoleOutIsRefused() throws Exception {
    table.begin();
    CeremonyFile draft = table.targetsDraft(Optional.empty());
    CeremonyFile less = CeremonyTable.withoutRole(draft, "stable.gw");
    assertRefused(table.handIn(sign(less, "anna", "ben")), "metadata-rolled-back");
  }

  @Test
  void aTargetsRoleThatNamesSomebodyElsesChannelKeyIsRefused() throws Exception {
    table.begin();
    TufKey foreign = TufKey.of(TestKey.of(SignatureSuite.ED25519, "foreign").key());
    CeremonyFile other =
        CeremonyTable.withRoleKey(table.targetsDraft(Optional.empty()), "stable.gw", foreign);
    assertRefused(table.handIn(sign(other, "anna", "ben")), "unknown-key");
  }

  @Test
  void aNewRoleThatSpeaksForOtherPathsThanThoseOfItsNameIsRefused() throws Exception {
    table.begin();
    admin.post(story.base + "/channels", "{'name':'beta'}").expect(201);
    CeremonyFile draft = table.targetsDraft(Optional.empty());
    for (String paths : List.of("*/gw/*", "stable/gw/*", "beta/gw/head.json")) {
      CeremonyFile other = CeremonyTable.withPaths(draft, "beta.gw", paths);
      assertRefused(table.handIn(sign(other, "anna", "ben")), "malformed").contains("beta.gw");
    }
    table.handIn(sign(draft, "anna", "ben")).expect(200);
  }

  @Test
  void aTargetsRoleWithTooFewSignaturesIsRefused() throws Exception {
    table.begin();
    CeremonyFile draft = table.targetsDraft(Optional.empty());
    assertRefused(table.handIn(sign(draft, "carol")), "below-threshold");
  }

  @Test
  void aRootThatADeviceOfTheFieldCouldNotFollowIsNotWritten() throws Exception {
    table.begin();
    String profile = story.legacyProfile(8443);
    story.build("34.11", profile, "image", "manifest");
    story.device("d1", "34.11");
    // Signed in a suite that the device's build does not know.
    CeremonyFile next =
        sign(table.draft(table.root(2, 1, "p384-dora")), "anna", "ben", "p384-dora");
    CeremonyFile targets = sign(table.targetsDraft(Optional.of(next)), "anna", "ben", "p384-dora");
    assertRefused(table.handIn(next, targets), "below-threshold").contains("under profile");
    assertThat(client("d1").get("metadata/2.root.json").statusCode()).isEqualTo(404);
    client("d1").refreshed(clock.instant());
    assertThat(admin.get("/actuator/health").text()).doesNotContain("trouble");
  }

  @Test
  void whoMayNeitherAdministerNorKeepKeysHandsNothingIn() throws Exception {
    Admin auditor = admin.newUser(port, "a" + story.product, "auditor");
    CeremonyFile signed = sign(table.draft(table.root(1, 1, "anna")), "anna");
    table.as(auditor).handIn(signed).expectProblem(403, "forbidden");
    assertThatThrownBy(() -> table.as(auditor).online(Metadata.SNAPSHOT))
        .isInstanceOf(AssertionError.class);
  }
}
