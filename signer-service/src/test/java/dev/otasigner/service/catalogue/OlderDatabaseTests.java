package dev.otasigner.service.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.OnBothDatabases;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.service.fleet.FleetFixture;
import dev.otasigner.verifier.catalogue.Head;
import java.nio.file.Path;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;

/** A database of before a decision, beside the files of after it. */
@OnBothDatabases
@ServiceTest
class OlderDatabaseTests {
  private static final OffsetDateTime BEFORE =
      OffsetDateTime.of(2020, 1, 1, 0, 0, 0, 0, ZoneOffset.UTC);

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private Catalogue catalogue;
  @Autowired private JdbcClient jdbc;
  @TempDir private Path directory;

  private static Admin admin = Admin.anonymous(0);
  private static int count;
  private static int dialled;
  private static boolean signedIn;

  @SuppressWarnings("NullAway.Init") // by aRelease()
  private Story story;

  /** 34.11, which device d1 runs, and 34.12, which it is offered. */
  @BeforeEach
  void aRelease() {
    if (!signedIn) {
      admin = Admin.withEveryRole(port, printed.password());
      signedIn = true;
      dialled =
          FleetFixture.listener(
              admin,
              "older-device",
              "device",
              "'versions':['TLSv1.2'],'suites':['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256'],"
                  + "'serverKey':'rsa-2048'");
    }
    story = new Story(admin, "older" + ++count);
    String profile = story.legacyProfile(dialled);
    story.build("34.11", profile, "image", "manifest");
    story.device("d1", "34.11");
    story.build("34.12", profile, "image", "manifest");
    admin
        .post(
            story.base + "/releases",
            "{'channel':'stable','hardware':'gw','version':'34.12','sharePerMille':500}")
        .expect(201);
  }

  private Answer step(String step) {
    return admin.post(story.base + "/releases/stable/gw/34.12/" + step, "{}").expect(200);
  }

  private String state() {
    return admin.get(story.base + "/releases/stable/gw/34.12").expect(200).string("state");
  }

  /** The release as it was in the backup; it knows none of the later numbers. */
  private void restore(int sharePerMille, OffsetDateTime changed) {
    jdbc.sql(
            "update catalogue_release set state = 'PUBLISHED', share_per_mille = ?, changed = ?,"
                + " offered_until = null, listed_until = null where product = ?")
        .params(sharePerMille, changed, story.product)
        .update();
    forgetNumbers();
  }

  private void forgetNumbers() {
    jdbc.sql("update catalogue_version set version = 0 where product = ?")
        .params(story.product)
        .update();
  }

  private List<Head.Candidate> candidates() throws Exception {
    return new HttpCatalogue(port, story.product, "main", false, directory.resolve("main"))
        .head(Instant.now())
        .candidates();
  }

  @Test
  void whatWasWithdrawnIsNotOfferedAgain() throws Exception {
    step("withdraw");
    restore(500, BEFORE);
    catalogue.renew();
    assertThat(candidates()).isEmpty();
    assertThat(state()).isEqualTo("withdrawn");
    assertThat(admin.get(story.base + "/releases/stable/gw/34.12").text())
        .contains("the database is older than the catalogue");
  }

  @Test
  void whatWasPausedStaysPaused() throws Exception {
    step("pause");
    restore(500, BEFORE);
    catalogue.renew();
    assertThat(candidates()).singleElement().matches(c -> c.sharePerMille() == 0);
    assertThat(state()).isEqualTo("paused");
  }

  @Test
  void whatWasOfferedToFewerIsPaused() throws Exception {
    restore(900, BEFORE);
    catalogue.renew();
    assertThat(candidates()).singleElement().matches(c -> c.sharePerMille() == 0);
    assertThat(state()).isEqualTo("paused");
  }

  @Test
  void whatIsOfferedAsItWasGoesOn() throws Exception {
    restore(500, BEFORE);
    catalogue.renew();
    assertThat(candidates()).singleElement().matches(c -> c.sharePerMille() == 500);
    assertThat(state()).isEqualTo("published");
  }

  @Test
  void whoDecidesAnewIsFollowed() throws Exception {
    step("withdraw");
    restore(500, BEFORE);
    catalogue.renew();
    step("resume");
    catalogue.renew();
    assertThat(candidates()).singleElement().matches(c -> c.sharePerMille() == 500);
    assertThat(state()).isEqualTo("published");
  }

  /** Decided while the disk was away, as the first thing after the start. */
  @Test
  void whatWasDecidedSinceTheStartStands() throws Exception {
    step("withdraw");
    restore(500, OffsetDateTime.now(ZoneOffset.UTC));
    catalogue.renew();
    assertThat(candidates()).singleElement().matches(c -> c.sharePerMille() == 500);
  }

  @Test
  void databaseThatKnowsTheNumbersIsBelieved() throws Exception {
    step("withdraw");
    jdbc.sql("update catalogue_release set state = 'PUBLISHED', changed = ? where product = ?")
        .params(BEFORE, story.product)
        .update();
    catalogue.renew();
    assertThat(candidates()).hasSize(1);
  }
}
