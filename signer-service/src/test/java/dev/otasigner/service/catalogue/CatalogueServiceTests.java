package dev.otasigner.service.catalogue;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.MovingClock;
import dev.otasigner.service.ServiceDirectories;
import dev.otasigner.service.TemporaryData;
import dev.otasigner.service.report.Ending;
import dev.otasigner.service.report.Support;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.catalogue.CataloguePaths;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.policy.ManifestCheck;
import dev.otasigner.verifier.tuf.Updater;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** From payload to catalogue over HTTP, with the real keyring, database and files. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(ServiceFixture.class)
class CatalogueServiceTests {
  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private MovingClock clock;
  @Autowired private Catalogue catalogue;
  @Autowired private ServiceDirectories directories;
  @Autowired private RoleEndings roles;
  @Autowired private Lineages lineages;
  @Autowired private ServiceFixture.StoppingMilestones milestones;
  @TempDir private Path directory;

  private static Admin admin = Admin.anonymous(0);
  private static int count;
  private static boolean signedIn;

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) {
    TemporaryData.register(registry);
    signedIn = false;
  }

  @BeforeEach
  void signIn() {
    if (!signedIn) {
      admin = Admin.withEveryRole(port, printed.password());
      signedIn = true;
    }
    clock.reset();
  }

  private static Story story() {
    return new Story(admin, "p" + ++count);
  }

  /** A product with a device on its first build, and the second build ready. */
  private static Story twoBuilds() {
    Story story = story();
    String profile = story.legacyProfile(8443);
    story.build("34.11", profile, "image", "manifest");
    story.device("d1", "34.11");
    story.build("34.12", profile, "image", "manifest");
    return story;
  }

  private HttpCatalogue client(Story story, String lineage) throws Exception {
    return new HttpCatalogue(
        port, story.product, lineage, lineage.equals("hybrid"), directory.resolve(lineage));
  }

  @Test
  void aReleasedBuildIsFoundByADevicesClient() throws Exception {
    Story story = twoBuilds();
    story.release("34.12", false).expect(201);
    HttpCatalogue client = client(story, "main");
    Head head = client.head(Instant.now());
    assertThat(head.candidates())
        .extracting(c -> c.version().toString())
        .containsExactly("34.12.0+0");
    Updater updater = client.refreshed(Instant.now());
    Head.Candidate candidate = head.candidates().get(0);
    byte[] manifest = updater.fetchTarget(candidate.manifest(), 1 << 20);
    byte[] image = updater.fetchTarget(candidate.variants().get(0).path(), 1 << 20);
    Answer build = admin.get(story.base + "/builds/34.12").expect(200);
    assertThat(Digest.of(manifest).hex()).isEqualTo(build.string("manifest"));
    assertThat(build.text()).contains(Digest.of(image).hex());
    assertThat(updater.find("audit/checkpoint")).isPresent();
  }

  @Test
  void everyRoleEndsAsItsFileSays() throws Exception {
    Story story = twoBuilds();
    story.release("34.12", false).expect(201);
    Map<String, Ending> endings = new TreeMap<>();
    String where = " of " + story.product + "/main";
    roles.endings().stream()
        .filter(ending -> ending.what().endsWith(where))
        .forEach(ending -> endings.put(ending.what().replace(where, ""), ending));
    assertThat(endings.keySet())
        .contains(
            "catalogue role root",
            "catalogue role targets",
            "catalogue role snapshot",
            "catalogue role timestamp",
            "catalogue role audit");
    Support channel =
        requireNonNull(endings.get("catalogue role stable.gw")).support().orElseThrow();
    assertThat(channel.isOf("stable", "gw")).isTrue();
    assertThat(channel.isOf("stable", "other")).as("who finds its head in another role").isFalse();
    assertThat(requireNonNull(endings.get("catalogue role audit")).support()).isEmpty();
    Path metadata = directories.catalogue().resolve(story.product + "/main/metadata");
    assertThat(Files.readString(metadata.resolve("timestamp.json")))
        .contains(
            "\"expires\":\"" + requireNonNull(endings.get("catalogue role timestamp")).at() + '"');
    assertThat(Files.readString(metadata.resolve("1.root.json")))
        .contains("\"expires\":\"" + requireNonNull(endings.get("catalogue role root")).at() + '"');
    Duration timestamp = lineages.lifetimes(story.product).timestamp();
    assertThat(requireNonNull(endings.get("catalogue role timestamp")).ahead())
        .as("not before its renewal, with half of the time left, is late")
        .isLessThan(timestamp.dividedBy(2));
  }

  @Test
  void aWithdrawnBuildIsListedNoLonger() throws Exception {
    Story story = twoBuilds();
    story.release("34.12", false).expect(201);
    HttpCatalogue client = client(story, "main");
    assertThat(client.head(Instant.now()).candidates()).hasSize(1);
    assertThat(story.step("34.12", "withdraw").expect(200).string("state")).isEqualTo("withdrawn");
    assertThat(client.head(Instant.now()).candidates()).isEmpty();
  }

  @Test
  void aPausedBuildIsListedForNobodyAndResumedForSome() throws Exception {
    Story story = twoBuilds();
    story.release("34.12", false).expect(201);
    HttpCatalogue client = client(story, "main");
    story.step("34.12", "pause").expect(200);
    assertThat(client.head(Instant.now()).candidates().get(0).sharePerMille()).isZero();
    Bytes salt = client.head(Instant.now()).candidates().get(0).salt();
    admin
        .post(
            story.base + "/releases/stable/gw/34.12/resume",
            "{'sharePerMille':250,'lowerShare':true}")
        .expect(200);
    Head.Candidate resumed = client.head(Instant.now()).candidates().get(0);
    assertThat(resumed.sharePerMille()).isEqualTo(250);
    assertThat(resumed.salt()).as("no device loses its turn").isEqualTo(salt);
  }

  @Test
  void aPausedBridgeIsTakenByNobody() throws Exception {
    Story story = twoBuilds();
    story.release("34.12", true).expect(201);
    story.step("34.12", "pause").expect(200);
    Head.Candidate paused = client(story, "main").head(Instant.now()).candidates().get(0);
    assertThat(paused.isInShare("d1")).isFalse();
  }

  @Test
  void aNewerReleaseForAllSupersedesTheOlderOneAndNoBridge() throws Exception {
    Story story = twoBuilds();
    String profile = story.legacyProfile(8443);
    story.build("34.13", profile, "image", "manifest");
    story.build("34.14", profile, "image", "manifest");
    story.release("34.12", false).expect(201);
    story.release("34.13", true).expect(201);
    story.release("34.14", false).expect(201);
    assertThat(client(story, "main").head(Instant.now()).candidates())
        .extracting(c -> c.version().toString())
        .containsExactly("34.14.0+0", "34.13.0+0");
    assertThat(admin.get(story.base + "/releases").text()).contains("superseded");
  }

  @Test
  void aStagedReleaseSupersedesNothing() throws Exception {
    Story story = twoBuilds();
    story.build("34.13", story.legacyProfile(8443), "image", "manifest");
    story.release("34.12", false).expect(201);
    admin
        .post(
            story.base + "/releases",
            "{'channel':'stable','hardware':'gw','version':'34.13','sharePerMille':100}")
        .expect(201);
    assertThat(client(story, "main").head(Instant.now()).candidates()).hasSize(2);
  }

  @Test
  void aBridgeIsListedInBothLineages() throws Exception {
    Story story = twoBuilds();
    story.key("manifest-ed", "manifest", "ed25519");
    story.key("manifest-pq", "manifest", "ml-dsa-65");
    story.key("image-next", "image", "ed25519");
    story.bootloader("boot2", "image-next");
    String next = story.nextProfile(9443, "manifest-ed", "manifest-pq");
    story.build(
        "36.14",
        next,
        "image,image-next",
        "manifest,manifest-ed,manifest-pq",
        ",'bootloader':{'id':'boot2'}");
    story.release("36.14", false).expectProblem(409, "conflict");
    story.release("36.14", true).expect(201);
    for (String lineage : List.of("main", "hybrid")) {
      HttpCatalogue client = client(story, lineage);
      Head.Candidate bridge = client.head(Instant.now()).candidates().get(0);
      assertThat(bridge.version().toString()).isEqualTo("36.14.0+0");
      assertThat(bridge.bridge()).isTrue();
      String component = CataloguePaths.bootloader("stable", "gw", bridge.version());
      assertThat(client.refreshed(Instant.now()).find(component)).isPresent();
    }
  }

  @Test
  void aBuildThatNoDeviceOfTheChannelTakesIsNotReleased() throws Exception {
    Story story = twoBuilds();
    admin.post(story.base + "/channels", "{'name':'beta'}").expect(201);
    story.device("d2", "34.12");
    Answer answer =
        admin.post(
            story.base + "/releases", "{'channel':'stable','hardware':'gw','version':'34.11'}");
    // d1 runs it already: listing what runs strands nobody.
    answer.expect(201);
    admin
        .post(story.base + "/releases", "{'channel':'nowhere','hardware':'gw','version':'34.12'}")
        .expectProblem(404, "not-found");
    admin
        .post(story.base + "/releases", "{'channel':'stable','hardware':'xy','version':'34.12'}")
        .expectProblem(422, "refused");
    admin
        .post(story.base + "/releases", "{'channel':'stable','hardware':'gw','version':'34.99'}")
        .expectProblem(404, "not-found");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "release.decided",
        "catalogue.versions",
        "catalogue.file",
        "catalogue.role",
        "catalogue.snapshot",
        "catalogue.accepted",
        "catalogue.timestamp",
        "release.published"
      })
  void aReleaseThatWasStoppedInTheMiddleIsFinishedLater(String milestone) throws Exception {
    Story story = twoBuilds();
    story.release("34.11", false).expect(201);
    HttpCatalogue client = client(story, "main");
    client.head(Instant.now());
    milestones.stopAt(milestone);
    Answer stopped = story.release("34.12", false).expect(500);
    if (milestone.startsWith("catalogue.")) {
      assertThat(stopped.expectProblem(500, "not-announced").text())
          .contains("34.12.0+0 is decided (published) and not yet announced")
          .contains("once this is mended: nobody foresaw this: see the log\"");
    }
    assertThat(milestones.hasStopped()).isTrue();
    client.head(Instant.now());
    catalogue.renew();
    assertThat(client.head(Instant.now()).candidates().get(0).version().toString())
        .isEqualTo("34.12.0+0");
  }

  @Test
  void aReleaseThatTheClientWouldRefuseIsTakenBack() throws Exception {
    Story story = twoBuilds();
    story.release("34.11", false).expect(201);
    HttpCatalogue client = client(story, "main");
    // Another file lies where the image is to be published, of the same length.
    Answer build = admin.get(story.base + "/builds/34.12").expect(200);
    String sha256 = build.json().objects("variants", 9).get(0).string("sha256");
    long length = build.json().objects("variants", 9).get(0).integer("length", 1, 1 << 20);
    Path place =
        directories
            .catalogue()
            .resolve(story.product + "/main/targets/stable/gw/" + sha256 + ".34.12.0+0.sha256.img");
    Files.write(place, new byte[(int) length]);
    assertThat(story.release("34.12", false).expectProblem(422, "refused").text())
        .contains("target-digest-mismatch");
    assertThat(admin.get(story.base + "/releases").text()).doesNotContain("34.12");
    assertThat(client.head(Instant.now()).candidates())
        .as("what was superseded is listed again")
        .extracting(c -> c.version().toString())
        .containsExactly("34.11.0+0");
    catalogue.renew();
    assertThat(client.head(Instant.now()).candidates()).hasSize(1);
  }

  @Test
  void theCatalogueIsSignedAnewBeforeItExpires() throws Exception {
    Story story = twoBuilds();
    story.release("34.12", false).expect(201);
    HttpCatalogue client = client(story, "main");
    client.head(clock.instant());
    for (int day = 0; day < 20; day++) {
      clock.advance(Duration.ofDays(1));
      catalogue.renew();
      assertThat(client.head(clock.instant()).candidates()).hasSize(1);
    }
  }

  private Path stored(String sha256) {
    return directories.payloads().resolve(sha256.substring(0, 2)).resolve(sha256);
  }

  private static String image(Story story) throws Exception {
    Answer build = admin.get(story.base + "/builds/34.12").expect(200);
    return build.json().objects("variants", 9).get(0).string("sha256");
  }

  private Path published(Story story, String sha256) {
    return directories
        .catalogue()
        .resolve(story.product + "/main/targets/stable/gw/" + sha256 + ".34.12.0+0.sha256.img");
  }

  private Fields health(Story story) throws Exception {
    return Admin.anonymous(port)
        .get("/actuator/health")
        .json()
        .object("components")
        .object("catalogue")
        .object("details")
        .object(story.product + "/main");
  }

  @Test
  void aFileThatIsGoneKeepsOnlyItsOwnProductFromBeingRenewedAndHealthNamesIt() throws Exception {
    Story broken = twoBuilds();
    broken.release("34.12", false).expect(201);
    Story whole = twoBuilds();
    whole.release("34.12", false).expect(201);
    String sha256 = image(broken);
    byte[] bytes = Files.readAllBytes(stored(sha256));
    Files.delete(stored(sha256));
    Files.delete(published(broken, sha256));
    clock.advance(Duration.ofDays(5));
    catalogue.onReady();
    HttpCatalogue client = client(whole, "main");
    clock.advance(Duration.ofDays(5));
    assertThat(client.head(clock.instant()).candidates()).hasSize(1);
    assertThat(health(broken).string("trouble"))
        .contains(stored(sha256).toString())
        .contains("restore it from a backup");
    assertThat(health(whole).has("trouble")).isFalse();
    Answer degraded = Admin.anonymous(port).get("/actuator/health").expect(200);
    assertThat(degraded.string("status")).isEqualTo("DEGRADED");
    Fields catalogues = degraded.json().object("components").object("catalogue");
    assertThat(catalogues.string("status")).isEqualTo("DEGRADED");
    assertThat(catalogues.object("details").strings("troubled", 99))
        .containsExactly(broken.product + "/main");
    Files.write(stored(sha256), bytes);
    catalogue.renew();
    assertThat(health(broken).has("trouble")).isFalse();
    Admin.anonymous(port).get("/actuator/health").expect(200);
    assertThat(published(broken, sha256)).hasBinaryContent(bytes);
  }

  @Test
  void healthTellsWhenEachLineageWasPublishedAndWhenItExpires() throws Exception {
    Story story = twoBuilds();
    story.release("34.12", false).expect(201);
    Fields main = health(story);
    assertThat(Instant.parse(main.string("expires")))
        .isEqualTo(Instant.parse(main.string("published")).plus(Duration.ofDays(7)));
  }

  @Test
  void aStoredFileThatIsGoneComesBackFromTheCatalogue() throws Exception {
    Story story = twoBuilds();
    story.release("34.12", false).expect(201);
    String sha256 = image(story);
    Files.delete(stored(sha256));
    catalogue.renew();
    assertThat(Digest.of(Files.readAllBytes(stored(sha256))).hex()).isEqualTo(sha256);
    assertThat(health(story).has("trouble")).isFalse();
  }

  @Test
  void aTimestampCutShortIsSignedAnew() throws Exception {
    Story story = twoBuilds();
    story.release("34.12", false).expect(201);
    HttpCatalogue client = client(story, "main");
    client.head(clock.instant());
    Path timestamp =
        directories.catalogue().resolve(story.product + "/main/metadata/timestamp.json");
    Files.write(timestamp, new byte[] {'{', '"'});
    catalogue.onReady();
    assertThat(client.head(clock.instant()).candidates()).hasSize(1);
    assertThat(health(story).has("trouble")).isFalse();
  }

  @Test
  void filesSayWhatTheyAreAndCanBeFetchedInParts() throws Exception {
    Story story = twoBuilds();
    story.release("34.12", false).expect(201);
    HttpCatalogue client = client(story, "main");
    HttpResponse<byte[]> timestamp = client.get("metadata/timestamp.json");
    assertThat(timestamp.headers().firstValue("Cache-Control")).hasValue("max-age=60, public");
    String etag = timestamp.headers().firstValue("ETag").orElseThrow();
    assertThat(etag).isEqualTo('"' + Digest.of(timestamp.body()).hex() + '"');
    assertThat(client.get("metadata/timestamp.json", "If-None-Match", etag).statusCode())
        .isEqualTo(304);
    String path = client.head(Instant.now()).candidates().get(0).variants().get(0).path();
    Updater updater = client.refreshed(Instant.now());
    var target = updater.find(path).orElseThrow();
    String location = updater.location(target);
    HttpResponse<byte[]> whole = client.get(location);
    assertThat(whole.headers().firstValue("Cache-Control").orElse("")).contains("immutable");
    assertThat(whole.headers().firstValue("ETag"))
        .hasValue('"' + target.sha256().orElseThrow().hex() + '"');
    HttpResponse<byte[]> part = client.get(location, "Range", "bytes=100-199");
    assertThat(part.statusCode()).isEqualTo(206);
    assertThat(part.body()).isEqualTo(java.util.Arrays.copyOfRange(whole.body(), 100, 200));
  }

  @Test
  void nothingOutsideTheCatalogueIsServed() throws Exception {
    Story story = twoBuilds();
    story.release("34.12", false).expect(201);
    HttpCatalogue client = client(story, "main");
    for (String path :
        List.of(
            "metadata/..%2f..%2f..%2f..%2ftoken.passphrase",
            "targets/..%2f.publisher",
            "targets/../.publisher",
            "metadata/.publisher",
            "targets/stable/gw/head.json")) {
      assertThat(client.get(path).statusCode()).as(path).isBetween(400, 404);
    }
    assertThat(client.get("metadata/timestamp.json").statusCode()).isEqualTo(200);
  }

  @Test
  void aFinishedBuildIsRegisteredWithItsManifest() throws Exception {
    Story one = story();
    String profile = one.legacyProfile(8443);
    one.build("34.11", profile, "image", "manifest");
    Bytes image = admin.get(one.base + "/builds/34.11/variants/sha256").expect(200).body();
    Bytes manifest = admin.get(one.base + "/builds/34.11/manifest").expect(200).body();
    String sha256 =
        admin.upload("/api/v1/payloads", image.toByteArray()).expect(201).string("sha256");
    Json.Obj push = Json.object().put("image", sha256).putBase64("manifest", manifest).build();
    assertThat(admin.post(one.base + "/builds", push).expectProblem(422, "refused").text())
        .contains("version-taken");
    Story other = story();
    assertThat(admin.post(other.base + "/builds", push).expectProblem(422, "refused").text())
        .contains("wrong-product");
    String stranger =
        admin.upload("/api/v1/payloads", new byte[] {1, 2, 3}).expect(201).string("sha256");
    Json.Obj swapped = Json.object().put("image", stranger).putBase64("manifest", manifest).build();
    assertThat(admin.post(one.base + "/builds", swapped).expectProblem(422, "refused").text())
        .contains("manifest-mismatch");
  }

  @Test
  void aFinishedImageGetsAManifestLikeTheBuildBefore() throws Exception {
    Story one = story();
    String profile = one.legacyProfile(8443);
    one.build("34.11", profile, "image", "manifest");
    // An image of the same keys that this product has not seen: another product's, same bootloader.
    Story two = new Story(admin, "q" + ++count);
    two.build("34.11", two.legacyProfile(8443), "image", "manifest");
    two.build("34.12", two.legacyProfile(8443), "image", "manifest");
    Bytes image = admin.get(two.base + "/builds/34.12/variants/sha256").expect(200).body();
    String sha256 =
        admin.upload("/api/v1/payloads", image.toByteArray()).expect(201).string("sha256");
    String push = "{'image':'" + sha256 + "'}";
    assertThat(admin.post(one.base + "/builds", push).expectProblem(422, "refused").text())
        .as("no bootloader of this product knows the key")
        .contains("image-refused");
    one.bootloader("boot9", "image");
    admin
        .post(
            one.base + "/bootloaders",
            "{'id':'boot10','hardware':'gw','anchors':[{'key':'"
                + two.named("image")
                + "'}],'allowList':true,'rollbackProtection':true,'updatable':true,"
                + "'keyTlv':'keyhash','slotBytes':1048576}")
        .expect(201);
    Answer registered = admin.post(one.base + "/builds", push).expect(201);
    assertThat(registered.string("version")).isEqualTo("34.12.0+0");
    Bytes manifest = admin.get(one.base + "/builds/34.12/manifest").expect(200).body();
    Bytes running = admin.get(one.base + "/builds/34.11/profile").expect(200).body();
    Manifest made =
        ManifestCheck.verify(
            manifest, dev.otasigner.verifier.device.Profile.read(running.toByteArray()));
    assertThat(made.variants().get(0).sha256().hex()).isEqualTo(sha256);
  }

  @Test
  void aRequestWithoutHardwareIsNotUnderstood() throws Exception {
    Story story = story();
    Answer refused =
        admin.post(
            story.base + "/requests",
            "{'version':'34.11','securityCounter':1,'hardware':[],'format':'mcuboot'}");
    refused.expectProblem(400, "bad-request");
  }
}
