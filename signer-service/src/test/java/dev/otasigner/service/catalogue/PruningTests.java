package dev.otasigner.service.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.MovingClock;
import dev.otasigner.service.ServiceDirectories;
import dev.otasigner.service.TemporaryData;
import dev.otasigner.service.signing.Build;
import dev.otasigner.service.signing.Builds;
import dev.otasigner.service.signing.PrunedBuilds;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.json.Fields;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** Files of builds go when nobody needs them, and not before. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(ServiceFixture.class)
class PruningTests {
  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private MovingClock clock;
  @Autowired private Catalogue catalogue;
  @Autowired private Pruning pruning;
  @Autowired private PrunedBuilds pruned;
  @Autowired private Builds builds;
  @Autowired private ServiceDirectories directories;
  @Autowired private ServiceFixture.StoppingMilestones milestones;
  @Autowired private JdbcClient jdbc;
  @TempDir private Path directory;

  private static Admin admin = Admin.anonymous(0);
  private static int count;
  private static boolean signedIn;

  @SuppressWarnings("NullAway.Init") // by threeBuilds()
  private Story story;

  private String profile = "";

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) {
    TemporaryData.register(registry);
    signedIn = false;
  }

  /** 34.11 is what a device runs, 34.12 was released and 34.13 has superseded it. */
  @BeforeEach
  void threeBuilds() {
    if (!signedIn) {
      admin = Admin.withEveryRole(port, printed.password());
      signedIn = true;
    }
    clock.reset();
    story = new Story(admin, "g" + ++count);
    profile = story.legacyProfile(8443);
    story.build("34.11", profile, "image", "manifest");
    story.device("d1", "34.11");
    story.build("34.12", profile, "image", "manifest");
    story.build("34.13", profile, "image", "manifest");
    story.release("34.12", false).expect(201);
    story.release("34.13", false).expect(201);
  }

  private String pruning(String version) {
    return story.base + "/builds/" + version + "/pruning";
  }

  private Answer prune(String version) {
    return admin.post(pruning(version), "{}");
  }

  /** Every timestamp of before has ended, and the catalogue has been renewed. */
  private void later() {
    clock.advance(Duration.ofDays(4));
    catalogue.renew();
    clock.advance(Duration.ofDays(4));
    catalogue.renew();
    signInAgain();
  }

  /** The clock has moved on, and sessions with it. */
  private void signInAgain() {
    admin = Admin.withEveryRole(port, printed.password());
    story = story.as(admin);
    signedIn = false;
  }

  private String image(String version) throws Exception {
    return admin
        .get(story.base + "/builds/" + version)
        .expect(200)
        .json()
        .objects("variants", 9)
        .get(0)
        .string("sha256");
  }

  private Path stored(String sha256) {
    return directories.payloads().resolve(sha256.substring(0, 2)).resolve(sha256);
  }

  private List<Path> published(String sha256) throws IOException {
    try (Stream<Path> files = Files.walk(directories.catalogue().resolve(story.product))) {
      return files.filter(f -> f.toString().contains(sha256)).toList();
    }
  }

  private HttpCatalogue client() throws Exception {
    return new HttpCatalogue(port, story.product, "main", false, directory.resolve("main"));
  }

  @Test
  void aSupersededBuildIsPrunedOnceNobodyMayTakeIt() throws Exception {
    HttpCatalogue client = client();
    client.head(clock.instant());
    later();
    String image = image("34.12");
    long length = Files.size(stored(image));
    assertThat(published(image)).hasSize(1);
    Fields plan = admin.get(pruning("34.12")).expect(200).json();
    assertThat(plan.strings("files", 9)).containsExactly(image);
    assertThat(plan.strings("catalogue", 9)).hasSize(1);
    assertThat(plan.integer("bytes", 0, 1 << 30)).isEqualTo(length);
    assertThat(stored(image)).as("asking removes nothing").exists();
    prune("34.12").expect(200);
    assertThat(stored(image)).doesNotExist();
    assertThat(published(image)).isEmpty();
    assertThat(client.head(clock.instant()).candidates()).hasSize(1);
    assertThat(admin.get("/api/v1/audit?about=build:" + story.product + "/34.12.0%2B0").text())
        .containsOnlyOnce("build.pruned");
    assertThat(admin.get(story.base + "/builds/34.12").expect(200).json().has("pruned")).isTrue();
    assertThat(story.release("34.12", false).expectProblem(409, "conflict").text())
        .contains("pruned");
    prune("34.12").expectProblem(409, "conflict");
    admin.get(story.base + "/builds/34.12/manifest").expect(200);
    admin.get(story.base + "/builds/34.12/variants/sha256").expectProblem(404, "not-found");
    admin.get(story.base + "/releases/stable/gw/34.12").expect(200);
    later();
    assertThat(client.head(clock.instant()).candidates()).hasSize(1);
  }

  @Test
  void aBuildThatSomebodyMayStillBeOfferedIsNotPruned() throws Exception {
    clock.advance(Duration.ofDays(6));
    signInAgain();
    assertThat(prune("34.12").expectProblem(409, "conflict").text()).contains("hold until");
    admin.get(pruning("34.12")).expectProblem(409, "conflict");
    assertThat(stored(image("34.12"))).exists();
  }

  /** One that was reflashed says that it runs what nobody has any more. */
  @Test
  void aPrunedBuildIsNothingThatAFactoryOrADeviceGets() throws Exception {
    later();
    prune("34.12").expect(200);
    admin
        .post(
            story.base + "/devices",
            "{'deviceId':'d9','hardware':'gw','revision':'a','bootloader':'boot1',"
                + "'channel':'stable','clockClass':'rtc','build':'34.12'}")
        .expectProblem(404, "not-found");
    String manifest = admin.get(story.base + "/builds/34.12").string("manifest");
    jdbc.sql(
            "update fleet_device set cohort = null, version = '34.12.0+0', manifest = ? where product = ?")
        .params(manifest, story.product)
        .update();
    admin
        .post(story.base + "/rotation/impact", "{'retireKeys':['" + story.named("image") + "']}")
        .expect(200);
  }

  private void upload(String product, String image) throws Exception {
    admin
        .upload("/api/v1/payloads?product=" + product, Files.readAllBytes(stored(image)))
        .expect(201);
  }

  /** Somebody is about to push it, and nothing but the upload tells. */
  @Test
  void aFileThatTheProductHasUploadedAnewStaysUntilItIsUnused() throws Exception {
    later();
    String image = image("34.12");
    upload(story.product, image);
    Fields plan = prune("34.12").expect(200).json();
    assertThat(plan.strings("files", 9)).isEmpty();
    assertThat(plan.strings("shared", 9)).containsExactly(image);
    assertThat(stored(image)).exists();
    assertThat(published(image)).isEmpty();
    assertThat(
            jdbc.sql("select named from upload where sha256 = ?")
                .param(image)
                .query(Boolean.class)
                .list())
        .as("it goes as every upload does")
        .containsExactly(false);
  }

  @Test
  void aFileThatSomebodyNeedsOnlyNowStaysHoweverItWasPlanned() throws Exception {
    later();
    Build build = builds.find(story.product, ImageVersion.parse("34.12.0+0")).orElseThrow();
    String image = image("34.12");
    List<Digest> planned = pruned.own(build);
    assertThat(planned).containsExactly(new Digest(image));
    String other = new Story(admin, story.product + "x").product;
    upload(other, image);
    pruned.remove(build, planned);
    assertThat(stored(image)).as("uploaded").exists();
    jdbc.sql("delete from upload where sha256 = ?").param(image).update();
    jdbc.sql("insert into build_file (product, version, sha256) values (?, '1.0.0+0', ?)")
        .params(other, image)
        .update();
    pruned.remove(build, planned);
    assertThat(stored(image)).as("of another build").exists();
    jdbc.sql("delete from build_file where product = ?").param(other).update();
    pruned.remove(build, planned);
    assertThat(stored(image)).doesNotExist();
  }

  @Test
  void aListedBuildIsNotPruned() {
    later();
    assertThat(prune("34.13").expectProblem(409, "conflict").text()).contains("withdraw or stop");
    story.step("34.13", "pause").expect(200);
    later();
    prune("34.13").expectProblem(409, "conflict");
  }

  @Test
  void aBuildThatWasNeverReleasedIsNotPruned() {
    later();
    assertThat(prune("34.11").expectProblem(409, "conflict").text()).contains("never released");
    prune("34.99").expectProblem(404, "not-found");
  }

  @Test
  void aBuildThatADeviceRunsIsNotPruned() throws Exception {
    later();
    story.device("d2", "34.12");
    Answer refused = prune("34.12").expectProblem(409, "would-strand");
    assertThat(refused.text()).contains("d2").contains("running");
    assertThat(stored(image("34.12"))).exists();
    jdbc.sql("delete from fleet_device where product = ? and device_id = 'd2'")
        .param(story.product)
        .update();
    prune("34.12").expect(200);
  }

  /** d1 may come to 34.14 from 34.12 alone, which is withdrawn. */
  @Test
  void aBuildThatAloneLeadsADeviceOnIsNotPruned() throws Exception {
    story.step("34.13", "withdraw").expect(200);
    story.device("d2", "34.12");
    story.build("34.14", profile, "image", "manifest", ",'from':[{'min':'34.12','max':'34.12'}]");
    story.release("34.14", false).expect(201);
    jdbc.sql("delete from fleet_device where product = ? and device_id = 'd2'")
        .param(story.product)
        .update();
    later();
    Answer refused = prune("34.12").expectProblem(409, "would-strand");
    assertThat(refused.text()).contains("d1").contains("34.11.0+0");
    assertThat(stored(image("34.12"))).exists();
  }

  @ParameterizedTest
  @ValueSource(strings = {"build.pruning", "build.unlisted", "build.removed"})
  void aPruningThatWasStoppedInTheMiddleIsFinishedLater(String milestone) throws Exception {
    HttpCatalogue client = client();
    later();
    String image = image("34.12");
    milestones.stopAt(milestone);
    prune("34.12").expect(500);
    assertThat(milestones.hasStopped()).isTrue();
    assertThat(client.head(clock.instant()).candidates()).hasSize(1);
    assertThat(story.release("34.12", false).expectProblem(409, "conflict").text())
        .contains("pruned");
    pruning.onReady();
    assertThat(stored(image)).doesNotExist();
    assertThat(published(image)).isEmpty();
    assertThat(client.head(clock.instant()).candidates()).hasSize(1);
    assertThat(
            jdbc.sql("select count(*) from build_pruned where not finished")
                .query(Long.class)
                .single())
        .isZero();
  }
}
