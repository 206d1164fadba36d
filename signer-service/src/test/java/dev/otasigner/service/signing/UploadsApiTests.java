package dev.otasigner.service.signing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.Contender;
import dev.otasigner.service.OnBothDatabases;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.service.catalogue.Story;
import dev.otasigner.service.watch.Metrics;
import dev.otasigner.verifier.Digest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.concurrent.CompletableFuture;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

/** Whose a payload is, how many there may be, and how long they stay. */
@OnBothDatabases
@ServiceTest
class UploadsApiTests {
  private static final Instant NOW = Instant.parse("2026-11-01T00:00:00Z");
  private static int count;

  @LocalServerPort private int port;
  @Autowired private DataSource database;
  @Autowired private Admin.Printed printed;
  @Autowired private JdbcClient jdbc;
  @Autowired private PayloadStore payloads;
  @Autowired private TransactionTemplate transactions;
  @Autowired private Metrics metrics;

  private static Admin admin = Admin.anonymous(0);
  private static boolean signedIn;

  private Story story = unmade();
  private Admin engineer = Admin.anonymous(0);
  private String profile = "";

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
    story = new Story(admin, "up" + ++count);
    profile = story.legacyProfile(8443);
    engineer = admin.newUser(port, "up-eng-" + count, "release-engineer@" + story.product);
  }

  private static byte[] fresh() {
    return ("payload " + System.nanoTime()).repeat(50).getBytes(StandardCharsets.UTF_8);
  }

  private static Digest uploaded(Admin by, byte[] bytes) {
    return new Digest(by.upload("/api/v1/payloads", bytes).expect(201).string("sha256"));
  }

  private Answer request(Admin by, Story of, Digest payload) {
    return by.post(
        of.base + "/requests",
        "{'version':'34.12','securityCounter':7,'hardware':[{'id':'gw','revisions':['a']}],"
            + "'format':'mcuboot','payload':'"
            + payload
            + "','imageKeys':['"
            + of.named("image")
            + "'],'manifestKeys':['"
            + of.named("manifest")
            + "'],'profile':'"
            + of.legacyProfile(8443)
            + "'}");
  }

  private UploadRows uploads(long quotaBytes) {
    return new UploadRows(
        jdbc,
        transactions,
        payloads,
        milestone -> {},
        Clock.fixed(NOW, ZoneOffset.UTC),
        quotaBytes);
  }

  private void age(Digest payload) {
    jdbc.sql("update upload set uploaded = ? where sha256 = ?")
        .params(OffsetDateTime.ofInstant(NOW.minus(Duration.ofDays(40)), ZoneOffset.UTC))
        .param(payload.hex())
        .update();
  }

  private int removed() {
    return uploads(1 << 20).removeUnused(NOW.minus(Duration.ofDays(30)));
  }

  @Test
  void aRequestMayNotNameWhatOnlyAnotherProductUploaded() {
    Digest theirs = uploaded(engineer, fresh());
    Story other = new Story(admin, "upx" + count);
    Admin.Answer refused = request(admin, other, theirs).expect(201);
    assertThat(refused.text()).contains("refused").contains("payload-missing");
    admin
        .get("/api/v1/requests/" + refused.string("id") + "/payload")
        .expectProblem(404, "not-found");
    assertThat(request(engineer, story, theirs).expect(201).string("state")).isEqualTo("ready");
  }

  @Test
  void aPushMayNotNameWhatOnlyAnotherProductUploaded() {
    Digest theirs = uploaded(engineer, fresh());
    Story other = new Story(admin, "upx" + count);
    assertThat(
            admin
                .post(other.base + "/builds", "{'image':'" + theirs + "'}")
                .expectProblem(400, "bad-request")
                .text())
        .contains("was not uploaded");
  }

  @Test
  void knowingTheDigestOfAnotherProductsPayloadIsNotHavingIt() {
    byte[] bytes = fresh();
    Digest theirs = uploaded(engineer, bytes);
    Story other = new Story(admin, "upx" + count);
    Admin stranger = admin.newUser(port, "upx-eng-" + count, "release-engineer@" + other.product);
    stranger.get("/api/v1/payloads/" + theirs).expectProblem(404, "not-found");
    stranger
        .upload("/api/v1/payloads/" + theirs, new byte[] {1})
        .expectProblem(422, "digest-mismatch");
    stranger.get("/api/v1/payloads/" + theirs).expectProblem(404, "not-found");
    stranger.upload("/api/v1/payloads/" + theirs, bytes).expect(201);
    stranger.get("/api/v1/payloads/" + theirs).expect(200);
  }

  @Test
  void nobodyUploadsForAProductThatIsNotTheirs() {
    Story other = new Story(admin, "upx" + count);
    engineer
        .upload("/api/v1/payloads?product=" + other.product, fresh())
        .expectProblem(403, "forbidden");
    admin.upload("/api/v1/payloads?product=nowhere", fresh()).expectProblem(404, "not-found");
  }

  @Test
  void whatIsUploadedForAllProductsAskedByARoleForAllIsGoodForEach() {
    assertThat(request(admin, story, uploaded(admin, fresh())).expect(201).string("state"))
        .isEqualTo("ready");
    Story other = new Story(admin, "upx" + count);
    String roles = "release-engineer@" + story.product + ",release-engineer@" + other.product;
    Admin both = admin.newUser(port, "upx-both-" + count, roles);
    both.upload("/api/v1/payloads", fresh()).expectProblem(400, "bad-request");
    both.upload("/api/v1/payloads?product=" + other.product, fresh()).expect(201);
  }

  @Test
  void aProductUploadsNoMoreThanItsQuota() {
    UploadRows uploads = uploads(100);
    Digest first = Digest.of(fresh());
    uploads.bind(story.product, new PayloadStore.Stored(first, 60));
    uploads.bind(story.product, new PayloadStore.Stored(first, 60));
    assertThat(uploads.room(story.product)).isEqualTo(40);
    assertThatThrownBy(
            () -> uploads.bind(story.product, new PayloadStore.Stored(Digest.of(fresh()), 41)))
        .hasMessageContaining("may take 40 bytes more");
    uploads.bind(story.product, new PayloadStore.Stored(Digest.of(fresh()), 40));
    assertThat(uploads.room("upx" + count)).as("another product's").isEqualTo(100);
  }

  @Test
  void anUploadOverTheQuotaIsRefusedBeforeItIsTaken() {
    jdbc.sql("insert into upload values (?, ?, ?, current_timestamp, true)")
        .params(story.product, "0".repeat(64), (256L << 30) - 100)
        .update();
    byte[] bytes = fresh();
    String path = "/api/v1/payloads";
    assertThat(engineer.upload(path, bytes).expectProblem(409, "quota-exceeded").text())
        .contains("100 bytes more, and this one has " + bytes.length);
    engineer.upload(path + "/" + Digest.of(bytes), bytes).expectProblem(409, "quota-exceeded");
    assertThat(payloads.find(Digest.of(bytes))).isEmpty();
    engineer.upload(path, new byte[] {(byte) count}).expect(201);
  }

  @Test
  void whatNoRequestNamedIsRemovedAfterItsTime() {
    byte[] bytes = fresh();
    Digest payload = uploaded(engineer, bytes);
    assertThat(removed()).as("uploaded just now").isZero();
    age(payload);
    assertThat(removed()).isEqualTo(1);
    assertThat(payloads.find(payload)).isEmpty();
    engineer.get("/api/v1/payloads/" + payload).expectProblem(404, "not-found");
    assertThat(uploaded(engineer, bytes)).isEqualTo(payload);
    assertThat(payloads.find(payload)).isPresent();
  }

  @Test
  void whatAProductHasUploadedAndWhatIsRemovedIsMeasured() {
    byte[] bytes = fresh();
    age(uploaded(engineer, bytes));
    String series = "signer_uploaded_bytes{product=\"" + story.product + "\"} ";
    assertThat(admin.get("/actuator/prometheus").expect(200).text())
        .contains(series + bytes.length);
    Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
    new UnusedPayloads(uploads(1 << 20), metrics, clock, Duration.ofDays(30)).remove();
    assertThat(admin.get("/actuator/prometheus").expect(200).text())
        .contains("signer_payloads_removed_total 1")
        .doesNotContain(series);
  }

  @Test
  void whatARequestNamedStays() {
    Digest payload = uploaded(engineer, fresh());
    request(engineer, story, payload).expect(201);
    age(payload);
    assertThat(removed()).isZero();
    assertThat(payloads.find(payload)).isPresent();
  }

  @Test
  void whoAsksForAPayloadKeepsItForAnotherTime() {
    Digest payload = uploaded(engineer, fresh());
    age(payload);
    engineer.get("/api/v1/payloads/" + payload).expect(200);
    assertThat(removed()).isZero();
  }

  @Test
  void aFileThatAnotherProductStillNeedsStaysThere() {
    byte[] bytes = fresh();
    Digest payload = uploaded(engineer, bytes);
    age(payload);
    uploaded(admin, bytes);
    assertThat(removed()).isEqualTo(1);
    assertThat(payloads.find(payload)).isPresent();
    assertThat(uploads(1).has("upx" + count, payload)).as("uploaded for all").isTrue();
  }

  @Test
  void anImageOfABuildStaysAlsoWhenItWasUploaded() throws Exception {
    story.build("34.11", profile, "image", "manifest");
    byte[] image = admin.get(story.base + "/builds/34.11/variants/sha256").body().toByteArray();
    Digest uploaded = uploaded(engineer, image);
    age(uploaded);
    assertThat(removed()).isZero();
    assertThat(Files.readAllBytes(payloads.require(uploaded))).isEqualTo(image);
  }

  @Test
  void aRemovalThatWasCutOffIsFinishedOrUploadedAnew() {
    byte[] bytes = fresh();
    Digest payload = uploaded(engineer, bytes);
    age(payload);
    UploadRows cutOff =
        new UploadRows(
            jdbc,
            transactions,
            payloads,
            milestone -> {
              throw new IllegalStateException("killed after " + milestone);
            },
            Clock.fixed(NOW, ZoneOffset.UTC),
            1 << 20);
    assertThatThrownBy(() -> cutOff.removeUnused(NOW)).hasMessage("killed after payload.removed");
    assertThat(payloads.find(payload)).isEmpty();
    engineer.get("/api/v1/payloads/" + payload).expectProblem(404, "not-found");
    assertThat(request(engineer, story, payload).expect(201).text()).contains("payload-missing");
    assertThat(uploaded(engineer, bytes)).isEqualTo(payload);
    assertThat(payloads.find(payload)).isPresent();
  }

  private boolean somebodyWaits() {
    return Contender.waiting(database) > 0;
  }

  /** The request's transaction holds the row when the removal comes for it. */
  @Test
  void aRequestThatNamesAPayloadDuringItsRemovalKeepsIt() {
    Digest payload = uploaded(engineer, fresh());
    age(payload);
    CompletableFuture<Integer> removal = new CompletableFuture<>();
    transactions.executeWithoutResult(
        status -> {
          uploads(1 << 20).name(story.product, payload);
          removal.completeAsync(this::removed, thread -> new Thread(thread).start());
          while (!removal.isDone() && !somebodyWaits()) {
            Thread.onSpinWait();
          }
        });
    assertThat(removal.join()).isZero();
    assertThat(payloads.find(payload)).isPresent();
    assertThat(request(engineer, story, payload).expect(201).string("state")).isEqualTo("ready");
  }
}
