package dev.otasigner.service.signing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.OnBothDatabases;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.service.catalogue.Story;
import dev.otasigner.service.fleet.FleetFixture;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Lists in pages, over HTTP. */
@OnBothDatabases
@ServiceTest
class PagesTests {
  private static final List<String> VERSIONS = List.of("34.9", "34.10", "34.12", "34.13");
  private static int count;

  @LocalServerPort private int port;
  private static final OffsetDateTime BEGUN = OffsetDateTime.parse("2026-01-01T00:00:00Z");

  @Autowired private Admin.Printed printed;
  @Autowired private JdbcClient jdbc;

  private static Admin admin = Admin.anonymous(0);
  private static boolean signedIn;

  private Story story = unmade();

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
    story = new Story(admin, "pg" + ++count);
  }

  /** What all pages have under this name, each page of two at most. */
  private static List<String> all(String path, String member) {
    List<String> all = new ArrayList<>();
    String from = "";
    do {
      Answer page = admin.get(path + (path.contains("?") ? "&" : "?") + "limit=2" + from);
      List<String> shown = page.expect(200).texts(member);
      assertThat(shown).hasSizeBetween(1, 2);
      all.addAll(shown);
      from = page.texts("next").stream().map(next -> "&from=" + escaped(next)).findAny().orElse("");
    } while (!from.isEmpty());
    return all;
  }

  private static String escaped(String text) {
    return text.replace("+", "%2B");
  }

  private List<String> insert(int rows, String state) {
    String spec =
        ("{'version':'1.0','securityCounter':1,'hardware':[{'id':'gw','revisions':['a']}],"
                + "'format':'opaque','payload':'#','manifestKeys':['k'],'profile':'#'}")
            .replace('\'', '"')
            .replace("#", "0".repeat(64));
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      String id = UUID.randomUUID().toString();
      jdbc.sql(
              "insert into signing_request (id, product, version, requester, state, spec, reasons,"
                  + " attempts, created, changed, revision) values (?, ?, '1.0.0+0',"
                  + " 'user:somebody', ?, ?, '[]', 0, ?, current_timestamp, 0)")
          // Two in each second, so that the time alone settles no order.
          .params(UUID.fromString(id), story.product, state, spec, BEGUN.plusSeconds(i / 2))
          .update();
      ids.add(id);
    }
    return ids;
  }

  private void remove() {
    jdbc.sql("delete from signing_request where product = ?").param(story.product).update();
  }

  @Test
  void everyRequestIsOnOnePageTheNewestFirst() {
    List<String> ids = insert(5, "AWAITING_APPROVAL");
    List<String> found = all(story.base + "/requests", "id");
    remove();
    assertThat(found).containsExactlyInAnyOrderElementsOf(ids).startsWith(ids.get(4));
    assertThat(found.subList(3, 5)).containsExactlyInAnyOrder(ids.get(0), ids.get(1));
  }

  @Test
  void whatIsAskedForMeanwhileDoesNotShiftThePages() {
    List<String> ids = insert(4, "AWAITING_APPROVAL");
    Answer first = admin.get(story.base + "/requests?limit=2").expect(200);
    List<String> later = insert(6, "REFUSED").subList(4, 6);
    Answer second = admin.get(story.base + "/requests?limit=500&from=" + first.string("next"));
    remove();
    assertThat(second.expect(200).texts("id"))
        .contains(ids.get(0), ids.get(1))
        .doesNotContainAnyElementsOf(first.texts("id"))
        .doesNotContainAnyElementsOf(later);
  }

  @Test
  void requestsAreListedByTheirState() {
    List<String> waiting = insert(3, "AWAITING_APPROVAL");
    List<String> failed = insert(1, "FAILED");
    List<String> found = all(story.base + "/requests?state=awaiting-approval", "id");
    List<String> ended = all(story.base + "/requests?state=failed", "id");
    remove();
    assertThat(found).containsExactlyInAnyOrderElementsOf(waiting);
    assertThat(ended).isEqualTo(failed);
  }

  @Test
  void waitingRequestsOfAllProductsAreListedTheOldestFirst() {
    List<String> waiting = insert(5, "AWAITING_APPROVAL");
    List<String> failed = insert(2, "FAILED");
    Admin approver = admin.newUser(port, "pg-appr-" + count, "approver@" + story.product);
    List<String> found = all("/api/v1/requests", "id");
    Answer theirs = approver.get("/api/v1/requests?limit=3").expect(200);
    Answer rest = approver.get("/api/v1/requests?from=" + theirs.string("next")).expect(200);
    Answer ended = approver.get("/api/v1/requests?state=failed").expect(200);
    remove();
    assertThat(found).containsAll(waiting).doesNotHaveDuplicates();
    List<String> own = new ArrayList<>(theirs.texts("id"));
    own.addAll(rest.texts("id"));
    assertThat(own).containsExactlyInAnyOrderElementsOf(waiting).endsWith(waiting.get(4));
    assertThat(ended.texts("id")).containsExactlyInAnyOrderElementsOf(failed);
  }

  @Test
  void pageOfAnotherProductsRequestIsRefused() {
    String theirs = insert(1, "AWAITING_APPROVAL").get(0);
    Story other = new Story(admin, "pgx" + count);
    Admin approver = admin.newUser(port, "pgx-appr-" + count, "approver@" + other.product);
    Answer inProduct = admin.get(other.base + "/requests?from=" + theirs);
    Answer everywhere = approver.get("/api/v1/requests?from=" + theirs);
    remove();
    inProduct.expectProblem(400, "bad-request");
    everywhere.expectProblem(400, "bad-request");
  }

  @Test
  void buildsAreListedByVersionTheNewestFirst() {
    String profile = story.legacyProfile(8443);
    List<String> made = new ArrayList<>();
    for (String version : VERSIONS) {
      story.build(version, profile, "image", "manifest");
      made.add(version + ".0+0");
    }
    assertThat(all(story.base + "/builds", "version"))
        .isEqualTo(made.stream().sorted(Comparator.comparing(made::indexOf).reversed()).toList());
    assertThat(admin.get(story.base + "/builds?from=34.11").expect(200).texts("version"))
        .containsExactly("34.10.0+0", "34.9.0+0");
    admin.get(story.base + "/builds?from=newest").expectProblem(400, "bad-request");
  }

  @Test
  void everyDeviceIsOnOnePage() {
    story.build("34.11", story.legacyProfile(8443), "image", "manifest");
    List<String> ids = IntStream.range(0, 5).mapToObj(i -> "device-" + i).toList();
    ids.forEach(id -> story.device(id, "34.11"));
    assertThat(all(story.base + "/devices", "deviceId")).isEqualTo(ids);
  }

  @Test
  void everyReleaseIsOnOnePage() {
    int dialled =
        FleetFixture.listener(
            admin,
            "pages-device",
            "device",
            "'versions':['TLSv1.2'],'suites':['" + Story.CBC + "'],'serverKey':'rsa-2048'");
    String profile = story.legacyProfile(dialled);
    for (String version : VERSIONS.subList(0, 3)) {
      story.build(version, profile, "image", "manifest");
      story.release(version, false).expect(201);
    }
    assertThat(all(story.base + "/releases", "version"))
        .containsExactlyInAnyOrder("34.9.0+0", "34.10.0+0", "34.12.0+0");
    admin.get(story.base + "/releases?from=" + UUID.randomUUID()).expectProblem(400, "bad-request");
  }

  @Test
  void pagesHaveALimit() {
    for (String list : List.of("/requests", "/builds", "/devices", "/releases")) {
      for (String limit : List.of("0", "-1", "501", "9999999999", "many")) {
        admin.get(story.base + list + "?limit=" + limit).expectProblem(400, "bad-request");
      }
      admin.get(story.base + list + "?limit=500").expect(200);
    }
    admin.get("/api/v1/requests?limit=501").expectProblem(400, "bad-request");
  }

  @Test
  void aStateThatRequestsDoNotHaveIsRefused() {
    admin.get(story.base + "/requests?state=lost").expectProblem(400, "bad-request");
    admin.get(story.base + "/requests?from=first").expectProblem(400, "bad-request");
  }
}
