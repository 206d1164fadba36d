package dev.otasigner.service.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.OnBothDatabases;
import dev.otasigner.service.ServiceDirectories;
import dev.otasigner.service.TemporaryData;
import dev.otasigner.service.signing.BuildFiles;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.json.Fields;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** What becomes of a decision that the catalogue refuses, and of two at once. */
@OnBothDatabases
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(ServiceFixture.class)
class RefusedReleaseTests {
  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private Catalogue catalogue;
  @Autowired private Releases releases;
  @Autowired private ServiceDirectories directories;
  @Autowired private ServiceFixture.StoppingMilestones milestones;
  @Autowired private Meanwhile meanwhile;
  @TempDir private Path directory;

  private static Admin admin = Admin.anonymous(0);
  private static int count;
  private static boolean signedIn;

  @SuppressWarnings("NullAway.Init") // by aProductOfTwoBuilds()
  private Story story;

  /** Something that happens while a release is judged. */
  static final class Meanwhile implements ReleaseGuard {
    private volatile Runnable step = () -> {};

    @Override
    public void requireHarmless(ReleaseName release, boolean bridge, BuildFiles build) {
      Runnable once = step;
      step = () -> {};
      once.run();
    }
  }

  @TestConfiguration(proxyBeanMethods = false)
  static class Guards {
    @Bean
    Meanwhile meanwhile() {
      return new Meanwhile();
    }
  }

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) {
    TemporaryData.register(registry);
    signedIn = false;
  }

  /** 34.11 is for all, and what a device runs; 34.12 was for a quarter and is withdrawn. */
  @BeforeEach
  void aProductOfTwoBuilds() {
    if (!signedIn) {
      admin = Admin.withEveryRole(port, printed.password());
      signedIn = true;
    }
    story = new Story(admin, "f" + ++count);
    String profile = story.legacyProfile(8443);
    story.build("34.11", profile, "image", "manifest");
    story.device("d1", "34.11");
    story.build("34.12", profile, "image", "manifest");
    story.release("34.11", false).expect(201);
  }

  @AfterEach
  void nothingHappensMeanwhile() {
    meanwhile.step = () -> {};
  }

  @Test
  void aRefusedResumptionLeavesTheReleaseAsItWas() throws Exception {
    String author = withdrawnOfAQuarter().string("author");
    spoil("34.12");
    resume("{'sharePerMille':500}").expectProblem(422, "refused");
    assertThatItIsWithdrawnOfAQuarter();
    assertThat(release("34.12").string("author")).isEqualTo(author);
    catalogue.renew();
    assertThatTheCatalogueIsWell();
  }

  @Test
  void aResumptionThatIsRefusedAfterAKillIsTakenBackAtTheStart() throws Exception {
    withdrawnOfAQuarter();
    spoil("34.12");
    milestones.stopAt("release.decided");
    resume("{'sharePerMille':500}").expect(500);
    assertThat(release("34.12").string("state")).isEqualTo("published");
    releases.onReady();
    assertThatItIsWithdrawnOfAQuarter();
    catalogue.onReady();
    assertThatTheCatalogueIsWell();
  }

  /** It refuses a bridge that was decided and never announced; the other one has it. */
  @Test
  void aLineageInTroubleKeepsNobodyFromPausingInTheOther() throws Exception {
    admin.post(story.base + "/lineages", "{'name':'old'}").expect(201);
    catalogue.renew();
    spoil("34.12", "old");
    milestones.stopAt("release.decided");
    story.release("34.12", true).expect(500);
    catalogue.renew();
    assertThat(trouble("old")).isTrue();
    story.step("34.11", "pause").expect(200);
    assertThat(release("34.11").string("state")).isEqualTo("paused");
    assertThat(client().head(Instant.now()).candidates())
        .filteredOn(c -> c.version().minor() == 11)
        .extracting(Head.Candidate::sharePerMille)
        .containsExactly(0);
  }

  @Test
  void aNewReleaseThatIsRefusedAfterAKillIsGoneAndWhatItSupersededIsBack() throws Exception {
    spoil("34.12");
    milestones.stopAt("release.decided");
    story.release("34.12", false).expect(500);
    assertThat(release("34.11").string("state")).isEqualTo("superseded");
    releases.onReady();
    assertThat(admin.get(story.base + "/releases").text()).doesNotContain("34.12");
    assertThat(release("34.11").string("state")).isEqualTo("published");
    catalogue.onReady();
    assertThatTheCatalogueIsWell();
  }

  /** 34.12 was decided and never announced when 34.13 superseded it. */
  @Test
  void aReleaseThatGoesAwayWithARefusedOneHasARecordOfItsOwn() throws Exception {
    story.build("34.13", story.legacyProfile(8443), "image", "manifest");
    milestones.stopAt("release.decided");
    story.release("34.12", false).expect(500);
    spoil("34.13");
    story.release("34.13", false).expectProblem(422, "refused");
    assertThat(admin.get(story.base + "/releases").text()).doesNotContain("34.12");
    String subject = "release:" + story.product + "/stable/gw/";
    for (String version : new String[] {"34.12.0+0", "34.13.0+0"}) {
      assertThat(
              admin
                  .get("/api/v1/audit?about=" + subject + version.replace("+", "%2B"))
                  .expect(200)
                  .text())
          .as(version)
          .containsOnlyOnce("release.taken-back");
    }
  }

  @Test
  void notesOfARefusedReListingAreNotKept() throws Exception {
    admin
        .post(
            story.base + "/releases",
            "{'channel':'stable','hardware':'gw','version':'34.12','notes':'first'}")
        .expect(201);
    story.step("34.12", "withdraw").expect(200);
    spoil("34.12");
    resume("{'notes':'second','automaticStop':{'action':'none'}}").expectProblem(422, "refused");
    assertThat(release("34.12").string("notes")).isEqualTo("first");
    assertThat(release("34.12").has("offeredUntil")).isTrue();
  }

  @Test
  void aWithdrawalStaysWhenALaterDecisionIsTakenBackAtTheStart() throws Exception {
    story.build("34.13", story.legacyProfile(8443), "image", "manifest");
    story.release("34.12", true).expect(201);
    milestones.stopAt("release.decided");
    story.step("34.12", "withdraw").expect(500);
    spoil("34.13");
    milestones.stopAt("release.decided");
    story.release("34.13", false).expect(500);
    releases.onReady();
    assertThat(release("34.12").string("state")).isEqualTo("withdrawn");
    assertThat(admin.get(story.base + "/releases").text()).doesNotContain("34.13");
    catalogue.onReady();
    assertThatTheCatalogueIsWell();
  }

  @Test
  void whatTheCatalogueHasFollowedIsNotTakenBackLater() throws Exception {
    story.build("34.13", story.legacyProfile(8443), "image", "manifest");
    story.release("34.12", true).expect(201);
    spoil("34.13");
    milestones.stopAt("release.decided");
    story.release("34.13", true).expect(500);
    releases.followUp();
    assertThat(admin.get(story.base + "/releases").text()).doesNotContain("34.13");
    assertThat(release("34.12").string("state")).isEqualTo("published");
  }

  @Test
  void aShareThatIsSetMeanwhileIsNotUndoneByAResumption() throws Exception {
    withdrawnOfAQuarter();
    ReleaseOrder which =
        ReleaseOrder.again(
            new ReleaseName(story.product, "stable", "gw", ImageVersion.parseLenient("34.12")));
    Thread resuming = new Thread(() -> releases.resume(which));
    meanwhile.step =
        () -> {
          resuming.start();
          while (resuming.isAlive() && !waitsForItsTurn(resuming)) {
            Thread.onSpinWait();
          }
        };
    admin.post(story.base + "/releases", order(750)).expect(201);
    resuming.join();
    assertThat(release("34.12").integer("sharePerMille", 0, 1000)).isEqualTo(750);
  }

  private static boolean waitsForItsTurn(Thread thread) {
    StackTraceElement[] stack = thread.getStackTrace();
    for (int i = 1; i < stack.length; i++) {
      if (stack[i].getClassName().equals(Releases.class.getName())
          && stack[i - 1].getClassName().equals(ReentrantLock.class.getName())) {
        return true;
      }
    }
    return false;
  }

  private Answer withdrawnOfAQuarter() {
    admin.post(story.base + "/releases", order(250)).expect(201);
    return story.step("34.12", "withdraw").expect(200);
  }

  private static String order(int share) {
    return "{'channel':'stable','hardware':'gw','version':'34.12','sharePerMille':" + share + "}";
  }

  private Answer resume(String body) {
    return admin.post(story.base + "/releases/stable/gw/34.12/resume", body);
  }

  /** Another file lies where the image is published, of the same length. */
  private void spoil(String version) throws Exception {
    spoil(version, "main");
  }

  private void spoil(String version, String lineage) throws Exception {
    Answer build = admin.get(story.base + "/builds/" + version).expect(200);
    Fields variant = build.json().objects("variants", 9).get(0);
    Path place =
        directories
            .catalogue()
            .resolve(story.product + "/" + lineage + "/targets/stable/gw")
            .resolve(variant.string("sha256") + "." + version + ".0+0.sha256.img");
    Files.createDirectories(place.resolveSibling(""));
    Files.write(place, new byte[(int) variant.integer("length", 1, 1 << 20)]);
  }

  private Fields release(String version) throws Exception {
    for (Fields release :
        admin.get(story.base + "/releases").expect(200).json().objects("releases", 9)) {
      if (release.string("version").equals(version + ".0+0")) {
        return release;
      }
    }
    throw new AssertionError("no release " + version);
  }

  private void assertThatItIsWithdrawnOfAQuarter() throws Exception {
    assertThat(release("34.12").string("state")).isEqualTo("withdrawn");
    assertThat(release("34.12").integer("sharePerMille", 0, 1000)).isEqualTo(250);
  }

  private HttpCatalogue client() throws Exception {
    return new HttpCatalogue(port, story.product, "main", false, directory.resolve("main"));
  }

  private void assertThatTheCatalogueIsWell() throws Exception {
    assertThat(client().head(Instant.now()).candidates())
        .extracting(c -> c.version().toString())
        .containsExactly("34.11.0+0");
    assertThat(trouble("main")).isFalse();
  }

  private boolean trouble(String lineage) throws Exception {
    Fields health =
        Admin.anonymous(port)
            .get("/actuator/health")
            .json()
            .object("components")
            .object("catalogue")
            .object("details")
            .object(story.product + "/" + lineage);
    return health.has("trouble");
  }
}
