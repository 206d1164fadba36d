package dev.otasigner.service.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.TemporaryData;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** A profile under which a device could not trust its own catalogue gets nowhere. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(ServiceFixture.class)
class LineageFitTests {
  private static final String KNOWS = "'ecdsa-p256-sha256','ed25519','ml-dsa-65'";

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private JdbcClient jdbc;

  private static Admin admin = Admin.anonymous(0);
  private static int count;
  private static boolean signedIn;

  @SuppressWarnings("NullAway.Init") // by aProductWithALineage()
  private Story story;

  private String profile = "";

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) {
    TemporaryData.register(registry);
    signedIn = false;
  }

  @BeforeEach
  void aProductWithALineage() {
    if (!signedIn) {
      admin = Admin.withEveryRole(port, printed.password());
      signedIn = true;
    }
    story = new Story(admin, "f" + ++count);
    profile = story.legacyProfile(8443);
  }

  @Test
  void aProfileThatKnowsNoSuiteOfItsLineageIsNotRegistered() {
    assertUnfit(story.registerProfile("{'name':'main'}", "'ecdsa-p256-sha256','ml-dsa-65'", 112))
        .contains("lineage main")
        .contains("signed with ed25519")
        .contains("root");
    story.registerProfile("{'name':'main'}", "'ecdsa-p256-sha256','ed25519'", 112).expect(201);
  }

  @Test
  void aProfileThatKnowsOneOfTwoSuitesOfItsLineageIsNotRegistered() {
    admin.post(story.base + "/lineages", "{'name':'both','postQuantum':true}").expect(201);
    assertUnfit(story.registerProfile("{'name':'both'}", "'ecdsa-p256-sha256','ed25519'", 112))
        .contains("signed with ed25519 and ml-dsa-65");
    story.registerProfile("{'name':'both'}", KNOWS, 112).expect(201);
  }

  @Test
  void aProfileThatDemandsMoreStrengthThanItsLineageHasIsNotRegistered() {
    story.key("strong", "manifest", "ml-dsa-87");
    String spec =
        "{'knows':['ed25519','ml-dsa-87'],'manifest':{'rule':{'all':['"
            + story.named("strong")
            + "']}},'lineage':{'name':'main'},'minStrengthBits':";
    String rest =
        ",'tls':{'versions':['TLSv1.2'],'suites':['"
            + Story.CBC
            + "'],'serverAnchors':['server'],'clientKey':'rsa-2048'},'servers':['localhost'],"
            + "'ports':[8443]}";
    assertUnfit(admin.post(story.base + "/profiles", spec + 192 + rest)).contains("root");
    admin.post(story.base + "/profiles", spec + 128 + rest).expect(201);
  }

  @Test
  void aProfileThatDemandsAKindItsLineageIsNotSignedWithIsNotRegistered() {
    assertUnfit(
            story.registerProfile(
                "{'name':'main','thresholds':{'classical':1,'postQuantum':1}}", KNOWS, 112))
        .contains("post-quantum");
  }

  @Test
  void aProfileWithAnotherRootOfItsLineageIsNotRegistered() {
    String root = "'rootSha256':'" + "ab".repeat(32) + "'";
    assertUnfit(story.registerProfile("{'name':'main'," + root + "}", KNOWS, 112))
        .contains("another root");
    assertUnfit(story.registerProfile("{'name':'nowhere'," + root + "}", KNOWS, 112))
        .contains("no such lineage");
  }

  @Test
  void aLineageThatItsProfileWouldNotTrustIsNotMade() {
    assertUnfit(story.registerProfile("{'name':'new'}", "'ecdsa-p256-sha256','ml-dsa-65'", 112));
    assertThat(admin.get(story.base + "/lineages").text()).contains("main").doesNotContain("new");
  }

  /** Of a build that is there already: its lineage is another than when it was signed. */
  @Test
  void aBuildWhoseProfileDoesNotTrustItsLineageIsNotReleased() {
    story.build("34.11", profile, "image", "manifest");
    jdbc.sql("update catalogue_lineage set root_sha256 = ? where product = ?")
        .params("0".repeat(64), story.product)
        .update();
    assertUnfit(story.release("34.11", false)).contains("another root");
    assertThat(admin.get(story.base + "/releases").text()).doesNotContain("34.11");
  }

  private static org.assertj.core.api.AbstractStringAssert<?> assertUnfit(Answer answer) {
    String text = answer.expectProblem(422, "refused").text();
    return assertThat(text).contains("profile-unfit");
  }
}
